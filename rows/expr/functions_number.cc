// Arithmetic and numeric functions. Integers overflow with an error; doubles that leave the finite
// range do too, as in PostgreSQL.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "rows/expr/functions.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

constexpr std::string_view kOutOfRange = "bigint out of range";
constexpr std::string_view kDivisionByZero = "division by zero";

// A finite result; `exact_zero`: a result of zero is right.
bool Finite(Scalar& s, double& out, double result, bool exact_zero = true) {
  if (!std::isfinite(result)) return s.Fail("value out of range: overflow");
  if (result == 0 && !exact_zero) return s.Fail("value out of range: underflow");
  out = result;
  return true;
}

struct Add {
  static constexpr std::string_view kWord = "+";
  static bool Ints(int64_t a, int64_t b, int64_t& out) {
    return !__builtin_add_overflow(a, b, &out);
  }
  static bool Doubles(Scalar& s, double& out, double a, double b) { return Finite(s, out, a + b); }
};
struct Subtract {
  static constexpr std::string_view kWord = "-";
  static bool Ints(int64_t a, int64_t b, int64_t& out) {
    return !__builtin_sub_overflow(a, b, &out);
  }
  static bool Doubles(Scalar& s, double& out, double a, double b) { return Finite(s, out, a - b); }
};
struct Multiply {
  static constexpr std::string_view kWord = "*";
  static bool Ints(int64_t a, int64_t b, int64_t& out) {
    return !__builtin_mul_overflow(a, b, &out);
  }
  static bool Doubles(Scalar& s, double& out, double a, double b) {
    return Finite(s, out, a * b, a == 0 || b == 0);
  }
};

bool NotANumber(Scalar& s, std::string_view function, const Value& value) {
  const bool is_big = value.type() == Type::kJson && !value.AsJson().starts_with('{') &&
                      !value.AsJson().starts_with('[');
  if (is_big) return s.Fail(Cat(value.AsJson().substr(0, 40), " exceeds 64 bits"));
  return s.Fail(Cat(function, " needs numbers, found ", Describe(value)));
}

template <class Op>
bool IntsOf(Scalar& s, int64_t& out, int64_t a, int64_t b) {
  return Op::Ints(a, b, out) || s.Fail(kOutOfRange);
}
template <class Op>
bool DoublesOf(Scalar& s, double& out, double a, double b) {
  return Op::Doubles(s, out, a, b);
}
template <class Op>
bool ValuesOf(Scalar& s, Value& out, Value a, Value b) {
  if (!a.is_number()) return NotANumber(s, Op::kWord, a);
  if (!b.is_number()) return NotANumber(s, Op::kWord, b);
  if (a.type() == Type::kInt64 && b.type() == Type::kInt64) {
    int64_t result = 0;
    if (!IntsOf<Op>(s, result, a.AsInt(), b.AsInt())) return false;
    out = Value::Of(result);
    return true;
  }
  double result = 0;
  if (!Op::Doubles(s, result, a.ToDouble(), b.ToDouble())) return false;
  out = Value::Of(result);
  return true;
}

// Arithmetic over columns of one type does not look at the type of each value.
template <class Op>
void Arithmetic(KernelContext& context, Columns args, Rows rows, Column& out) {
  const Type type = args[0]->type();
  if (type == args[1]->type() && type == Type::kInt64) {
    return RowsOf<IntsOf<Op>>(context, args, rows, out);
  }
  if (type == args[1]->type() && type == Type::kDouble) {
    return RowsOf<DoublesOf<Op>>(context, args, rows, out);
  }
  RowsOf<ValuesOf<Op>>(context, args, rows, out);
}

bool DivideInts(Scalar& s, int64_t& out, int64_t a, int64_t b) {
  if (b == 0) return s.Fail(kDivisionByZero);
  if (b == -1) return !__builtin_sub_overflow(int64_t{0}, a, &out) || s.Fail(kOutOfRange);
  out = a / b;
  return true;
}
bool DivideDoubles(Scalar& s, double& out, double a, double b) {
  if (b == 0) return s.Fail(kDivisionByZero);
  return Finite(s, out, a / b, a == 0);
}

