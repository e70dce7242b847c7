#include "base/spelling.h"

#include <algorithm>
#include <vector>

#include "absl/strings/ascii.h"

namespace tidemark {
namespace {

// Nobody misspells a word of this length by chance, and the table below is quadratic in it.
constexpr size_t kWordMax = 64;

bool Same(char a, char b) { return absl::ascii_tolower(a) == absl::ascii_tolower(b); }

}  // namespace

size_t EditDistance(std::string_view a, std::string_view b) {
  // Row i of the table holds the distances of a's first i letters to each beginning of b; a swap
  // looks two rows back.
  const size_t width = b.size() + 1;
  std::vector<size_t> table((a.size() + 1) * width);
  const auto at = [&](size_t i, size_t j) -> size_t& { return table[i * width + j]; };
  for (size_t i = 0; i <= a.size(); ++i) at(i, 0) = i;
  for (size_t j = 0; j <= b.size(); ++j) at(0, j) = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = at(i - 1, j - 1) + (Same(a[i - 1], b[j - 1]) ? 0 : 1);
      at(i, j) = std::min({replaced, at(i - 1, j) + 1, at(i, j - 1) + 1});
      const bool swapped = i > 1 && j > 1 && Same(a[i - 1], b[j - 2]) && Same(a[i - 2], b[j - 1]);
      if (swapped) at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
    }
  }
  return at(a.size(), b.size());
}

std::optional<std::string_view> ClosestWord(std::string_view word,
                                            std::span<const std::string_view> words) {
  std::optional<std::string_view> closest;
  size_t closest_distance = 0;
  if (word.empty() || word.size() > kWordMax) return closest;
  for (const std::string_view candidate : words) {
    const size_t distance = EditDistance(word, candidate);
    const size_t distance_max = std::max<size_t>(1, std::max(word.size(), candidate.size()) / 3);
    // A word of which nothing is left would resemble every other one.
    if (distance > distance_max || distance >= candidate.size()) continue;
    if (closest.has_value() && distance >= closest_distance) continue;
    closest = candidate;
    closest_distance = distance;
  }
  return closest;
}

std::string ListOf(std::span<const std::string_view> words) {
  std::string list;
  for (const std::string_view word : words) {
    if (!list.empty()) list += ", ";
    list += word;
  }
  return list;
}

}  // namespace tidemark
