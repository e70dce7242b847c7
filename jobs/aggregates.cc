#include "jobs/aggregates.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <type_traits>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "jobs/job_key.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using aggregate::Avg;
using aggregate::Collect;
using aggregate::Count;
using aggregate::CountDistinct;
using aggregate::First;
using aggregate::Last;
using aggregate::Max;
using aggregate::Min;
using aggregate::State;
using aggregate::Sum;

// The first doubles beyond int64_t and uint64_t.
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

bool IsNull(const JsonScalar& scalar) { return std::holds_alternative<std::monostate>(scalar); }

// ---- comparing -----------------------------------------

int RankOf(const JsonScalar& scalar) {
  if (IsNull(scalar)) return 0;
  if (std::holds_alternative<bool>(scalar)) return 1;
  return std::holds_alternative<std::string>(scalar) ? 3 : 2;
}

Decimal DecimalOf(const JsonScalar& number) {
  if (const auto* large = std::get_if<JsonNumber>(&number)) return ParseDecimal(large->text);
  if (const auto* real = std::get_if<double>(&number)) return ToDecimal(*real);
  std::string digits;
  AppendScalarJson(number, digits);
  return ParseDecimal(digits);
}

// Numbers that are in one form: a double is not an integer of 64 bits.
bool NumberLess(const JsonScalar& a, const JsonScalar& b) {
  if (std::holds_alternative<JsonNumber>(a) || std::holds_alternative<JsonNumber>(b)) {
    return Compare(DecimalOf(a), DecimalOf(b)) < 0;
  }
  return std::visit(
      [](const auto& x, const auto& y) {
        using X = std::decay_t<decltype(x)>;
        using Y = std::decay_t<decltype(y)>;
        constexpr bool kNumbers = std::is_arithmetic_v<X> && std::is_arithmetic_v<Y>;
        if constexpr (!kNumbers) {
          return false;
        } else if constexpr (std::is_same_v<X, Y>) {
          return x < y;
        } else if constexpr (std::is_same_v<X, double>) {
          // Between x and its floor there is no integer, so the floor decides.
          if (x >= kTwoTo64) return false;
          if (x < -kTwoTo63) return true;
          return static_cast<__int128>(std::floor(x)) < static_cast<__int128>(y);
        } else if constexpr (std::is_same_v<Y, double>) {
          if (y >= kTwoTo64) return true;
          if (y < -kTwoTo63) return false;
          return static_cast<__int128>(x) < static_cast<__int128>(std::ceil(y));
        } else {
          return static_cast<__int128>(x) < static_cast<__int128>(y);
        }
      },
      a, b);
}

// ---- sums ----------------------------------------------

void AddNumber(const JsonScalar& scalar, Sum& sum) {
  const JsonScalar number = OneForm(scalar);
  ++sum.values;
  if (const auto* whole = std::get_if<int64_t>(&number)) return AddTo(sum.sum, *whole);
  if (const auto* large = std::get_if<uint64_t>(&number)) return AddTo(sum.sum, *large);
  if (const auto* real = std::get_if<double>(&number)) AddTo(sum.sum, *real);
  sum.is_whole = false;
}

void MergeSums(const Sum& from, Sum& into) {
  into.values += from.values;
  Combine(into.sum, from.sum);
  into.is_whole = into.is_whole && from.is_whole;
}

// ---- each aggregate ------------------------------------

// Equal numbers are told apart by how they are written alone, so that it does not count which one
// came first.
int FormRank(const JsonScalar& scalar) {
  if (std::holds_alternative<int64_t>(scalar)) return 0;
  if (std::holds_alternative<uint64_t>(scalar)) return 1;
  if (const auto* large = std::get_if<JsonNumber>(&scalar)) {
    return large->text.find('e') == std::string::npos ? 1 : 2;
  }
  const auto* real = std::get_if<double>(&scalar);
  return real != nullptr && std::signbit(*real) ? 4 : 3;
}

