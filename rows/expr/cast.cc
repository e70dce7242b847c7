#include "rows/expr/cast.h"

#include <cmath>
#include <cstdlib>
#include <string>

#include "base/check.h"
#include "base/status.h"
#include "connectors/rows/json_row.h"
#include "connectors/rows/json_scan.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

bool InvalidInput(Scalar& s, Type to, std::string_view text) {
  return s.Fail(Cat("invalid input syntax for type ", NameOf(to), ": '", text.substr(0, 100), "'"));
}
bool CannotCast(Scalar& s, Type to, const Value& from) {
  return s.Fail(Cat("cannot cast ", Describe(from), " to ", NameOf(to)));
}
bool IsContainer(const Value& value) {
  return value.type() == Type::kJson &&
         (value.AsJson().starts_with('{') || value.AsJson().starts_with('['));
}

bool ToInt(Scalar& s, const Value& from, Value& out) {
  switch (from.type()) {
    case Type::kBool:
      out = Value::Of(int64_t{from.AsBool() ? 1 : 0});
      return true;
    case Type::kInt64:
      out = from;
      return true;
    case Type::kDouble: {
      const double rounded = std::round(from.AsDouble());  // ties away from zero
      constexpr double kBeyond = 9223372036854775808.0;
      if (rounded < -kBeyond || rounded >= kBeyond) return s.Fail("bigint out of range");
      out = Value::Of(static_cast<int64_t>(rounded));
      return true;
    }
    case Type::kText: {
      const auto parsed = ParseInt(from.AsText());
      if (!parsed) return InvalidInput(s, Type::kInt64, from.AsText());
      out = Value::Of(*parsed);
      return true;
    }
    case Type::kJson:
      if (!IsContainer(from)) return s.Fail("bigint out of range");
      [[fallthrough]];
    default:
      return CannotCast(s, Type::kInt64, from);
  }
}

bool ToDouble(Scalar& s, const Value& from, Value& out) {
  switch (from.type()) {
    case Type::kInt64:
    case Type::kDouble:
      out = Value::Of(from.ToDouble());
      return true;
    case Type::kText: {
      const auto parsed = ParseDouble(from.AsText());
      if (!parsed) return InvalidInput(s, Type::kDouble, from.AsText());
      out = Value::Of(*parsed);
      return true;
    }
    case Type::kJson: {
      if (IsContainer(from)) return CannotCast(s, Type::kDouble, from);
      const double number = std::strtod(std::string(from.AsJson()).c_str(), nullptr);
      if (!std::isfinite(number)) return s.Fail("double precision out of range");
      out = Value::Of(number);
      return true;
    }
    default:
      return CannotCast(s, Type::kDouble, from);
  }
}

bool ToBool(Scalar& s, const Value& from, Value& out) {
  if (from.type() == Type::kBool) {
    out = from;
    return true;
  }
  if (from.type() == Type::kInt64) {
    out = Value::Of(from.AsInt() != 0);
    return true;
  }
  if (from.type() != Type::kText) return CannotCast(s, Type::kBool, from);
  const auto parsed = ParseBool(from.AsText());
  if (!parsed) return InvalidInput(s, Type::kBool, from.AsText());
  out = Value::Of(*parsed);
  return true;
}

bool ToTextValue(Scalar& s, const Value& from, Value& out) {
  if (from.type() == Type::kText) {
    out = from;
    return true;
  }
  std::string text;
  AppendText(from, text);
  out = Value::Text(s.arena.Copy(text));
  return true;
}

bool ToTimestamp(Scalar& s, const Value& from, Value& out) {
  if (from.type() == Type::kTimestamp) {
    out = from;
    return true;
  }
  if (from.is_number()) {
    return s.Fail(Cat("cannot cast ", Describe(from), " to timestamp; use to_timestamp(seconds)"));
  }
  if (from.type() != Type::kText) return CannotCast(s, Type::kTimestamp, from);
  const auto parsed = ParseTime(from.AsText());
  if (!parsed) return InvalidInput(s, Type::kTimestamp, from.AsText());
  out = Value::Of(*parsed);
  return true;
}

bool ToInterval(Scalar& s, const Value& from, Value& out) {
  if (from.type() == Type::kInterval) {
    out = from;
    return true;
  }
  if (from.type() != Type::kText) return CannotCast(s, Type::kInterval, from);
  const auto parsed = ParseInterval(from.AsText());
  if (!parsed) return InvalidInput(s, Type::kInterval, from.AsText());
  out = Value::Of(*parsed);
  return true;
}

