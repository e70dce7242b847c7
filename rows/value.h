// Value: one value of a row, of any type, as a small copyable view.
//
//   Value::Of(int64_t{7}).AsInt();        // 7
//   Value().is_null();                    // true
//   Describe(Value::Text("ab"));          // "the text 'ab'"
//
// Text and JSON are views: their bytes belong to the batch, the evaluator or the constant that they
// came from, and live as long. Doubles are finite: JSON has no infinities, and a computation that
// would produce one fails instead.
#pragma once

#include <bit>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/timestamp.h"

namespace tidemark {

enum class Type : uint8_t {
  kNull,  // only nulls; a column of which nothing is known yet
  kBool,
  kInt64,
  kDouble,
  kText,       // UTF-8
  kTimestamp,  // UTC, microseconds
  kInterval,
  kJson,  // an object, an array, or a number beyond 64 bits and doubles, as its source bytes
  kAny,   // of a column: its values have different types; of an expression: known per row only
};

// "bigint", as SQL names it; "json value" for kAny.
std::string_view NameOf(Type type);

// A length of time as PostgreSQL has it: months and days are not of fixed length.
struct Interval {
  int32_t months = 0;
  int32_t days = 0;
  int64_t us = 0;

  bool operator==(const Interval&) const = default;
};

class Value {
 public:
  Value() = default;  // null
  static Value Of(bool v) { return Word(Type::kBool, v ? 1 : 0); }
  static Value Of(int64_t v) { return Word(Type::kInt64, v); }
  static Value Of(double v) { return Word(Type::kDouble, std::bit_cast<int64_t>(v)); }
  static Value Of(Timestamp v) { return Word(Type::kTimestamp, v.us); }
  static Value Of(Interval v) {
    Value value = Word(Type::kInterval, v.us);
    value.months_and_days_ = (int64_t{v.months} << 32) | static_cast<uint32_t>(v.days);
    return value;
  }
  static Value Text(std::string_view v) { return Bytes(Type::kText, v); }
  static Value Json(std::string_view v) { return Bytes(Type::kJson, v); }
  // For containers: `word` holds what fits 64 bits, by its bits.
  static Value Word(Type type, int64_t word) {
    Value value;
    value.type_ = type;
    value.word_ = word;
    return value;
  }
  static Value Bytes(Type type, std::string_view bytes) {
    Value value;
    value.type_ = type;
    value.data_ = bytes.data();
    value.word_ = static_cast<int64_t>(bytes.size());
    return value;
  }

  Type type() const { return type_; }
  bool is_null() const { return type_ == Type::kNull; }
  bool is_number() const { return type_ == Type::kInt64 || type_ == Type::kDouble; }

  // Each requires a value of its type.
  bool AsBool() const { return Checked(Type::kBool).word_ != 0; }
  int64_t AsInt() const { return Checked(Type::kInt64).word_; }
  double AsDouble() const { return std::bit_cast<double>(Checked(Type::kDouble).word_); }
  Timestamp AsTimestamp() const { return {Checked(Type::kTimestamp).word_}; }
  Interval AsInterval() const {
    const Value& v = Checked(Type::kInterval);
    return {.months = static_cast<int32_t>(v.months_and_days_ >> 32),
            .days = static_cast<int32_t>(v.months_and_days_),
            .us = v.word_};
  }
  std::string_view AsText() const { return Checked(Type::kText).bytes(); }
  std::string_view AsJson() const { return Checked(Type::kJson).bytes(); }
  // Requires is_number().
  double ToDouble() const {
    return type_ == Type::kInt64 ? static_cast<double>(word_) : AsDouble();
  }
  // The representations that Word() and Bytes() take.
  int64_t word() const { return word_; }
  std::string_view bytes() const { return {data_, static_cast<size_t>(word_)}; }

 private:
  const Value& Checked(Type type) const {
    TM_CHECK(type_ == type, "a value is read as its own type");
    return *this;
  }

  Type type_ = Type::kNull;
  int64_t word_ = 0;  // or the size of the bytes
  union {
    const char* data_ = nullptr;
    int64_t months_and_days_;
  };
};

// For messages: "the text 'ab'", "the number 7", "null"; a long text is cut.
std::string Describe(const Value& value);

}  // namespace tidemark
