#include "rows/expr/binder.h"

#include <algorithm>
#include <utility>

#include "base/spelling.h"
#include "base/status.h"
#include "rows/expr/calendar.h"
#include "rows/expr/cast.h"
#include "rows/expr/compare.h"
#include "rows/expr/functions.h"
#include "rows/expr/overload.h"
#include "rows/expr/syntax.h"
#include "rows/expr/truth.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

using Nodes = std::vector<BoundNode>;

// A text constant takes the type that its surroundings need, as in PostgreSQL.
bool IsLiteral(const BoundNode& node) {
  return node.kind == BoundNode::Kind::kConstant && node.type == Type::kText &&
         node.constant.type() == Type::kText;
}
bool IsConstant(const BoundNode& node) { return node.kind == BoundNode::Kind::kConstant; }

void SetConstant(BoundNode& node, const Value& value) {
  node.kind = BoundNode::Kind::kConstant;
  node.constant_bytes.clear();
  if (value.type() == Type::kText || value.type() == Type::kJson) {
    node.constant_bytes = value.bytes();
  }
  node.constant = value;
  node.args.clear();
}

class Binder {
 public:
  Binder(const FieldResolver& resolve, Schema& fields, std::vector<SqlMistake>& mistakes)
      : resolve_(resolve), fields_(fields), mistakes_(mistakes) {}

  BoundNode Bind(const Syntax& syntax) {
    switch (syntax.kind) {
      case Syntax::Kind::kField:
        return BindField(syntax);
      case Syntax::Kind::kNull:
        return Constant(Value(), Type::kNull, syntax.at);
      case Syntax::Kind::kBool:
        return Constant(Value::Of(syntax.truth), Type::kBool, syntax.at);
      case Syntax::Kind::kNumber:
        return BindNumber(syntax);
      case Syntax::Kind::kText:
        return Constant(Value::Text(syntax.text), Type::kText, syntax.at);
      case Syntax::Kind::kCast:
        return BindCast(syntax);
      case Syntax::Kind::kCall:
        return BindCall(syntax);
    }
    return {};
  }

  // The node as one of `type`; `what` needs it, for the message.
  BoundNode Convert(BoundNode node, Type type, std::string_view what) {
    if (node.type == type || type == Type::kAny) return node;
    if (node.type == Type::kNull) {
      node.type = type;
      return node;
    }
    if (IsLiteral(node)) return ConvertLiteral(std::move(node), type);
    const bool widens = node.type == Type::kInt64 && type == Type::kDouble;
    if (node.type != Type::kAny && !widens) {
      return Mistake(Cat(what, " needs ", NameOf(type), ", not ", NameOf(node.type)), node.at);
    }
    const size_t at = node.at;
    return Fold(MakeKernel(Expect(type), type, One(std::move(node)), at));
  }

 private:
  static Nodes One(BoundNode node) {
    Nodes nodes;
    nodes.push_back(std::move(node));
    return nodes;
  }
  // The result is used like one that is known per row, so that nothing else is wrong with it.
  BoundNode Mistake(std::string_view what, size_t at) {
    mistakes_.push_back({.what = std::string(what), .at = at});
    BoundNode node = Constant(Value(), Type::kAny, at);
    return node;
  }
  static BoundNode Constant(const Value& value, Type type, size_t at) {
    BoundNode node{.type = type, .at = at};
    SetConstant(node, value);
    return node;
  }
  static BoundNode MakeKernel(Kernel kernel, Type type, Nodes args, size_t at) {
    return {.kind = BoundNode::Kind::kKernel,
            .type = type,
            .kernel = kernel,
            .args = std::move(args),
            .at = at};
  }

  // A node over constants becomes a constant. One that fails is a mistake, except inside
  // try_cast().
  BoundNode Fold(BoundNode node) {
    const bool foldable = std::all_of(node.args.begin(), node.args.end(), IsConstant);
    if (!foldable || mistakes_.size() > 0) return node;
    RowBatch batch;
    batch.Reset(0, 1);
    Arena arena;
    Faults faults;
    faults.Reset(1);
    auto shared = std::make_shared<const BoundNode>(std::move(node));
    Evaluator evaluator(shared);
    const Value value = evaluator.Run(batch, batch.selection(), arena, faults).At(0);
    BoundNode folded = *shared;
    if (!faults.empty()) {
      if (tries_ > 0) return folded;
      return Mistake(faults.all().front().what, folded.at);
    }
    SetConstant(folded, value);
    return folded;
  }