void TakeBetter(JsonScalar value, bool is_better, bool is_worse, JsonScalar& held) {
  if (is_better || (!is_worse && FormRank(value) < FormRank(held))) held = std::move(value);
}
void TakeLess(JsonScalar value, JsonScalar& held) {
  const bool is_less = IsNull(held) || ScalarLess(value, held);
  const bool is_greater = ScalarLess(held, value);
  TakeBetter(std::move(value), is_less, is_greater, held);
}
void TakeGreater(JsonScalar value, JsonScalar& held) {
  const bool is_greater = IsNull(held) || ScalarLess(held, value);
  const bool is_less = ScalarLess(value, held);
  TakeBetter(std::move(value), is_greater, is_less, held);
}

// One value that is not null.
struct Adder {
  const JsonScalar& value;

  void operator()(Count& count) const { ++count.values; }
  void operator()(Sum& sum) const { AddNumber(value, sum); }
  void operator()(Avg& avg) const { AddNumber(value, avg.sum); }
  void operator()(Min& min) const { TakeLess(value, min.value); }
  void operator()(Max& max) const { TakeGreater(value, max.value); }
  void operator()(First& first) const {
    if (IsNull(first.value)) first.value = value;
  }
  void operator()(Last& last) const { last.value = value; }
  void operator()(Collect& list) const { list.values.push_back(value); }
  void operator()(CountDistinct& set) const { set.values.insert(OneForm(value)); }
};

// The later state of the same kind.
struct Merger {
  State& from;

  void operator()(Count& count) const { count.values += std::get<Count>(from).values; }
  void operator()(Sum& sum) const { MergeSums(std::get<Sum>(from), sum); }
  void operator()(Avg& avg) const { MergeSums(std::get<Avg>(from).sum, avg.sum); }
  void operator()(Min& min) const {
    JsonScalar& other = std::get<Min>(from).value;
    if (!IsNull(other)) TakeLess(std::move(other), min.value);
  }
  void operator()(Max& max) const {
    JsonScalar& other = std::get<Max>(from).value;
    if (!IsNull(other)) TakeGreater(std::move(other), max.value);
  }
  void operator()(First& first) const {
    if (IsNull(first.value)) first.value = std::move(std::get<First>(from).value);
  }
  void operator()(Last& last) const {
    JsonScalar& other = std::get<Last>(from).value;
    if (!IsNull(other)) last.value = std::move(other);
  }
  void operator()(Collect& list) const {
    for (JsonScalar& value : std::get<Collect>(from).values) {
      list.values.push_back(std::move(value));
    }
  }
  void operator()(CountDistinct& set) const {
    set.values.merge(std::get<CountDistinct>(from).values);
  }
};

// The result as JSON.
struct Writer {
  std::string& out;

  void operator()(const Count& count) const { out += Cat(count.values); }
  void operator()(const Sum& sum) const {
    if (sum.values == 0) {
      out += "null";
    } else if (const auto whole = WholePart(sum.sum); sum.is_whole && whole.has_value()) {
      out += Cat(*whole);
    } else {
      AppendJsonDouble(Rounded(sum.sum), out);
    }
  }
  void operator()(const Avg& avg) const {
    if (avg.sum.values == 0) {
      out += "null";
    } else {
      AppendJsonDouble(Rounded(avg.sum.sum) / static_cast<double>(avg.sum.values), out);
    }
  }
  void operator()(const Min& min) const { AppendScalarJson(min.value, out); }
  void operator()(const Max& max) const { AppendScalarJson(max.value, out); }
  void operator()(const First& first) const { AppendScalarJson(first.value, out); }
  void operator()(const Last& last) const { AppendScalarJson(last.value, out); }
  void operator()(const Collect& list) const {
    if (list.values.empty()) {
      out += "null";
      return;
    }
    out += '[';
    for (size_t i = 0; i < list.values.size(); ++i) {
      if (i > 0) out += ", ";
      AppendScalarJson(list.values[i], out);
    }
    out += ']';
  }
  void operator()(const CountDistinct& set) const { out += Cat(set.values.size()); }
};

State Empty(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::kCount:
      return Count();
    case AggregateKind::kSum:
      return Sum();
    case AggregateKind::kMin:
      return Min();
    case AggregateKind::kMax:
      return Max();
    case AggregateKind::kAvg:
      return Avg();
    case AggregateKind::kFirst:
      return First();
    case AggregateKind::kLast:
      return Last();
    case AggregateKind::kCollect:
      return Collect();
    case AggregateKind::kCountDistinct:
      return CountDistinct();
  }
  return Count();
}

