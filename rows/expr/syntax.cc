#include "rows/expr/syntax.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <utility>

#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

struct TypeName {
  std::string_view name;  // as the parser has it, or as the text
  Type type;
};
constexpr std::array<TypeName, 13> kTypes = {{
    {"int4", Type::kInt64},
    {"int8", Type::kInt64},
    {"float8", Type::kDouble},
    {"float4", Type::kDouble},
    {"bool", Type::kBool},
    {"text", Type::kText},
    {"varchar", Type::kText},
    {"timestamp", Type::kTimestamp},
    {"timestamptz", Type::kTimestamp},
    {"interval", Type::kInterval},
    {"json", Type::kJson},
    {"jsonb", Type::kJson},
    {"boolean", Type::kBool},
}};

struct Refused {
  std::string_view node;
  std::string_view what;
};
constexpr std::array<Refused, 12> kRefused = {{
    {"SubLink", "a subquery"},
    {"A_Indirection", "an element of an array, or a field of an expression (use ->)"},
    {"A_ArrayExpr", "an array"},
    {"RowExpr", "a row of several values"},
    {"ParamRef", "a parameter"},
    {"CollateClause", "COLLATE"},
    {"SQLValueFunction",
     "the present time or user: a result must not depend on when it is computed"},
    {"GroupingFunc", "GROUPING"},
    {"XmlExpr", "XML"},
    {"NamedArgExpr", "an argument with a name"},
    {"SetToDefault", "DEFAULT"},
    {"List", "a list of values in this place"},
}};

// An operator's or function's own clauses, which only aggregates and windows have.
constexpr std::array<Refused, 6> kClauses = {{
    {"over", "an OVER clause"},
    {"agg_filter", "a FILTER clause"},
    {"agg_order", "an ORDER BY"},
    {"agg_distinct", "DISTINCT"},
    {"agg_within_group", "a WITHIN GROUP clause"},
    {"func_variadic", "VARIADIC"},
}};

// Reads the nodes of a tree. The first mistake ends it: a half-read tree has no meaning.
class SyntaxReader {
 public:
  explicit SyntaxReader(const SqlTree& tree) : tree_(tree) {}

  std::optional<SqlMistake> mistake() const { return mistake_; }

  // `at`: the place of the node around it, for nodes without one.
  Syntax Read(const object& outer, size_t at) {
    if (mistake_) return {};
    if (++depth_ > kSyntaxDepthMax) return Fail("nested too deeply", at);
    // CASE x WHEN … reads x for each WHEN, so a short text could become a large tree.
    if (++nodes_ > kSyntaxNodesMax) return Fail("too large", at);
    Syntax read;
    for (const auto& [kind, value] : outer) {  // which has one member
      object node;
      if (value.get_object().get(node) != simdjson::SUCCESS) continue;
      read = ReadKind(kind, node, tree_.At(node, at));
    }
    --depth_;
    return read;
  }

 private:
  Syntax Fail(std::string_view what, size_t at) {
    if (!mistake_) mistake_ = SqlMistake{.what = std::string(what), .at = at};
    return {};
  }

  Syntax ReadKind(std::string_view kind, const object& node, size_t at) {
    if (kind == "ColumnRef") return ReadField(node, at);
    if (kind == "A_Const") return ReadConstant(node, at);
    if (kind == "A_Expr") return ReadOperator(node, at);
    if (kind == "BoolExpr") return ReadBoolean(node, at);
    if (kind == "FuncCall") return ReadFunction(node, at);
    if (kind == "TypeCast") return ReadCast(node, at);
    if (kind == "CaseExpr") return ReadCase(node, at);
    if (kind == "CoalesceExpr") return Call("coalesce", Arguments(node, "args", at), at);
    if (kind == "MinMaxExpr") {
      const bool greatest = SqlText(node, "op") == "IS_GREATEST";
      return Call(greatest ? "greatest" : "least", Arguments(node, "args", at), at);
    }
    if (kind == "NullTest") {
      const bool negated = SqlText(node, "nulltesttype") == "IS_NOT_NULL";
      return Call(negated ? "is not null" : "is null", {Argument(node, "arg", at)}, at);
    }
    if (kind == "BooleanTest") return ReadTruthTest(node, at);
    for (const Refused& refused : kRefused) {
      if (kind == refused.node) return Fail(Cat("an expression cannot have ", refused.what), at);
    }
    return Fail("an expression cannot have this", at);
  }