  BoundNode BindField(const Syntax& syntax) {
    const ResolvedField field = resolve_(syntax.name);
    if (field.mistake) return Mistake(*field.mistake, syntax.at);
    return {.kind = BoundNode::Kind::kField,
            .type = Type::kAny,
            .field = fields_.Add(field.path),
            .at = syntax.at};
  }

  BoundNode BindNumber(const Syntax& syntax) {
    if (const auto whole = ParseInt(syntax.text)) {
      return Constant(Value::Of(*whole), Type::kInt64, syntax.at);
    }
    const bool is_whole = syntax.text.find_first_of(".eE") == std::string::npos;
    const auto number = is_whole ? std::nullopt : ParseDouble(syntax.text);
    if (!number) {
      return Mistake(Cat("the number ", syntax.text.substr(0, 40), " exceeds 64 bits"), syntax.at);
    }
    return Constant(Value::Of(*number), Type::kDouble, syntax.at);
  }

  BoundNode ConvertLiteral(BoundNode node, Type type) {
    Arena arena;
    Faults faults;
    faults.Reset(1);
    Scalar scalar{.arena = arena, .faults = faults};
    Value value;
    if (!CastValue(scalar, type, node.ConstantOf(), value)) {
      return Mistake(faults.all().front().what, node.at);
    }
    node.type = type;
    SetConstant(node, value);
    return node;
  }

  BoundNode BindCast(const Syntax& syntax) {
    BoundNode arg = Bind(syntax.args.front());
    const Type result = syntax.type == Type::kJson ? Type::kAny : syntax.type;
    if (arg.type == syntax.type) return arg;
    if (!IsCastable(arg.type, syntax.type)) {
      const std::string_view hint = syntax.type == Type::kTimestamp && arg.type != Type::kBool
                                        ? "; use to_timestamp(seconds)"
                                        : "";
      return Mistake(Cat("cannot cast ", NameOf(arg.type), " to ", NameOf(syntax.type), hint),
                     syntax.at);
    }
    return Fold(MakeKernel(CastTo(syntax.type), result, One(std::move(arg)), syntax.at));
  }

  // ---- calls ----------------------------------------

  BoundNode BindCall(const Syntax& syntax) {
    const std::string& name = syntax.name;
    if (name == "and" || name == "or") return BindLogic(syntax);
    if (name == "case") return BindCase(syntax);
    if (name == "between") return BindBetween(syntax);
    if (name == "try_cast") return BindTry(syntax);
    if (name == "not" || name.starts_with("is ")) {
      if (name != "is distinct from") return BindTest(syntax);
    }
    Nodes args;
    for (const Syntax& arg : syntax.args) args.push_back(Bind(arg));
    if (name == "coalesce") {
      const Type type = Unify(args, "coalesce", syntax.at);
      return Fold({.kind = BoundNode::Kind::kCoalesce,
                   .type = type,
                   .args = std::move(args),
                   .at = syntax.at});
    }
    if (const auto comparison = ComparisonNamed(name)) {
      Unify(args, name, syntax.at, /*widens=*/false);
      return Fold(MakeKernel(*comparison, Type::kBool, std::move(args), syntax.at));
    }
    if (const auto comparing = ComparingFunctionNamed(name)) {
      return BindComparing(*comparing, syntax, std::move(args));
    }
    return BindFunction(syntax, std::move(args));
  }

  BoundNode BindComparing(Kernel kernel, const Syntax& syntax, Nodes args) {
    const bool is_test = syntax.name == "in" || syntax.name == "is distinct from";
    const bool is_nullif = syntax.name == "nullif";
    const Type type = Unify(args, syntax.name, syntax.at, /*widens=*/!is_test && !is_nullif);
    const Type result = is_test ? Type::kBool : is_nullif ? args[0].type : type;
    return Fold(MakeKernel(kernel, result, std::move(args), syntax.at));
  }

  BoundNode BindLogic(const Syntax& syntax) {
    const bool is_and = syntax.name == "and";
    Nodes args;
    for (const Syntax& arg : syntax.args) {
      args.push_back(Convert(Bind(arg), Type::kBool, is_and ? "AND" : "OR"));
    }
    return Fold({.kind = is_and ? BoundNode::Kind::kAnd : BoundNode::Kind::kOr,
                 .type = Type::kBool,
                 .args = std::move(args),
                 .at = syntax.at});
  }