bool ModInts(Scalar& s, int64_t& out, int64_t a, int64_t b) {
  if (b == 0) return s.Fail(kDivisionByZero);
  out = b == -1 ? 0 : a % b;
  return true;
}
bool ModValues(Scalar& s, Value& out, Value a, Value b) {
  if (!a.is_number()) return NotANumber(s, "%", a);
  if (!b.is_number()) return NotANumber(s, "%", b);
  if (a.type() == Type::kInt64 && b.type() == Type::kInt64) {
    int64_t result = 0;
    if (!ModInts(s, result, a.AsInt(), b.AsInt())) return false;
    out = Value::Of(result);
    return true;
  }
  if (b.ToDouble() == 0) return s.Fail(kDivisionByZero);
  out = Value::Of(std::fmod(a.ToDouble(), b.ToDouble()));
  return true;
}

bool Negate(Scalar& s, Value& out, Value a) {
  if (!a.is_number()) return NotANumber(s, "-", a);
  if (a.type() == Type::kDouble) {
    out = Value::Of(-a.AsDouble());
    return true;
  }
  int64_t result = 0;
  if (__builtin_sub_overflow(int64_t{0}, a.AsInt(), &result)) return s.Fail(kOutOfRange);
  out = Value::Of(result);
  return true;
}
bool Plus(Scalar& s, Value& out, Value a) {
  if (!a.is_number()) return NotANumber(s, "+", a);
  out = a;
  return true;
}

bool Abs(Scalar& s, Value& out, Value a) {
  if (!a.is_number()) return NotANumber(s, "abs", a);
  if (a.type() == Type::kInt64 && a.AsInt() < 0) return Negate(s, out, a);
  out = a.type() == Type::kInt64 ? a : Value::Of(std::fabs(a.AsDouble()));
  return true;
}
bool SignOf(Scalar& s, Value& out, Value a) {
  if (!a.is_number()) return NotANumber(s, "sign", a);
  const double x = a.ToDouble();
  const int sign = x > 0 ? 1 : x < 0 ? -1 : 0;
  out = a.type() == Type::kInt64 ? Value::Of(int64_t{sign}) : Value::Of(double(sign));
  return true;
}

// The four that give a whole number leave integers alone.
template <double (*F)(double)>
bool Whole(Scalar& s, Value& out, Value a) {
  if (!a.is_number()) return NotANumber(s, "rounding", a);
  out = a.type() == Type::kInt64 ? a : Value::Of(F(a.AsDouble()) + 0.0);  // not -0
  return true;
}

// By the decimal digits that the number is written with: 2.675 becomes 2.68, as PostgreSQL's
// numeric does, although the double is a little less.
double RoundDecimal(double x, int64_t places) {
  constexpr int64_t kPlacesMax = 400;  // beyond the digits of any double
  places = std::clamp(places, -kPlacesMax, kPlacesMax);
  std::string text;
  AppendText(Value::Of(std::fabs(x)), text);
  Decimal decimal = ParseDecimal(text);
  const int64_t kept = decimal.exponent + places;  // digits
  if (kept >= static_cast<int64_t>(decimal.digits.size())) return x;
  if (kept < 0) return 0;
  const bool up = decimal.digits[static_cast<size_t>(kept)] >= '5';
  std::string digits = "0" + decimal.digits.substr(0, static_cast<size_t>(kept));
  if (up) {
    size_t i = digits.size() - 1;
    while (digits[i] == '9') digits[i--] = '0';
    ++digits[i];
  }
  const std::string rounded = Cat(digits, "e", -places);
  return std::copysign(std::strtod(rounded.c_str(), nullptr), x) + 0.0;
}