  static Syntax Call(std::string_view name, std::vector<Syntax> args, size_t at) {
    return {
        .kind = Syntax::Kind::kCall, .name = std::string(name), .args = std::move(args), .at = at};
  }
  static Syntax Not(Syntax of) {
    const size_t at = of.at;
    std::vector<Syntax> args;
    args.push_back(std::move(of));
    return Call("not", std::move(args), at);
  }

  Syntax Argument(const object& node, std::string_view key, size_t at) {
    const auto child = SqlChild(node, key);
    return child ? Read(*child, at) : Fail("an operand is missing", at);
  }
  std::vector<Syntax> ReadAll(const array& nodes, size_t at) {
    std::vector<Syntax> all;
    for (const element part : nodes) {
      object node;
      if (part.get_object().get(node) == simdjson::SUCCESS) all.push_back(Read(node, at));
    }
    return all;
  }
  std::vector<Syntax> Arguments(const object& node, std::string_view key, size_t at) {
    const auto nodes = SqlChildren(node, key);
    return nodes ? ReadAll(*nodes, at) : std::vector<Syntax>();
  }

  Syntax ReadField(const object& node, size_t at) {
    const auto path = tree_.PathOf(node);
    if (!path) return Fail("'*' is not a value", at);
    if (SqlTree::HasCutName(node)) {
      return Fail(Cat("a name in an expression has less than ", SqlTree::kCutNameBytes, " bytes"),
                  at);
    }
    return {.kind = Syntax::Kind::kField, .name = *path, .at = at};
  }

  Syntax ReadConstant(const object& node, size_t at) {
    if (SqlHas(node, "isnull")) return {.kind = Syntax::Kind::kNull, .at = at};
    if (const auto truth = SqlChild(node, "boolval")) {
      return {.kind = Syntax::Kind::kBool, .truth = SqlHas(*truth, "boolval"), .at = at};
    }
    if (const auto text = SqlChild(node, "sval")) {
      return {.kind = Syntax::Kind::kText, .text = std::string(SqlText(*text, "sval")), .at = at};
    }
    if (const auto number = SqlChild(node, "fval")) {
      return Number(std::string(SqlText(*number, "fval")), at);
    }
    const auto whole = SqlChild(node, "ival");
    if (!whole) return Fail("an expression cannot have a string of bits", at);
    int64_t value = 0;
    if (whole->at_key("ival").get(value) == simdjson::SUCCESS) {
      return Number(Cat(value), at);
    }
    return ReadLostNumber(at);
  }

  // The JSON of libpg_query leaves out integers that are zero, and those that are negative as well.
  // The text has them: a sign, perhaps blanks and parentheses, and digits.
  Syntax ReadLostNumber(size_t at) {
    const std::string& text = tree_.text();
    const size_t digits = std::min(text.find_first_not_of("-( \t\r\n", at), text.size());
    const size_t end = std::min(text.find_first_not_of("0123456789", digits), text.size());
    if (digits == end) return Fail("write the digits of a number directly after its sign", at);
    const std::string number = text.substr(digits, end - digits);
    const bool is_zero = number.find_first_not_of('0') == std::string::npos;
    return Number(is_zero ? "0" : Cat("-", number), at);
  }

  static Syntax Number(std::string digits, size_t at) {
    return {.kind = Syntax::Kind::kNumber, .text = std::move(digits), .at = at};
  }