  BoundNode BindCase(const Syntax& syntax) {
    Nodes conditions;
    Nodes results;
    const size_t pairs = syntax.args.size() / 2;
    for (size_t i = 0; i < pairs; ++i) {
      conditions.push_back(Convert(Bind(syntax.args[2 * i]), Type::kBool, "CASE WHEN"));
      results.push_back(Bind(syntax.args[2 * i + 1]));
    }
    if (syntax.args.size() % 2 == 1) results.push_back(Bind(syntax.args.back()));
    const Type type = Unify(results, "CASE", syntax.at);
    Nodes args;
    for (size_t i = 0; i < results.size(); ++i) {
      if (i < pairs) args.push_back(std::move(conditions[i]));
      args.push_back(std::move(results[i]));
    }
    return Fold(
        {.kind = BoundNode::Kind::kCase, .type = type, .args = std::move(args), .at = syntax.at});
  }

  // x BETWEEN a AND b is x >= a AND x <= b.
  BoundNode BindBetween(const Syntax& syntax) {
    Nodes sides;
    for (size_t i = 1; i <= 2; ++i) {
      Nodes args = One(Bind(syntax.args[0]));
      args.push_back(Bind(syntax.args[i]));
      Unify(args, "BETWEEN", syntax.at, /*widens=*/false);
      sides.push_back(Fold(MakeKernel(*ComparisonNamed(i == 1 ? ">=" : "<="), Type::kBool,
                                      std::move(args), syntax.at)));
    }
    return Fold({.kind = BoundNode::Kind::kAnd,
                 .type = Type::kBool,
                 .args = std::move(sides),
                 .at = syntax.at});
  }

  BoundNode BindTry(const Syntax& syntax) {
    if (syntax.args.size() != 1 || syntax.args[0].kind != Syntax::Kind::kCast) {
      return Mistake("try_cast takes a cast, as in try_cast(x::int)", syntax.at);
    }
    ++tries_;
    BoundNode cast = Bind(syntax.args[0]);
    --tries_;
    const Type type = cast.type;
    if (IsConstant(cast)) return cast;
    return Fold({.kind = BoundNode::Kind::kTry,
                 .type = type,
                 .args = One(std::move(cast)),
                 .at = syntax.at});
  }

  BoundNode BindTest(const Syntax& syntax) {
    const std::string& name = syntax.name;
    BoundNode arg = Bind(syntax.args.front());
    const bool takes_any = name == "is null" || name == "is not null";
    if (!takes_any) arg = Convert(std::move(arg), Type::kBool, name == "not" ? "NOT" : "IS");
    return Fold(MakeKernel(TruthTestNamed(name), Type::kBool, One(std::move(arg)), syntax.at));
  }

  // Gives all nodes one type, as far as they have to share it: constants take that of the others,
  // and JSON values become times where they meet a time. `widens`: integers become doubles where
  // they meet doubles; comparisons do without.
  Type Unify(Nodes& nodes, std::string_view what, size_t at, bool widens = true) {
    Type type = Type::kNull;
    bool has_any = false;
    for (const BoundNode& node : nodes) {
      if (node.type == Type::kNull || IsLiteral(node)) continue;
      if (node.type == Type::kAny) {
        has_any = true;
      } else if (type == Type::kNull) {
        type = node.type;
      } else if (type != node.type) {
        if (!IsNumber(type) || !IsNumber(node.type)) {
          Mistake(Cat(what, " cannot combine ", NameOf(type), " with ", NameOf(node.type)), at);
          return Type::kAny;
        }
        type = Type::kDouble;
      }
    }
    const bool is_time = type == Type::kTimestamp || type == Type::kInterval;
    if (has_any && !is_time) return UnifyWithAny(nodes, type);
    if (type == Type::kNull) type = HasLiteral(nodes) ? Type::kText : Type::kNull;
    for (BoundNode& node : nodes) {
      const bool stays = !widens && IsNumber(type) && IsNumber(node.type);
      if (!stays) node = Convert(std::move(node), type, what);
    }
    return type;
  }

  // Texts among JSON values stay texts, unless something has a type.
  Type UnifyWithAny(Nodes& nodes, Type type) {
    for (BoundNode& node : nodes) {
      if (IsLiteral(node) && type != Type::kNull && type != Type::kText) {
        node = ConvertLiteral(std::move(node), type);
      }
    }
    return Type::kAny;
  }

  static bool IsNumber(Type type) { return type == Type::kInt64 || type == Type::kDouble; }
  static bool HasLiteral(const Nodes& nodes) {
    return std::any_of(nodes.begin(), nodes.end(), IsLiteral);
  }

