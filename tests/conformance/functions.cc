#include "tests/conformance/functions.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <stdexcept>
#include <string>

#include "base/status.h"

namespace tidemark::conformance {
namespace {

[[noreturn]] void Refuse(std::string_view what, const Json& value) {
  throw std::invalid_argument(Cat("cannot ", what, " ", ToText(value)));
}

// ---- numbers ----------------------------------------

Json Finite(double value) {
  if (!std::isfinite(value)) throw std::invalid_argument("the result is not a finite number");
  return value;
}

// Numbers, and text and lists, which are joined.
Json Add(Json a, const Json& b) {
  if (a.is_integer() && b.is_integer()) {
    int64_t sum = 0;
    if (!__builtin_add_overflow(a.integer(), b.integer(), &sum)) return sum;
  }
  if (a.is_number() && b.is_number()) return Finite(a.number() + b.number());
  if (a.is_string() && b.is_string()) return a.string() + b.string();
  if (!a.is_list() || !b.is_list()) Refuse(Cat("add ", ToText(b), " to"), a);
  a.list().insert(a.list().end(), b.list().begin(), b.list().end());
  return a;
}

Json Times(const Json& value, int64_t factor) {
  int64_t product = 0;
  if (value.is_integer() && !__builtin_mul_overflow(value.integer(), factor, &product)) {
    return product;
  }
  if (!value.is_number()) Refuse("multiply", value);
  return Finite(value.number() * static_cast<double>(factor));
}

// value mod 2, never negative.
double ModTwo(const Json& value) {
  if (value.is_integer()) return value.integer() % 2 == 0 ? 0 : 1;
  if (!value.is_number()) Refuse("tell odd from even for", value);
  return value.number() - 2 * std::floor(value.number() / 2);
}
bool IsOdd(const Json& value) { return ModTwo(value) == 1; }
bool IsEven(const Json& value) { return ModTwo(value) == 0; }

Json Mean(const Json::List& values) {
  Json sum = 0;
  for (const Json& value : values) sum = Add(std::move(sum), value);
  if (!sum.is_number()) Refuse("take the mean of", Json(values));
  return sum.number() / static_cast<double>(values.size());
}

// The first of equals.
Json Larger(Json a, const Json& b) { return b > a ? b : a; }
Json Smaller(Json a, const Json& b) { return b < a ? b : a; }

// ---- mappers, predicates, by ----------------------------------------

Json FieldVal(const Json& value) {
  const Json* val = value.Find("val");
  if (val == nullptr) Refuse("find 'val' in", value);
  return *val;
}

Json SplitWords(const Json& value) {
  if (!value.is_string()) Refuse("split", value);
  constexpr std::string_view kSpace = " \t\n\v\f\r\x1c\x1d\x1e\x1f";
  Json::List words;
  const std::string_view text = value.string();
  for (size_t at = text.find_first_not_of(kSpace); at != text.npos;) {
    const size_t end = std::min(text.find_first_of(kSpace, at), text.size());
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return words;
}

Json RepeatPair(const Json& value) {
  if (!value.is_list() || value.list().size() != 2 || !value.list()[1].is_integer()) {
    Refuse("repeat", value);
  }
  const int64_t times = std::max<int64_t>(value.list()[1].integer(), 0);
  return Json::List(static_cast<size_t>(times), value.list()[0]);
}

Json ToString(const Json& value) { return KeyText(value); }

struct NamedUnary {
  std::string_view name;
  UnaryFunction function;
};
constexpr NamedUnary kUnary[] = {
    {"identity", [](const Json& v) { return v; }},
    {"field_val", FieldVal},
    {"add_one", [](const Json& v) { return Add(v, 1); }},
    {"add_ten", [](const Json& v) { return Add(v, 10); }},
    {"times_ten", [](const Json& v) { return Times(v, 10); }},
    {"split_words", SplitWords},
    {"repeat_pair", RepeatPair},
    {"is_odd", [](const Json& v) { return Json(IsOdd(v)); }},
    {"is_even", [](const Json& v) { return Json(IsEven(v)); }},
    {"is_int", [](const Json& v) { return Json(v.is_integer()); }},
    {"even_plus_one_else_null", [](const Json& v) { return IsEven(v) ? Add(v, 1) : Json(); }},
    {"to_even_str",
     [](const Json& v) { return v.is_integer() && IsEven(v) ? ToString(v) : Json(); }},
    {"to_string", ToString},
};

// ---- folders, reducers, mergers ----------------------------------------

Json AppendTo(Json list, const Json& value) {
  if (!list.is_list()) Refuse("append to", list);
  list.list().push_back(value);
  return list;
}

Json CountByValue(Json counts, const Json& value) {
  if (!counts.is_map()) Refuse("count in", counts);
  const std::string name = ToString(value).string();
  const Json* count = counts.Find(name);
  counts.Set(name, Add(count == nullptr ? Json(0) : *count, 1));
  return counts;
}

Json OverwriteMap(Json left, const Json& right) {
  if (!left.is_map() || !right.is_map()) Refuse("overwrite by a map", left);
  for (const JsonField& field : right.map()) left.Set(field.name, field.value);
  return left;
}

Json SumFieldVal(Json left, const Json& right) {
  Json sum = Add(FieldVal(left), FieldVal(right));
  left.Set("val", std::move(sum));
  return left;
}

Json Left(Json left, const Json&) { return left; }

struct NamedBinary {
  std::string_view name;
  BinaryFunction function;
};
constexpr NamedBinary kBinary[] = {
    {"append", AppendTo},
    {"count_by_value", CountByValue},
    {"sum", Add},
    {"max", Larger},
    {"min", Smaller},
    {"keep_state", Left},
    {"keep_left", Left},
    {"concat", Add},
    {"overwrite_map", OverwriteMap},
    {"sum_field_val", SumFieldVal},
};

struct NamedBuilder {
  std::string_view name;
  BuilderFunction function;
};
constexpr NamedBuilder kBuilders[] = {
    {"empty_list", [] { return Json(Json::List()); }},
    {"zero", [] { return Json(0); }},
    {"empty_map", [] { return Json(Json::Map()); }},
    {"null", [] { return Json(); }},
};

// ---- stateful mappers ----------------------------------------

Mapped Says(const Json& state) { return {state, {state}}; }

Json OrZero(Json state) { return state.is_null() ? Json(0) : state; }
Json::List OrEmpty(Json state) { return state.is_null() ? Json::List() : std::move(state.list()); }

Mapped RunningMeanLast3(Json state, const Json& value) {
  Json::List values = OrEmpty(std::move(state));
  values.push_back(value);
  if (values.size() > 3) values.erase(values.begin());
  Json mean = Mean(values);
  return {std::move(values), {std::move(mean)}};
}

// As in a test of Bytewax, which drops from the wrong end.
Mapped RunningMean3Test(Json state, const Json& value) {
  Json::List values = OrEmpty(std::move(state));
  values.push_back(value);
  if (values.size() > 3) values.resize(values.size() - 3);
  Json mean = Mean(values);
  return {std::move(values), {std::move(mean)}};
}

Mapped ShoppingCart(Json state, const Json& event) {
  const Json* type = event.Find("type");
  const Json* id = event.Find("order_id");
  if (type == nullptr || id == nullptr) Refuse("book", event);
  Json cart = state.is_null() ? Json(Json::Map{{"paid", Json::List()}, {"unpaid", Json::List()}})
                              : std::move(state);
  Json::List unpaid = cart.Find("unpaid")->list();
  const auto open = std::find(unpaid.begin(), unpaid.end(), *id);
  if (*type == Json("order")) {
    if (open == unpaid.end()) unpaid.push_back(*id);
  } else if (*type == Json("payment")) {
    if (open == unpaid.end()) Refuse("pay what was not ordered:", event);
    unpaid.erase(open);
    cart.Set("paid", AppendTo(*cart.Find("paid"), *id));
  } else {
    Refuse("book", event);
  }
  cart.Set("unpaid", std::move(unpaid));
  return Says(cart);
}

struct NamedStateful {
  std::string_view name;
  StatefulFunction function;
};
constexpr NamedStateful kStateful[] = {
    {"running_count",
     [](Json state, const Json&) { return Says(Add(OrZero(std::move(state)), 1)); }},
    {"running_sum",
     [](Json state, const Json& v) { return Says(Add(OrZero(std::move(state)), v)); }},
    {"keep_max",
     [](Json state, const Json& v) { return Says(Larger(OrZero(std::move(state)), v)); }},
    {"running_mean_last_3", RunningMeanLast3},
    {"running_mean_3_test", RunningMean3Test},
    {"shopping_cart", ShoppingCart},
    {"emit_if_larger",
     [](Json state, const Json& v) {
       const bool emit = state.is_null() || v > state;
       return Mapped{v, emit ? Json::List{v} : Json::List()};
     }},
    {"null_state_emit_was_null",
     [](Json state, const Json&) {
       return Mapped{Json(), {Json(state.is_null())}};
     }},
    {"set_new_state_emit_old",
     [](Json state, const Json&) {
       return Mapped{"new_state", {std::move(state)}};
     }},
};

template <class Named>
auto Find(std::span<const Named> table, std::string_view name, std::string_view kind)
    -> absl::StatusOr<decltype(Named::function)> {
  for (const Named& named : table) {
    if (named.name == name) return named.function;
  }
  return absl::NotFoundError(Cat("there is no ", kind, " named '", name, "'"));
}

}  // namespace

absl::StatusOr<UnaryFunction> FindUnary(std::string_view name) {
  return Find(std::span<const NamedUnary>(kUnary), name, "mapper, predicate or by");
}
absl::StatusOr<BinaryFunction> FindBinary(std::string_view name) {
  return Find(std::span<const NamedBinary>(kBinary), name, "folder, reducer or merger");
}
absl::StatusOr<BuilderFunction> FindBuilder(std::string_view name) {
  return Find(std::span<const NamedBuilder>(kBuilders), name, "builder");
}
absl::StatusOr<StatefulFunction> FindStateful(std::string_view name) {
  return Find(std::span<const NamedStateful>(kStateful), name, "stateful mapper");
}

bool Truth(const Json& result) {
  if (!result.is_bool()) Refuse("filter by", result);
  return result.boolean();
}

std::string KeyText(const Json& value) {
  return value.is_string() ? value.string() : ToText(value);
}

Json::List Elements(const Json& value) {
  if (value.is_list()) return value.list();
  Json::List elements;
  if (value.is_map()) {
    for (const JsonField& field : value.map()) elements.push_back(field.name);
    return elements;
  }
  if (!value.is_string()) Refuse("take apart", value);
  const std::string& text = value.string();
  for (size_t at = 0; at < text.size();) {
    size_t end = at + 1;
    while (end < text.size() && (static_cast<unsigned char>(text[end]) >> 6) == 2) ++end;
    elements.push_back(text.substr(at, end - at));
    at = end;
  }
  return elements;
}

}  // namespace tidemark::conformance
