// Kernels: operators and functions as loops over columns.
//
// A kernel is written as a function of one row, and RowsOf<> makes the loop around it, so that the
// function is inlined and nothing is called through a pointer per row:
//
//   bool SquareRoot(Scalar& s, double& out, double x) {
//     if (x < 0) return s.Fail("cannot take square root of a negative number");
//     out = std::sqrt(x);
//     return true;
//   }
//   constexpr Kernel kSquareRoot = RowsOf<SquareRoot>;
//
// A row with a null among its arguments gives null without a call. The function returns false for
// a null result; Fail() returns false as well, and marks the row.
//
// Thread rule: used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/timestamp.h"
#include "rows/arena.h"
#include "rows/column.h"
#include "rows/json_reader.h"

namespace tidemark {

// The rows of a batch whose evaluation failed, with the first reason of each.
class Faults {
 public:
  void Reset(size_t rows) {
    failed_.assign(rows, 0);
    faults_.clear();
  }
  void Add(uint32_t row, std::string_view what) {
    if (failed_[row] != 0) return;
    failed_[row] = 1;
    faults_.push_back({.row = row, .what = std::string(what), .column = 0});
  }
  bool Has(uint32_t row) const { return failed_[row] != 0; }
  bool empty() const { return faults_.empty(); }
  // In the order in which they were found.
  const std::vector<RowFault>& all() const { return faults_; }

 private:
  std::vector<uint8_t> failed_;
  std::vector<RowFault> faults_;
};

struct KernelContext {
  Arena& arena;  // for bytes of results
  Faults& faults;
};
using Rows = std::span<const uint32_t>;
using Columns = std::span<const Column* const>;
// Sets the result of each of `rows` in `out`, which is all null on entry.
using Kernel = void (*)(KernelContext& context, Columns args, Rows rows, Column& out);

// What the function of one row gets besides its arguments.
struct Scalar {
  Arena& arena;
  Faults& faults;
  uint32_t row = 0;

  bool Fail(std::string_view what) {
    faults.Add(row, what);
    return false;
  }
};

namespace internal {

template <class T>
T ReadAs(const Column& column, size_t row) {
  if constexpr (std::is_same_v<T, Value>) {
    return column.At(row);
  } else if constexpr (std::is_same_v<T, bool>) {
    return column.WordAt(row) != 0;
  } else if constexpr (std::is_same_v<T, double>) {
    return column.DoubleAt(row);
  } else if constexpr (std::is_same_v<T, int64_t>) {
    return column.WordAt(row);
  } else if constexpr (std::is_same_v<T, Timestamp>) {
    return Timestamp{column.WordAt(row)};
  } else if constexpr (std::is_same_v<T, Interval>) {
    return column.IntervalAt(row);
  } else {
    static_assert(std::is_same_v<T, std::string_view>);
    return column.BytesAt(row);
  }
}

inline Value ToValue(const Value& value) { return value; }
inline Value ToValue(std::string_view text) { return Value::Text(text); }
template <class T>
Value ToValue(T value) {
  return Value::Of(value);
}

template <auto F>
struct Loop;

template <class R, class... A, bool (*F)(Scalar&, R&, A...)>
struct Loop<F> {
  static void Run(KernelContext& context, Columns args, Rows rows, Column& out) {
    Run(context, args, rows, out, std::index_sequence_for<A...>());
  }

 private:
  template <size_t... I>
  static void Run(KernelContext& context, Columns args, Rows rows, Column& out,
                  std::index_sequence<I...>) {
    if (((args[I]->type() == Type::kNull) || ...)) return;
    Scalar scalar{.arena = context.arena, .faults = context.faults};
    for (const uint32_t row : rows) {
      if ((args[I]->IsNull(row) || ...)) continue;
      scalar.row = row;
      R result{};
      if (F(scalar, result, ReadAs<A>(*args[I], row)...)) out.Set(row, ToValue(result));
    }
  }
};

}  // namespace internal

// Requires arguments of the function's types; Value takes any.
template <auto F>
inline constexpr Kernel RowsOf = internal::Loop<F>::Run;

}  // namespace tidemark
