#include "rows/expr/compare.h"

#include <algorithm>
#include <string>

#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

int Sign(auto a, auto b) { return a < b ? -1 : a > b ? 1 : 0; }

__int128 Microseconds(Interval v) {
  constexpr int64_t kDay = 86'400'000'000;
  return (__int128{v.months} * 30 + v.days) * kDay + v.us;
}

bool IsBigNumber(const Value& value) {
  return value.type() == Type::kJson && !value.AsJson().starts_with('{') &&
         !value.AsJson().starts_with('[');
}

Decimal ToDecimalOf(const Value& value) {
  std::string digits;
  AppendText(value, digits);
  return ParseDecimal(digits);
}

bool FailCompare(Faults& faults, uint32_t row, const Value& a, const Value& b) {
  faults.Add(row, Cat("cannot compare ", Describe(a), " with ", Describe(b)));
  return false;
}

// ---- the six operators ----------------------------------------

struct Equal {
  static bool Of(int order) { return order == 0; }
};
struct NotEqual {
  static bool Of(int order) { return order != 0; }
};
struct Less {
  static bool Of(int order) { return order < 0; }
};
struct LessOrEqual {
  static bool Of(int order) { return order <= 0; }
};
struct Greater {
  static bool Of(int order) { return order > 0; }
};
struct GreaterOrEqual {
  static bool Of(int order) { return order >= 0; }
};

template <class Op, class Get>
void CompareTyped(Columns args, Rows rows, Column& out, Get get) {
  const Column& a = *args[0];
  const Column& b = *args[1];
  out.Begin(Type::kBool);
  for (const uint32_t row : rows) {
    if (a.IsNull(row) || b.IsNull(row)) continue;
    out.SetWord(row, Op::Of(Sign(get(a, row), get(b, row))) ? 1 : 0);
  }
}

template <class Op>
bool CompareAny(Scalar& s, bool& out, Value a, Value b) {
  const auto order = CompareValues(a, b);
  if (!order) return FailCompare(s.faults, s.row, a, b);
  out = Op::Of(*order);
  return true;
}

template <class Op>
void Compare(KernelContext& context, Columns args, Rows rows, Column& out) {
  const Type type = args[0]->type();
  if (type != args[1]->type()) return RowsOf<CompareAny<Op>>(context, args, rows, out);
  switch (type) {
    case Type::kInt64:
    case Type::kTimestamp:
    case Type::kBool:
      return CompareTyped<Op>(args, rows, out,
                              [](const Column& c, size_t row) { return c.WordAt(row); });
    case Type::kDouble:
      return CompareTyped<Op>(args, rows, out,
                              [](const Column& c, size_t row) { return c.DoubleAt(row); });
    case Type::kText:
      return CompareTyped<Op>(args, rows, out,
                              [](const Column& c, size_t row) { return c.BytesAt(row); });
    default:
      return RowsOf<CompareAny<Op>>(context, args, rows, out);
  }
}

// ---- functions that compare ----------------------------------------

void IsDistinctFrom(KernelContext& context, Columns args, Rows rows, Column& out) {
  for (const uint32_t row : rows) {
    const Value a = args[0]->At(row);
    const Value b = args[1]->At(row);
    if (a.is_null() || b.is_null()) {
      out.Set(row, Value::Of(a.is_null() != b.is_null()));
      continue;
    }
    const auto order = CompareValues(a, b);
    if (order) {
      out.Set(row, Value::Of(*order != 0));
    } else {
      FailCompare(context.faults, row, a, b);
    }
  }
}

// True if an item is equal; otherwise null if one is null.
void In(KernelContext& context, Columns args, Rows rows, Column& out) {
  for (const uint32_t row : rows) {
    const Value x = args[0]->At(row);
    if (x.is_null()) continue;
    bool found = false;
    bool has_null = false;
    for (size_t i = 1; i < args.size() && !found; ++i) {
      const Value item = args[i]->At(row);
      has_null = has_null || item.is_null();
      if (item.is_null()) continue;
      const auto order = CompareValues(x, item);
      if (!order) FailCompare(context.faults, row, x, item);
      found = order == 0;
    }
    if (found || !has_null) out.Set(row, Value::Of(found));
  }
}

void NullIf(KernelContext& context, Columns args, Rows rows, Column& out) {
  for (const uint32_t row : rows) {
    const Value a = args[0]->At(row);
    const Value b = args[1]->At(row);
    if (a.is_null() || b.is_null()) {
      out.Set(row, a);
      continue;
    }
    const auto order = CompareValues(a, b);
    if (!order) FailCompare(context.faults, row, a, b);
    if (order != 0) out.Set(row, a);
  }
}

// Nulls are ignored; of equal values the first is taken.
template <int kDirection>
void Extreme(KernelContext& context, Columns args, Rows rows, Column& out) {
  for (const uint32_t row : rows) {
    Value best;
    for (const Column* column : args) {
      const Value value = column->At(row);
      if (value.is_null()) continue;
      if (best.is_null()) {
        best = value;
        continue;
      }
      const auto order = CompareValues(value, best);
      if (!order) FailCompare(context.faults, row, value, best);
      if (order.value_or(0) * kDirection > 0) best = value;
    }
    out.Set(row, best);
  }
}

}  // namespace

std::optional<int> CompareValues(const Value& a, const Value& b) {
  if (a.is_number() && b.is_number()) {
    // A long double holds both exactly.
    const auto exact = [](const Value& v) {
      return v.type() == Type::kInt64 ? static_cast<long double>(v.AsInt())
                                      : static_cast<long double>(v.AsDouble());
    };
    return Sign(exact(a), exact(b));
  }
  if ((a.is_number() || IsBigNumber(a)) && (b.is_number() || IsBigNumber(b))) {
    return Compare(ToDecimalOf(a), ToDecimalOf(b));
  }
  if (a.type() != b.type()) return std::nullopt;
  switch (a.type()) {
    case Type::kBool:
    case Type::kTimestamp:
      return Sign(a.word(), b.word());
    case Type::kText:
      return Sign(a.AsText(), b.AsText());
    case Type::kInterval:
      return Sign(Microseconds(a.AsInterval()), Microseconds(b.AsInterval()));
    default:
      return std::nullopt;  // objects and arrays have no order
  }
}

std::optional<Kernel> ComparisonNamed(std::string_view name) {
  if (name == "=") return Compare<Equal>;
  if (name == "<>") return Compare<NotEqual>;
  if (name == "<") return Compare<Less>;
  if (name == "<=") return Compare<LessOrEqual>;
  if (name == ">") return Compare<Greater>;
  if (name == ">=") return Compare<GreaterOrEqual>;
  return std::nullopt;
}

std::optional<Kernel> ComparingFunctionNamed(std::string_view name) {
  if (name == "is distinct from") return IsDistinctFrom;
  if (name == "in") return In;
  if (name == "nullif") return NullIf;
  if (name == "greatest") return Extreme<1>;
  if (name == "least") return Extreme<-1>;
  return std::nullopt;
}

}  // namespace tidemark