// A text is read as JSON; every other value is one already.
bool ToJson(Scalar& s, const Value& from, Value& out) {
  if (from.type() != Type::kText) {
    out = from;
    return true;
  }
  constexpr std::string_view kBefore = "{\"\":";
  const std::string object = Cat(kBefore, from.AsText(), "}");
  if (!ValidateJsonObject(object).ok()) return InvalidInput(s, Type::kJson, from.AsText());
  const std::string_view kept = s.arena.Copy(object);
  JsonFieldScanner fields(kept);
  std::string_view name, value;
  fields.Next(name, value);
  std::string_view other;
  if (fields.Next(name, other)) return InvalidInput(s, Type::kJson, from.AsText());
  if (!DecodeJson(value, s.arena, out)) {
    return s.Fail("half of a surrogate pair is not a character");
  }
  return !out.is_null();
}

template <Type kTo>
bool Cast(Scalar& s, Value& out, Value from) {
  return CastValue(s, kTo, from, out);
}

std::string_view Expected(Type type) {
  switch (type) {
    case Type::kInt64:
      return "a whole number";
    case Type::kDouble:
      return "a number";
    case Type::kText:
      return "a text";
    case Type::kBool:
      return "true or false";
    case Type::kTimestamp:
      return "a time";
    default:
      return "an interval";
  }
}

template <Type kType>
bool Take(Scalar& s, Value& out, Value from) {
  const bool is_double = kType == Type::kDouble && from.type() == Type::kInt64;
  const bool is_text =
      from.type() == Type::kText && (kType == Type::kTimestamp || kType == Type::kInterval);
  if (is_double || is_text) return CastValue(s, kType, from, out);
  if (from.type() != kType) {
    return s.Fail(Cat(Expected(kType), " is expected, found ", Describe(from)));
  }
  out = from;
  return true;
}

}  // namespace

bool IsCastable(Type from, Type to) {
  if (from == to || from == Type::kAny || from == Type::kNull || from == Type::kText) return true;
  switch (to) {
    case Type::kText:
    case Type::kJson:
      return true;
    case Type::kInt64:
      return from == Type::kDouble || from == Type::kBool;
    case Type::kDouble:
      return from == Type::kInt64;
    case Type::kBool:
      return from == Type::kInt64;
    default:
      return false;
  }
}

bool CastValue(Scalar& s, Type to, const Value& from, Value& out) {
  switch (to) {
    case Type::kBool:
      return ToBool(s, from, out);
    case Type::kInt64:
      return ToInt(s, from, out);
    case Type::kDouble:
      return ToDouble(s, from, out);
    case Type::kText:
      return ToTextValue(s, from, out);
    case Type::kTimestamp:
      return ToTimestamp(s, from, out);
    case Type::kInterval:
      return ToInterval(s, from, out);
    case Type::kJson:
      return ToJson(s, from, out);
    case Type::kNull:
    case Type::kAny:
      break;
  }
  TM_CHECK(false, "casts are to a type");
  return false;
}

Kernel CastTo(Type to) {
  switch (to) {
    case Type::kBool:
      return RowsOf<Cast<Type::kBool>>;
    case Type::kInt64:
      return RowsOf<Cast<Type::kInt64>>;
    case Type::kDouble:
      return RowsOf<Cast<Type::kDouble>>;
    case Type::kText:
      return RowsOf<Cast<Type::kText>>;
    case Type::kTimestamp:
      return RowsOf<Cast<Type::kTimestamp>>;
    case Type::kInterval:
      return RowsOf<Cast<Type::kInterval>>;
    default:
      return RowsOf<Cast<Type::kJson>>;
  }
}

Kernel Expect(Type type) {
  switch (type) {
    case Type::kBool:
      return RowsOf<Take<Type::kBool>>;
    case Type::kInt64:
      return RowsOf<Take<Type::kInt64>>;
    case Type::kDouble:
      return RowsOf<Take<Type::kDouble>>;
    case Type::kText:
      return RowsOf<Take<Type::kText>>;
    case Type::kTimestamp:
      return RowsOf<Take<Type::kTimestamp>>;
    default:
      TM_CHECK(type == Type::kInterval, "a JSON value is taken as a type");
      return RowsOf<Take<Type::kInterval>>;
  }
}

}  // namespace tidemark
