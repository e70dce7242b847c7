// Column: the values of one field, or of one expression, over the rows of a batch.
//
//   Column column;
//   column.Reset(rows);                       // all null; keeps its memory
//   column.Set(0, Value::Of(int64_t{7}));     // the column is one of integers
//   column.Set(1, Value::Text("x"));          // it is one of tagged values (Type::kAny)
//   column.At(0).AsInt();                     // 7
//
// As long as its values agree, a column is an array of their type, which kernels read directly.
// When they do not, each value has a tag as well; the arrays stay where they are. A constant has
// one value for all rows.
//
// Thread rule: used by one thread.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "rows/value.h"

namespace tidemark {

class Column {
 public:
  // `rows` nulls. Views into the column's former values stay valid as long as their bytes.
  void Reset(size_t rows) {
    valid_.assign(rows, 0);
    tags_.clear();
    type_ = Type::kNull;
    is_constant_ = false;
  }
  // One value for every row. Its bytes, if it has any, outlive the column.
  void SetConstant(const Value& value) {
    Reset(1);
    Set(0, value);
    is_constant_ = true;
  }

  // kNull while all values are null, kAny if they have different types.
  Type type() const { return type_; }
  bool is_constant() const { return is_constant_; }

  bool IsNull(size_t row) const { return valid_[Index(row)] == 0; }
  Value At(size_t row) const {
    const size_t i = Index(row);
    if (valid_[i] == 0) return Value();
    const Type type = type_ == Type::kAny ? tags_[i] : type_;
    switch (type) {
      case Type::kText:
      case Type::kJson:
        return Value::Bytes(type, bytes_[i]);
      case Type::kInterval:
        return Value::Of(intervals_[i]);
      default:
        return Value::Word(type, words_[i]);
    }
  }
  void Set(size_t row, const Value& value) {
    const Type type = value.type();
    if (type == Type::kNull) {
      valid_[row] = 0;
      return;
    }
    if (type != type_) Adopt(type);
    if (type_ == Type::kAny) tags_[row] = type;
    valid_[row] = 1;
    if (type == Type::kText || type == Type::kJson) {
      bytes_[row] = value.bytes();
    } else if (type == Type::kInterval) {
      intervals_[row] = value.AsInterval();
    } else {
      words_[row] = value.word();
    }
  }

  // For kernels over a column of one type; each requires it, and a row that is not null.
  int64_t WordAt(size_t row) const { return words_[Index(row)]; }
  double DoubleAt(size_t row) const { return std::bit_cast<double>(words_[Index(row)]); }
  std::string_view BytesAt(size_t row) const { return bytes_[Index(row)]; }
  Interval IntervalAt(size_t row) const { return intervals_[Index(row)]; }

  // Makes a column that was just reset one of `type`, for SetWord().
  void Begin(Type type) {
    TM_CHECK(type_ == Type::kNull, "a column has one beginning");
    Adopt(type);
  }
  // Requires Begin() with a type of 64 bits.
  void SetWord(size_t row, int64_t word) {
    valid_[row] = 1;
    words_[row] = word;
  }

 private:
  size_t Index(size_t row) const { return is_constant_ ? 0 : row; }
  void Adopt(Type type) {
    if (type == Type::kText || type == Type::kJson) {
      if (bytes_.size() < valid_.size()) bytes_.resize(valid_.size());
    } else if (type == Type::kInterval) {
      if (intervals_.size() < valid_.size()) intervals_.resize(valid_.size());
    } else if (words_.size() < valid_.size()) {
      words_.resize(valid_.size());
    }
    if (type_ == Type::kNull) {
      type_ = type;
    } else if (type_ != Type::kAny) {
      tags_.assign(valid_.size(), type_);
      type_ = Type::kAny;
    }
  }

  Type type_ = Type::kNull;
  bool is_constant_ = false;
  std::vector<uint8_t> valid_;
  std::vector<Type> tags_;               // of a column of type kAny
  std::vector<int64_t> words_;           // booleans, integers, doubles by their bits, timestamps
  std::vector<std::string_view> bytes_;  // text and JSON
  std::vector<Interval> intervals_;
};

}  // namespace tidemark