  Syntax ReadOperator(const object& node, size_t at) {
    const std::string_view kind = SqlText(node, "kind");
    const auto names = SqlChildren(node, "name");
    const auto name = names && names->size() == 1 ? SqlName(names->at(0)) : std::nullopt;
    if (!name) return Fail("an operator has a name without a schema", at);
    if (kind == "AEXPR_OP") return ReadPlainOperator(node, *name, at);
    if (kind == "AEXPR_DISTINCT") return Binary("is distinct from", node, at);
    if (kind == "AEXPR_NOT_DISTINCT") return Not(Binary("is distinct from", node, at));
    if (kind == "AEXPR_NULLIF") return Binary("nullif", node, at);
    if (kind == "AEXPR_LIKE" || kind == "AEXPR_ILIKE") return ReadLike(node, *name, at);
    if (kind == "AEXPR_IN" || kind == "AEXPR_BETWEEN" || kind == "AEXPR_NOT_BETWEEN") {
      std::vector<Syntax> args = {Argument(node, "lexpr", at)};
      const auto list = SqlChild(node, "rexpr");
      const auto items = list ? SqlChild(*list, "List") : std::nullopt;
      std::vector<Syntax> rest = items ? Arguments(*items, "items", at) : std::vector<Syntax>();
      std::move(rest.begin(), rest.end(), std::back_inserter(args));
      const bool in = kind == "AEXPR_IN";
      const bool negated = in ? *name == "<>" : kind == "AEXPR_NOT_BETWEEN";
      Syntax call = Call(in ? "in" : "between", std::move(args), at);
      return negated ? Not(std::move(call)) : std::move(call);
    }
    if (kind == "AEXPR_OP_ANY" || kind == "AEXPR_OP_ALL") {
      return Fail("an expression cannot have ANY or ALL; use IN", at);
    }
    if (kind == "AEXPR_SIMILAR") return Fail(kNoPatterns, at);
    return Fail("an expression cannot have BETWEEN SYMMETRIC", at);
  }

  Syntax Binary(std::string_view name, const object& node, size_t at) {
    std::vector<Syntax> args;
    args.push_back(Argument(node, "lexpr", at));
    args.push_back(Argument(node, "rexpr", at));
    return Call(name, std::move(args), at);
  }

  Syntax ReadPlainOperator(const object& node, const std::string& name, size_t at) {
    for (const std::string_view pattern : {"~", "~*", "!~", "!~*"}) {
      if (name == pattern) return Fail(kNoPatterns, at);
    }
    if (SqlHas(node, "lexpr")) return Binary(name, node, at);
    std::vector<Syntax> args = {Argument(node, "rexpr", at)};
    return Call(name == "-" ? "negate" : name == "+" ? "plus" : name, std::move(args), at);
  }

  // LIKE with an ESCAPE has its pattern in a call of like_escape.
  Syntax ReadLike(const object& node, const std::string& name, size_t at) {
    Syntax call = Binary(name.ends_with('*') ? "ilike" : "like", node, at);
    if (mistake_) return {};
    Syntax& pattern = call.args[1];
    if (pattern.kind == Syntax::Kind::kCall && pattern.name == "like_escape") {
      std::vector<Syntax> parts = std::move(pattern.args);
      if (parts.size() == 2) {
        call.args[1] = std::move(parts[0]);
        call.args.push_back(std::move(parts[1]));
      }
    }
    return name.starts_with('!') ? Not(std::move(call)) : std::move(call);
  }

  Syntax ReadBoolean(const object& node, size_t at) {
    const std::string_view op = SqlText(node, "boolop");
    std::vector<Syntax> args = Arguments(node, "args", at);
    return Call(op == "AND_EXPR" ? "and" : op == "OR_EXPR" ? "or" : "not", std::move(args), at);
  }

  Syntax ReadTruthTest(const object& node, size_t at) {
    const std::string_view test = SqlText(node, "booltesttype");
    const bool negated = test.starts_with("IS_NOT_");
    const std::string_view word = test.substr(negated ? 7 : 3);
    const std::string_view name = word == "TRUE"    ? "is true"
                                  : word == "FALSE" ? "is false"
                                                    : "is unknown";
    Syntax call = Call(name, {Argument(node, "arg", at)}, at);
    return negated ? Not(std::move(call)) : std::move(call);
  }

  Syntax ReadFunction(const object& node, size_t at) {
    for (const Refused& clause : kClauses) {
      if (SqlHas(node, clause.node)) {
        return Fail(Cat("an expression cannot have ", clause.what,
                        "; aggregates belong to a window, after 'aggregate:'"),
                    at);
      }
    }
    const auto names = SqlChildren(node, "funcname");
    const bool is_built_in = names && names->size() == 2 && SqlName(names->at(0)) == "pg_catalog";
    const bool has_one = names && names->size() == 1;
    const auto name = is_built_in || has_one ? SqlName(names->at(names->size() - 1)) : std::nullopt;
    if (!name) return Fail("a function has a name without a schema", at);
    if (SqlHas(node, "agg_star")) {
      return Fail(Cat(*name, "(*) is an aggregate, which belongs to a window, after 'aggregate:'"),
                  at);
    }
    return Call(*name, Arguments(node, "args", at), at);
  }

