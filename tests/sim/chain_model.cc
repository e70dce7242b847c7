// Windows over windows as sums over the items: no clocks, no order, nothing late.

#include <utility>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/status.h"
#include "tests/sim/sim_setup.h"

namespace tidemark::sim {
namespace {

// By key and window id; times are behind 1970.
using Sums = std::map<std::pair<std::string, int64_t>, int64_t>;

std::vector<std::string> Lines(const Sums& sums, int64_t length_us, int64_t offset_us) {
  std::vector<std::string> lines;
  for (const auto& [window, sum] : sums) {
    const int64_t open = window.second * offset_us;
    lines.push_back(
        Cat(window.first, "|#", window.second, " ", open, "..", open + length_us, " ", sum));
  }
  return lines;
}

}  // namespace

Outputs ChainOutputs(const Setup& setup) {
  const int64_t length_us = setup.flow.length_s * 1'000'000;
  Sums first, second;
  for (const auto& items : setup.items) {
    for (const std::string& line : items) {
      const std::vector<std::string> parts = absl::StrSplit(line, ',');
      int64_t number = 0, at_us = 0;
      const bool good =
          absl::SimpleAtoi(parts.at(1), &number) && absl::SimpleAtoi(parts.at(2), &at_us);
      TM_CHECK(good, "an item has a number and a time");
      first[{parts.at(0), at_us / length_us}] += number;
    }
  }
  for (const auto& [window, sum] : first) {
    // The result's time is a microsecond before its close: in the second windows that begin with
    // this one and with the two before it.
    for (int64_t id = window.second - 2; id <= window.second; ++id) {
      second[{Cat("sum", sum % 3), id}] += sum;
    }
  }
  return {{"first", Lines(first, length_us, length_us)},
          {"out", Lines(second, 3 * length_us, length_us)},
          {"late", {}}};
}

}  // namespace tidemark::sim