  // ---- functions ----------------------------------------

  BoundNode BindFunction(const Syntax& syntax, Nodes args) {
    const std::string name = syntax.name == "negate" && syntax.args.size() == 1 ? "NEGATE"
                             : syntax.name == "plus" && syntax.args.size() == 1 ? "PLUS"
                                                                                : syntax.name;
    const auto overloads = FunctionsNamed(name);
    if (overloads.empty()) return Mistake(UnknownFunction(name), syntax.at);
    std::vector<ArgumentType> types;
    for (const BoundNode& arg : args) types.push_back({arg.type, IsLiteral(arg)});
    for (const Function* function : overloads) {
      const auto letters = LettersFor(function->params, types);
      if (letters) return BindOverload(*function, *letters, syntax, std::move(args));
    }
    return Mistake(NoOverload(syntax.name, overloads, types), syntax.at);
  }

  BoundNode BindOverload(const Function& function, const std::string& letters, const Syntax& syntax,
                         Nodes args) {
    CheckUnit(function, args);
    bool all_ints = true;
    bool all_typed = true;
    for (size_t i = 0; i < args.size(); ++i) {
      if (letters[i] == 'n') {
        if (IsLiteral(args[i])) args[i] = NumberOf(std::move(args[i]));
        all_ints = all_ints && args[i].type == Type::kInt64;
        all_typed = all_typed && args[i].type != Type::kAny;
      } else {
        args[i] = Convert(std::move(args[i]), TypeOfLetter(letters[i]), function.name);
      }
    }
    const Type number = all_ints ? Type::kInt64 : all_typed ? Type::kDouble : Type::kAny;
    const Type result = function.result == 'n' ? number : TypeOfLetter(function.result);
    return Fold(MakeKernel(function.kernel, result, std::move(args), syntax.at));
  }

  // A text where a number is needed: '7' is the integer 7.
  BoundNode NumberOf(BoundNode literal) {
    const bool is_whole = ParseInt(literal.constant_bytes).has_value();
    return ConvertLiteral(std::move(literal), is_whole ? Type::kInt64 : Type::kDouble);
  }

  // The unit of date_trunc and extract, if it is a constant.
  void CheckUnit(const Function& function, const Nodes& args) {
    const bool truncates = function.name == "date_trunc";
    if (!truncates && function.name != "extract" && function.name != "date_part") return;
    if (!IsLiteral(args[0])) return;
    const std::string& unit = args[0].constant_bytes;
    const auto field = CalendarFieldNamed(unit);
    if (field && (!truncates || CanTruncateTo(*field))) return;
    const auto names = CalendarFieldNames(truncates);
    const auto meant = ClosestWord(unit, names);
    Mistake(Cat(function.name, " has no unit '", unit, "'; ",
                meant ? Cat("did you mean '", *meant, "'?") : Cat("there are: ", ListOf(names))),
            args[0].at);
  }

  const FieldResolver& resolve_;
  Schema& fields_;
  std::vector<SqlMistake>& mistakes_;
  int tries_ = 0;  // try_casts around the node
};

}  // namespace

std::optional<Expression> ExpressionBinder::Bind(std::string_view text,
                                                 std::vector<SqlMistake>& mistakes) {
  auto parsed = ParseExpression(text);
  if (auto* mistake = std::get_if<SqlMistake>(&parsed)) {
    mistakes.push_back(std::move(*mistake));
    return std::nullopt;
  }
  std::vector<SqlMistake> found;
  BoundNode root = Binder(resolve_, fields_, found).Bind(std::get<Syntax>(parsed));
  if (!found.empty()) {
    std::move(found.begin(), found.end(), std::back_inserter(mistakes));
    return std::nullopt;
  }
  return Expression{.root = std::make_shared<const BoundNode>(std::move(root)),
                    .text = std::string(text)};
}

std::optional<Expression> ExpressionBinder::BindCondition(std::string_view text,
                                                          std::string_view what,
                                                          std::vector<SqlMistake>& mistakes) {
  const auto bound = Bind(text, mistakes);
  if (!bound) return std::nullopt;
  std::vector<SqlMistake> found;
  BoundNode root = Binder(resolve_, fields_, found).Convert(*bound->root, Type::kBool, what);
  if (!found.empty()) {
    std::move(found.begin(), found.end(), std::back_inserter(mistakes));
    return std::nullopt;
  }
  return Expression{.root = std::make_shared<const BoundNode>(std::move(root)),
                    .text = std::string(text)};
}

}  // namespace tidemark