  Syntax ReadCast(const object& node, size_t at) {
    const auto type = SqlChild(node, "typeName");
    if (!type) return Fail("a cast needs a type", at);
    const size_t type_at = tree_.At(*type, at);
    const auto names = SqlChildren(*type, "names");
    const auto name =
        names && names->size() > 0 ? SqlName(names->at(names->size() - 1)) : std::nullopt;
    if (!name || SqlHas(*type, "arrayBounds") || SqlHas(*type, "setof")) {
      return Fail("a cast to an array is not supported", type_at);
    }
    if (SqlHas(*type, "typmods")) {
      return Fail(Cat("a type has neither a length nor a field here; write ", *name,
                      *name == "interval" ? " '1 day'" : " alone"),
                  type_at);
    }
    const auto known = std::find_if(kTypes.begin(), kTypes.end(),
                                    [&](const TypeName& one) { return one.name == *name; });
    if (known == kTypes.end()) return UnknownType(*name, type_at);
    Syntax cast{.kind = Syntax::Kind::kCast, .type = known->type, .at = tree_.At(node, type_at)};
    cast.args.push_back(Argument(node, "arg", cast.at));
    return cast;
  }

  Syntax UnknownType(const std::string& name, size_t at) {
    if (name == "numeric") {
      return Fail("numeric is not supported; use double precision or bigint", at);
    }
    if (name == "date" || name == "time") {
      return Fail(Cat(name, " is not supported; use timestamp and date_trunc"), at);
    }
    constexpr std::array<std::string_view, 8> kNames = {
        "int", "bigint", "double precision", "text", "boolean", "timestamp", "interval", "json"};
    const auto meant = ClosestWord(name, kNames);
    return Fail(
        Cat("unknown type '", name, "'; ",
            meant ? Cat("did you mean '", *meant, "'?") : Cat("there are: ", ListOf(kNames))),
        at);
  }

  // Arguments: condition, result, condition, result, …, and the result of ELSE. CASE x WHEN y has
  // x = y as its condition.
  Syntax ReadCase(const object& node, size_t at) {
    std::vector<Syntax> args;
    const auto whens = SqlChildren(node, "args");
    if (!whens) return Fail("CASE needs WHEN", at);
    for (const element part : *whens) {
      object outer;
      const bool is_object = part.get_object().get(outer) == simdjson::SUCCESS;
      const auto when = is_object ? SqlChild(outer, "CaseWhen") : std::nullopt;
      if (!when) return Fail("CASE needs WHEN", at);
      const size_t when_at = tree_.At(*when, at);
      Syntax condition = Argument(*when, "expr", when_at);
      if (SqlHas(node, "arg")) {
        const size_t equals_at = condition.at;
        std::vector<Syntax> sides = {Argument(node, "arg", at)};
        sides.push_back(std::move(condition));
        condition = Call("=", std::move(sides), equals_at);
      }
      args.push_back(std::move(condition));
      args.push_back(Argument(*when, "result", when_at));
    }
    if (SqlHas(node, "defresult")) args.push_back(Argument(node, "defresult", at));
    return Call("case", std::move(args), at);
  }

  static constexpr std::string_view kNoPatterns =
      "regular expressions are not supported yet; use like, ilike, starts_with or split_part";

  const SqlTree& tree_;
  std::optional<SqlMistake> mistake_;
  int depth_ = 0;
  int nodes_ = 0;
};

}  // namespace

std::variant<Syntax, SqlMistake> ParseExpression(std::string_view text) {
  auto parsed = SqlTree::Parse(text);
  if (auto* mistake = std::get_if<SqlMistake>(&parsed)) {
    if (text.find_first_not_of(" \t\r\n") == std::string_view::npos) {
      mistake->what = "an expression is expected, like mag >= 5";
    } else if (mistake->kind == SqlMistake::Kind::kSyntax &&
               text.find("try_cast") != std::string_view::npos) {
      mistake->what += "; a cast that gives null where it fails is written try_cast(x::int)";
    }
    return std::move(*mistake);
  }
  const auto& tree = std::get<SqlTree>(parsed);
  SyntaxReader reader(tree);
  Syntax root = reader.Read(tree.value(), tree.at());
  if (const auto mistake = reader.mistake()) return *mistake;
  return root;
}

}  // namespace tidemark
