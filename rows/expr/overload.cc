#include "rows/expr/overload.h"

#include <algorithm>
#include <array>

#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
namespace {

// The letters for `count` arguments, whatever their types are.
std::optional<std::string> LettersForCount(std::string_view params, size_t count) {
  std::string letters;
  for (size_t i = 0; i < params.size(); ++i) {
    if (params[i] != '*') {
      letters += params[i];
      continue;
    }
    while (letters.size() < count) letters += params[i - 1];
  }
  if (letters.size() != count) return std::nullopt;
  return letters;
}

bool Takes(char letter, const ArgumentType& arg) {
  if (letter == 'x') return true;
  if (letter == 'I') return arg.type == Type::kInt64;
  if (arg.type == Type::kNull) return true;
  if (letter == 'J') return arg.type == Type::kAny;
  if (letter == 'T') return arg.type == Type::kText || arg.type == Type::kAny;
  if (arg.type == Type::kAny || arg.is_literal) return true;
  if (letter == 'n' || letter == 'd') {
    return arg.type == Type::kInt64 || arg.type == Type::kDouble;
  }
  return arg.type == TypeOfLetter(letter);
}

constexpr std::array<std::string_view, 7> kAggregates = {"count", "sum",   "min",    "max",
                                                         "avg",   "first", "collect"};
constexpr std::array<std::string_view, 4> kVarying = {"now", "clock_timestamp", "random",
                                                      "gen_random_uuid"};

bool IsAmong(std::string_view name, std::span<const std::string_view> names) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

Type TypeOfLetter(char letter) {
  switch (letter) {
    case 'b':
      return Type::kBool;
    case 'i':
      return Type::kInt64;
    case 'd':
      return Type::kDouble;
    case 't':
      return Type::kText;
    case 's':
      return Type::kTimestamp;
    case 'v':
      return Type::kInterval;
    default:
      return Type::kAny;
  }
}

std::optional<std::string> LettersFor(std::string_view params, std::span<const ArgumentType> args) {
  const auto letters = LettersForCount(params, args.size());
  if (!letters) return std::nullopt;
  for (size_t i = 0; i < args.size(); ++i) {
    if (!Takes((*letters)[i], args[i])) return std::nullopt;
  }
  return letters;
}

std::string UnknownFunction(std::string_view name) {
  if (IsAmong(name, kAggregates)) {
    return Cat(name, " is an aggregate, which belongs to a window, after 'aggregate:'");
  }
  if (IsAmong(name, kVarying)) {
    return Cat(name, " is not supported: a result must not depend on when it is computed");
  }
  if (name.starts_with("regexp_")) {
    return "regular expressions are not supported yet; use like, ilike, starts_with or split_part";
  }
  if (name.find_first_of("abcdefghijklmnopqrstuvwxyz") == std::string_view::npos) {
    return Cat("unknown operator ", name);
  }
  const std::vector<std::string_view> names = FunctionNames();
  if (const auto meant = ClosestWord(name, names)) {
    return Cat("unknown function '", name, "'; did you mean '", *meant, "'?");
  }
  return Cat("unknown function '", name, "'; docs/expressions.md lists all functions");
}

std::string NoOverload(std::string_view name, const std::vector<const Function*>& overloads,
                       std::span<const ArgumentType> args) {
  const bool count_fits =
      std::any_of(overloads.begin(), overloads.end(), [&](const Function* function) {
        return LettersForCount(function->params, args.size()).has_value();
      });
  if (!count_fits) {
    return Cat(name, " does not take ", args.size(), args.size() == 1 ? " argument" : " arguments");
  }
  std::string types;
  for (const ArgumentType& arg : args) {
    types += Cat(types.empty() ? "" : args.size() == 2 ? " and " : ", ", NameOf(arg.type));
  }
  return Cat(name, " does not take ", types);
}

}  // namespace tidemark
