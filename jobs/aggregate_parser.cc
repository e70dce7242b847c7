#include "jobs/aggregate_parser.h"

#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/spelling.h"
#include "base/status.h"
#include "rows/expr/sql_tree.h"

namespace tidemark {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

constexpr std::array<AggregateKind, 9> kKinds = {
    AggregateKind::kCount, AggregateKind::kSum,     AggregateKind::kMin,
    AggregateKind::kMax,   AggregateKind::kAvg,     AggregateKind::kFirst,
    AggregateKind::kLast,  AggregateKind::kCollect, AggregateKind::kCountDistinct,
};

// What a call can have besides its name and its field, in the words of its message.
struct Extra {
  std::string_view key;
  std::string_view what;
};
constexpr std::array<Extra, 6> kExtras = {{
    {"over", "an OVER clause"},
    {"agg_filter", "a FILTER clause"},
    {"agg_order", "an ORDER BY"},
    {"agg_within_group", "a WITHIN GROUP clause"},
    {"func_variadic", "the word VARIADIC"},
    {"agg_distinct", "the word DISTINCT"},
}};

constexpr std::string_view kExpected =
    "an aggregate is one call over one field, like max(mag), or count";

std::vector<std::string_view> KindNames() {
  std::vector<std::string_view> names;
  for (const AggregateKind kind : kKinds) names.push_back(NameOf(kind));
  return names;
}

std::optional<AggregateKind> KindOf(std::string_view name) {
  for (const AggregateKind kind : kKinds) {
    if (NameOf(kind) == name) return kind;
  }
  return std::nullopt;
}

std::optional<object> OnlyObject(const std::optional<array>& of) {
  object only;
  if (!of.has_value() || of->size() != 1) return std::nullopt;
  if (of->at(0).get_object().get(only) != simdjson::SUCCESS) return std::nullopt;
  return only;
}

// Reads the tree of one expression.
class Reader {
 public:
  explicit Reader(const SqlTree& tree) : tree_(tree) {}

  using Result = std::variant<ParsedAggregate, AggregateMistake>;

  Result Read() const {
    if (const auto column = SqlChild(tree_.value(), "ColumnRef")) return ReadBareName(*column);
    const auto call = SqlChild(tree_.value(), "FuncCall");
    if (!call) return Mistake(kExpected, tree_.at());
    return ReadCall(*call);
  }

 private:
  static AggregateMistake Mistake(std::string_view what, size_t at = 0) {
    return {.what = std::string(what), .at = at};
  }
  size_t At(const object& node) const { return tree_.At(node); }

  // "count" alone is SQL's name of a column.
  Result ReadBareName(const object& column) const {
    const std::optional<std::string> name = tree_.PathOf(column);
    if (!name) return Mistake(kExpected, At(column));
    const auto kind = KindOf(absl::AsciiStrToLower(*name));
    if (kind == AggregateKind::kCount) return ParsedAggregate();
    if (kind)
      return Mistake(Cat(NameOf(*kind), " needs a field, as in ", NameOf(*kind), "(FIELD)"));
    return Mistake(Cat("'", *name, "' is a field alone; say what to make of it, as in max(", *name,
                       "), or count"),
                   At(column));
  }

  Result ReadCall(const object& call) const {
    const size_t at = At(call);
    const auto names = SqlChildren(call, "funcname");
    const auto name = names && names->size() == 1 ? SqlName(names->at(0)) : std::nullopt;
    if (!name) return Mistake(kExpected, at);
    auto kind = KindOf(*name);
    if (!kind) return Unknown(*name, at);
    const auto has = [&](std::string_view key) { return SqlHas(call, key); };
    const bool distinct = kind == AggregateKind::kCount && has("agg_distinct");
    for (const Extra& extra : kExtras) {
      if (!has(extra.key) || (distinct && extra.key == "agg_distinct")) continue;
      return Mistake(Cat(*name, " cannot have ", extra.what, " here"), at);
    }
    if (has("agg_star")) {
      if (kind == AggregateKind::kCount) return ParsedAggregate();
      return Mistake(Cat(*name, " needs a field, as in ", *name, "(FIELD)"), at);
    }
    if (distinct) kind = AggregateKind::kCountDistinct;
    return ReadField(*kind, *name, SqlChildren(call, "args"), at);
  }

  Result ReadField(AggregateKind kind, std::string_view name, const std::optional<array>& arguments,
                   size_t at) const {
    if (!arguments || arguments->size() == 0) {
      if (kind == AggregateKind::kCount) return ParsedAggregate();  // count()
      return Mistake(Cat(name, " needs a field, as in ", name, "(FIELD)"), at);
    }
    const auto argument = OnlyObject(arguments);
    if (!argument) return Mistake(Cat(name, " takes one field"), at);
    const auto column = SqlChild(*argument, "ColumnRef");
    const auto path = column ? tree_.PathOf(*column) : std::nullopt;
    if (!path) {
      return Mistake(Cat(name,
                         " takes the name of a field; one that is a keyword of SQL is written in "
                         "double quotes, as in ",
                         name, "(\"user\")"),
                     at);
    }
    if (SqlTree::HasCutName(*column)) {
      return Mistake(Cat("a name in an aggregate has less than ", SqlTree::kCutNameBytes, " bytes"),
                     At(*column));
    }
    return ParsedAggregate{.kind = kind, .field = *path, .field_at = At(*column)};
  }

  Result Unknown(const std::string& name, size_t at) const {
    const std::vector<std::string_view> names = KindNames();
    if (const auto meant = ClosestWord(name, names)) {
      return Mistake(Cat("unknown aggregate '", name, "'; did you mean '", *meant, "'?"), at);
    }
    return Mistake(Cat("unknown aggregate '", name, "'; there are: ", ListOf(names)), at);
  }

  const SqlTree& tree_;
};

AggregateMistake InWordsOfAggregates(const SqlMistake& mistake) {
  switch (mistake.kind) {
    case SqlMistake::Kind::kSyntax:
      return {.what = Cat("not an aggregate like max(mag): ", mistake.what), .at = mistake.at};
    case SqlMistake::Kind::kNotOneExpression:
      return {.what = std::string(kExpected), .at = 0};
    case SqlMistake::Kind::kNamed:
      return {.what = "the result's name goes before the ':', and 'AS' is not needed", .at = 0};
    case SqlMistake::Kind::kOther:
      break;
  }
  return {.what = mistake.what, .at = mistake.at};
}

}  // namespace

std::variant<ParsedAggregate, AggregateMistake> ParseAggregate(std::string_view text) {
  if (text.size() > kAggregateBytesMax) {
    return AggregateMistake{.what = Cat("longer than ", kAggregateBytesMax, " bytes"), .at = 0};
  }
  const auto parsed = SqlTree::Parse(text);
  if (const auto* mistake = std::get_if<SqlMistake>(&parsed)) return InWordsOfAggregates(*mistake);
  return Reader(std::get<SqlTree>(parsed)).Read();
}

}  // namespace tidemark