// A whole number to tens (-1), hundreds (-2), … . Nothing if it overflows.
std::optional<int64_t> RoundWhole(int64_t x, int64_t places) {
  if (places < -19) return 0;
  __int128 unit = 1;
  for (int64_t i = places; i < 0; ++i) unit *= 10;
  const __int128 half = x < 0 ? -unit / 2 : unit / 2;
  const __int128 rounded = (x + half) / unit * unit;
  const auto result = static_cast<int64_t>(rounded);
  return result == rounded ? std::optional(result) : std::nullopt;
}

bool RoundTo(Scalar& s, Value& out, Value a, int64_t places) {
  if (!a.is_number()) return NotANumber(s, "round", a);
  if (a.type() == Type::kInt64) {
    const auto rounded = places >= 0 ? a.AsInt() : RoundWhole(a.AsInt(), places);
    if (!rounded) return s.Fail(kOutOfRange);
    out = Value::Of(*rounded);
    return true;
  }
  double result = 0;
  if (!Finite(s, result, RoundDecimal(a.AsDouble(), places))) return false;
  out = Value::Of(result);
  return true;
}

bool Power(Scalar& s, double& out, double a, double b) {
  if (a == 0 && b < 0) return s.Fail("zero raised to a negative power is undefined");
  if (a < 0 && b != std::floor(b)) {
    return s.Fail("a negative number raised to a non-integer power yields a complex result");
  }
  return Finite(s, out, std::pow(a, b), a == 0);
}
bool SquareRoot(Scalar& s, double& out, double x) {
  if (x < 0) return s.Fail("cannot take square root of a negative number");
  out = std::sqrt(x);
  return true;
}
template <double (*F)(double)>
bool Logarithm(Scalar& s, double& out, double x) {
  if (x == 0) return s.Fail("cannot take logarithm of zero");
  if (x < 0) return s.Fail("cannot take logarithm of a negative number");
  out = F(x);
  return true;
}
bool Exponential(Scalar& s, double& out, double x) { return Finite(s, out, std::exp(x), false); }

constexpr Function kFunctions[] = {
    {"+", "nn", 'n', Arithmetic<Add>},
    {"-", "nn", 'n', Arithmetic<Subtract>},
    {"*", "nn", 'n', Arithmetic<Multiply>},
    {"/", "II", 'i', RowsOf<DivideInts>},
    {"/", "dd", 'd', RowsOf<DivideDoubles>},
    {"%", "II", 'i', RowsOf<ModInts>},
    {"%", "nn", 'n', RowsOf<ModValues>},
    {"mod", "II", 'i', RowsOf<ModInts>},
    {"mod", "nn", 'n', RowsOf<ModValues>},
    {"^", "dd", 'd', RowsOf<Power>},
    {"NEGATE", "n", 'n', RowsOf<Negate>},
    {"PLUS", "n", 'n', RowsOf<Plus>},
    {"abs", "n", 'n', RowsOf<Abs>},
    {"sign", "n", 'n', RowsOf<SignOf>},
    {"round", "n", 'n', RowsOf<Whole<std::round>>},
    {"round", "ni", 'n', RowsOf<RoundTo>},
    {"floor", "n", 'n', RowsOf<Whole<std::floor>>},
    {"ceil", "n", 'n', RowsOf<Whole<std::ceil>>},
    {"ceiling", "n", 'n', RowsOf<Whole<std::ceil>>},
    {"trunc", "n", 'n', RowsOf<Whole<std::trunc>>},
    {"power", "dd", 'd', RowsOf<Power>},
    {"pow", "dd", 'd', RowsOf<Power>},
    {"sqrt", "d", 'd', RowsOf<SquareRoot>},
    {"ln", "d", 'd', RowsOf<Logarithm<std::log>>},
    {"log", "d", 'd', RowsOf<Logarithm<std::log10>>},
    {"exp", "d", 'd', RowsOf<Exponential>},
};

}  // namespace

std::span<const Function> NumberFunctions() { return kFunctions; }

}  // namespace tidemark