// What is stored was made by these aggregates, which the source's position has seen to; otherwise
// the state was damaged by hand, and a wrong result would be worse than none.
void ExpectSame(bool same) {
  if (!same) throw std::runtime_error("the stored window was made by other aggregates");
}

}  // namespace

bool ScalarLess(const JsonScalar& a, const JsonScalar& b) {
  const int rank = RankOf(a);
  if (rank != RankOf(b)) return rank < RankOf(b);
  return rank == 2 ? NumberLess(OneForm(a), OneForm(b)) : a < b;
}

JsonScalar OneForm(const JsonScalar& scalar) {
  if (const auto* large = std::get_if<uint64_t>(&scalar)) {
    if (*large <= static_cast<uint64_t>(INT64_MAX)) return static_cast<int64_t>(*large);
  }
  if (const auto* large = std::get_if<JsonNumber>(&scalar)) {
    const Decimal exact = ParseDecimal(large->text);
    double real = 0;
    const bool fits = absl::SimpleAtod(ToAbsl(large->text), &real) && std::isfinite(real) &&
                      Compare(exact, ToDecimal(real)) == 0;
    return fits ? JsonScalar(real) : JsonScalar(JsonNumber{CanonicalText(exact)});
  }
  const auto* real = std::get_if<double>(&scalar);
  if (real == nullptr || *real != std::trunc(*real)) return scalar;
  if (*real >= -kTwoTo63 && *real < kTwoTo63) return static_cast<int64_t>(*real);
  if (*real >= kTwoTo63 && *real < kTwoTo64) return static_cast<uint64_t>(*real);
  return scalar;
}

// A scalar is what a part of a key can be, or a number too large for one.
void AppendScalarJson(const JsonScalar& scalar, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        if constexpr (std::is_same_v<std::decay_t<decltype(value)>, JsonNumber>) {
          out += value.text;
        } else {
          AppendKeyPartJson(KeyPart(value), out);
        }
      },
      scalar);
}

Aggregates::Aggregates(std::vector<AggregateSpec> specs) {
  for (AggregateSpec& spec : specs) {
    combines_ = combines_ && !DependsOnOrder(spec.kind);
    size_t field = kNone;
    if (spec.field.has_value()) {
      const auto known = std::find_if(fields_.begin(), fields_.end(),
                                      [&](const Field& f) { return f.path == *spec.field; });
      field = static_cast<size_t>(known - fields_.begin());
      if (known == fields_.end()) fields_.push_back({.path = *spec.field});
      fields_[field].must_be_number |= TakesNumbers(spec.kind);
    }
    std::string label;
    AppendJsonString(spec.name, label);
    labels_.emplace_back(spec.name, label + ": ");
    steps_.try_emplace(std::move(spec.name), Step{.kind = spec.kind, .field = field});
  }
}

Aggregates::Acc Aggregates::Init() const {
  Acc acc;
  for (const auto& [name, step] : steps_) acc.emplace_hint(acc.end(), name, Empty(step.kind));
  return acc;
}

void Aggregates::Add(const WindowRow& row, Acc& acc) const {
  static const JsonScalar kRow = true;  // every row counts
  ExpectSame(acc.size() == steps_.size() && row.values.size() == fields_.size());
  auto state = acc.begin();
  for (const auto& [name, step] : steps_) {
    const JsonScalar& value = step.field == kNone ? kRow : row.values[step.field];
    if (!IsNull(value)) std::visit(Adder{value}, state->second);
    ++state;
  }
}

void Aggregates::Merge(Acc from, Acc& into) const {
  ExpectSame(into.size() == from.size());
  auto other = from.begin();
  for (auto& [name, state] : into) std::visit(Merger{(other++)->second}, state);
}

void Aggregates::AppendJson(const Acc& acc, std::string& out) const {
  for (size_t i = 0; i < labels_.size(); ++i) {
    const auto& [name, label] = labels_[i];
    const auto state = acc.find(name);
    ExpectSame(state != acc.end());
    out += i > 0 ? ", " : "";
    out += label;
    std::visit(Writer{out}, state->second);
  }
}

}  // namespace tidemark
