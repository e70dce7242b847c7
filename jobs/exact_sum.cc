#include "jobs/exact_sum.h"

#include <cmath>
#include <cstddef>
#include <utility>

namespace tidemark {
namespace {

constexpr double kTwoTo32 = 4294967296.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

bool IsInfinite(const std::vector<double>& parts) {
  return parts.size() == 1 && std::isinf(parts[0]);
}

// Two parts of one sign whose sum is beyond the largest double stay apart, since others may bring
// it back; there is a sum beyond so many of the largest that is infinite for good.
constexpr size_t kBeyondMax = 16;

// What is lost by each addition is kept as a part of its own.
void AddPart(std::vector<double>& parts, double number) {
  if (number == 0 || IsInfinite(parts)) return;
  size_t kept = 0, beyond = 0;
  for (double part : parts) {
    if (std::fabs(number) < std::fabs(part)) std::swap(number, part);
    const double high = number + part;
    if (!std::isfinite(high)) {
      parts[kept++] = part;
      if (++beyond < kBeyondMax) continue;
      parts = {high};
      return;
    }
    const double low = part - (high - number);
    if (low != 0) parts[kept++] = low;
    number = high;
  }
  parts.resize(kept);
  if (number != 0) parts.push_back(number);
}

}  // namespace

void AddTo(ExactSum& sum, int64_t number) {
  int64_t whole = 0;
  if (__builtin_add_overflow(sum.whole, number, &whole)) sum.wraps += number > 0 ? 1 : -1;
  sum.whole = whole;  // which __builtin_add_overflow has wrapped around
}

void AddTo(ExactSum& sum, uint64_t number) {
  // Twice a half, since all of it may be beyond int64_t.
  const auto half = static_cast<int64_t>(number >> 1);
  AddTo(sum, half);
  AddTo(sum, half);
  AddTo(sum, static_cast<int64_t>(number & 1));
}

void AddTo(ExactSum& sum, double number) { AddPart(sum.parts, number); }

void Combine(ExactSum& into, const ExactSum& from) {
  AddTo(into, from.whole);
  into.wraps += from.wraps;
  for (const double part : from.parts) AddPart(into.parts, part);
}

double Rounded(const ExactSum& sum) {
  // Each piece of the whole part has an exact form as a double.
  std::vector<double> parts = sum.parts;
  AddPart(parts, static_cast<double>(sum.wraps) * kTwoTo64);
  AddPart(parts, static_cast<double>(sum.whole >> 32) * kTwoTo32);
  AddPart(parts, static_cast<double>(sum.whole & 0xffffffff));
  if (parts.empty()) return 0;
  size_t left = parts.size() - 1;
  double high = parts[left];
  double low = 0;
  while (left > 0 && low == 0) {
    const double before = high;
    const double part = parts[--left];
    high = before + part;
    low = part - (high - before);
  }
  // Exactly half way the smaller parts decide, which the addition above has not seen.
  if (left > 0 && low != 0 && (low < 0) == (parts[left - 1] < 0)) {
    const double twice = 2 * low;
    const double next = high + twice;
    if (twice == next - high) high = next;
  }
  return high;
}

std::optional<int64_t> WholePart(const ExactSum& sum) {
  return sum.wraps == 0 ? std::optional(sum.whole) : std::nullopt;
}

}  // namespace tidemark
