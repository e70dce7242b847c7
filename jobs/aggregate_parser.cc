#include "jobs/aggregate_parser.h"

#include <pg_query.h>
#include <simdjson.h>

#include <algorithm>
#include <array>
#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The parser takes statements, so the text becomes one.
constexpr std::string_view kBefore = "SELECT ";

constexpr std::array<AggregateKind, 9> kKinds = {
    AggregateKind::kCount, AggregateKind::kSum,     AggregateKind::kMin,
    AggregateKind::kMax,   AggregateKind::kAvg,     AggregateKind::kFirst,
    AggregateKind::kLast,  AggregateKind::kCollect, AggregateKind::kCountDistinct,
};

// The parser cuts longer names without an error.
constexpr size_t kCutNameBytes = 63;

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

struct FreeResult {
  void operator()(PgQueryParseResult* result) const {
    pg_query_free_parse_result(*result);
    delete result;
  }
};

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

// The object under `key`, where `parent` has one.
std::optional<object> Child(const object& parent, std::string_view key) {
  object child;
  if (parent.at_key(key).get_object().get(child) != simdjson::SUCCESS) return std::nullopt;
  return child;
}
std::optional<array> Children(const object& parent, std::string_view key) {
  array children;
  if (parent.at_key(key).get_array().get(children) != simdjson::SUCCESS) return std::nullopt;
  return children;
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
  explicit Reader(std::string_view text) : text_(text) {}

  using Result = std::variant<ParsedAggregate, AggregateMistake>;

  Result ReadStatements(const object& tree) const {
    const auto statement = OnlyObject(Children(tree, "stmts"));
    const auto body = statement ? Child(*statement, "stmt") : std::nullopt;
    const auto select = body ? Child(*body, "SelectStmt") : std::nullopt;
    if (!select) return Mistake(kExpected);
    for (const auto& [key, value] : *select) {
      if (key != "targetList" && key != "limitOption" && key != "op") return Mistake(kExpected);
    }
    const auto target = OnlyObject(Children(*select, "targetList"));
    const auto result = target ? Child(*target, "ResTarget") : std::nullopt;
    if (!result) return Mistake(kExpected);
    if (result->at_key("name").error() == simdjson::SUCCESS) {
      return Mistake("the result's name goes before the ':', and 'AS' is not needed");
    }
    const auto value = Child(*result, "val");
    if (!value) return Mistake(kExpected);
    if (const auto column = Child(*value, "ColumnRef")) return ReadBareName(*column);
    const auto call = Child(*value, "FuncCall");
    if (!call) return Mistake(kExpected, At(*result));
    return ReadCall(*call);
  }

 private:
  static AggregateMistake Mistake(std::string_view what, size_t at = 0) {
    return {.what = std::string(what), .at = at};
  }

  // Of a node, in bytes of the text.
  size_t At(const object& node) const {
    int64_t location = 0;
    if (node.at_key("location").get(location) != simdjson::SUCCESS) return 0;
    const auto before = static_cast<int64_t>(kBefore.size());
    return std::min(static_cast<size_t>(std::max<int64_t>(location - before, 0)), text_.size());
  }

  // "count" alone is SQL's name of a column.
  Result ReadBareName(const object& column) const {
    const std::optional<std::string> name = PathOf(column);
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
    const auto names = Children(call, "funcname");
    const auto name = NameIn(OnlyObject(names));
    if (!name) return Mistake(kExpected, at);
    auto kind = KindOf(*name);
    if (!kind) return Unknown(*name, at);
    const auto has = [&](std::string_view key) {
      return call.at_key(key).error() == simdjson::SUCCESS;
    };
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
    return ReadField(*kind, *name, Children(call, "args"), at);
  }

  Result ReadField(AggregateKind kind, std::string_view name, const std::optional<array>& arguments,
                   size_t at) const {
    if (!arguments || arguments->size() == 0) {
      if (kind == AggregateKind::kCount) return ParsedAggregate();  // count()
      return Mistake(Cat(name, " needs a field, as in ", name, "(FIELD)"), at);
    }
    const auto argument = OnlyObject(arguments);
    if (!argument) return Mistake(Cat(name, " takes one field"), at);
    const auto column = Child(*argument, "ColumnRef");
    const auto path = column ? PathOf(*column) : std::nullopt;
    if (!path) {
      return Mistake(Cat(name,
                         " takes the name of a field; one that is a keyword of SQL is written in "
                         "double quotes, as in ",
                         name, "(\"user\")"),
                     at);
    }
    if (HasCutName(*column)) {
      return Mistake(Cat("a name in an aggregate has less than ", kCutNameBytes, " bytes"),
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

  static std::optional<std::string> NameIn(const std::optional<object>& node) {
    const auto text = node ? Child(*node, "String") : std::nullopt;
    std::string_view name;
    if (!text || text->at_key("sval").get(name) != simdjson::SUCCESS) return std::nullopt;
    return std::string(name);
  }

  // Whether a part of the column's name may have been cut.
  static bool HasCutName(const object& column) {
    const auto fields = Children(column, "fields");
    if (!fields) return false;
    return std::any_of(fields->begin(), fields->end(), [](const element part) {
      object node;
      if (part.get_object().get(node) != simdjson::SUCCESS) return false;
      const auto name = NameIn(node);
      return name && name->size() >= kCutNameBytes;
    });
  }

  // The column's name with its dots; nothing for "a.*".
  std::optional<std::string> PathOf(const object& column) const {
    const auto fields = Children(column, "fields");
    if (!fields) return std::nullopt;
    std::string path;
    size_t at = At(column);
    for (const element part : *fields) {
      object node;
      if (part.get_object().get(node) != simdjson::SUCCESS) return std::nullopt;
      const auto name = NameIn(node);
      if (!name) return std::nullopt;
      path += Cat(path.empty() ? "" : ".", AsWritten(*name, at));
    }
    return path;
  }

  // `folded` with the letters that the text has at `at`, which then stands behind it and the dot
  // that may follow.
  std::string AsWritten(const std::string& folded, size_t& at) const {
    const std::string written(text_.substr(at, folded.size()));
    if (absl::AsciiStrToLower(written) != folded) {  // in quotes, which SQL takes to the letter
      at = std::min(text_.find('"', at + 1), text_.size());
    } else {
      at += folded.size();
    }
    at = std::min(text_.find('.', at), text_.size() - 1) + 1;
    return absl::AsciiStrToLower(written) == folded ? written : folded;
  }

  const std::string_view text_;
};

}  // namespace

std::variant<ParsedAggregate, AggregateMistake> ParseAggregate(std::string_view text) {
  if (text.size() > kAggregateBytesMax) {
    return AggregateMistake{.what = Cat("longer than ", kAggregateBytesMax, " bytes"), .at = 0};
  }
  const std::string statement = Cat(kBefore, text);
  const std::unique_ptr<PgQueryParseResult, FreeResult> result(
      new PgQueryParseResult(pg_query_parse(statement.c_str())));
  if (result->error != nullptr) {
    const int position = std::max(result->error->cursorpos - 1, 0);  // in characters, from 1
    const size_t at = static_cast<size_t>(position) - std::min<size_t>(position, kBefore.size());
    return AggregateMistake{.what = Cat("not an aggregate like max(mag): ", result->error->message),
                            .at = std::min(at, text.size())};
  }
  simdjson::dom::parser parser;
  object tree;
  const std::string_view json = result->parse_tree;
  if (parser.parse(json.data(), json.size()).get_object().get(tree) != simdjson::SUCCESS) {
    return AggregateMistake{.what = std::string(kExpected), .at = 0};
  }
  return Reader(text).ReadStatements(tree);
}

}  // namespace tidemark
