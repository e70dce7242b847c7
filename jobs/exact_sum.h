// ExactSum: a sum of numbers that is the same in whatever order they come.
//
//   ExactSum sum;
//   AddTo(sum, 0.1);
//   AddTo(sum, int64_t{2});
//   Combine(sum, other);       // of other numbers
//   Rounded(sum);              // the double nearest to the true sum
//
// Windows that overlap share what was summed of their parts, and those are put together in another
// order than the rows came in. Plain addition of doubles would then give other last digits. So
// nothing is rounded before the end: whole numbers are added in 128 bits, others in parts that do
// not overlap (J. R. Shewchuk, Adaptive Precision Floating-Point Arithmetic, 1997). Most sums have
// one or two parts.
//
// Only where a sum of parts leaves the range of a double, which is 1.8e308, does the order count:
// it is infinite from there on.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace tidemark {

struct ExactSum {
  int64_t whole = 0;               // the lower 64 bits of the whole numbers' sum, with a sign,
  int64_t wraps = 0;               // and how many times 2^64 has to be added to it
  std::vector<double> parts = {};  // of all others; ascending, none of them zero
};

void AddTo(ExactSum& sum, int64_t number);
void AddTo(ExactSum& sum, uint64_t number);
// Finite; one that is whole counts as another number.
void AddTo(ExactSum& sum, double number);
void Combine(ExactSum& into, const ExactSum& from);

// Ties go to the even one, as everywhere.
double Rounded(const ExactSum& sum);
// The sum of the whole numbers, while it fits.
std::optional<int64_t> WholePart(const ExactSum& sum);

}  // namespace tidemark
