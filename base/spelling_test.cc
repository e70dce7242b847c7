#include "base/spelling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/random.h"

namespace tidemark {
namespace {

TEST(Spelling, CountsLettersThatDiffer) {
  EXPECT_EQ(EditDistance("", ""), 0u);
  EXPECT_EQ(EditDistance("", "abc"), 3u);
  EXPECT_EQ(EditDistance("batch", "batch"), 0u);
  EXPECT_EQ(EditDistance("Batch", "bATCH"), 0u);
  EXPECT_EQ(EditDistance("btch", "batch"), 1u);
  EXPECT_EQ(EditDistance("bach", "batch"), 1u);
  EXPECT_EQ(EditDistance("batxh", "batch"), 1u);
  EXPECT_EQ(EditDistance("bacth", "batch"), 1u);  // neighbours swapped
  EXPECT_EQ(EditDistance("sink", "stdout"), 5u);
}

// The distance is a metric on the words it is asked about, whichever way it is asked.
TEST(Spelling, IsTheSameInBothDirections) {
  Random random(7);
  const auto word = [&] {
    std::string text;
    for (uint64_t n = random.Below(8); n > 0; --n) text += "abc"[random.Below(3)];
    return text;
  };
  for (int i = 0; i < 2000; ++i) {
    const std::string a = word(), b = word();
    EXPECT_EQ(EditDistance(a, b), EditDistance(b, a)) << a << " " << b;
    EXPECT_LE(EditDistance(a, b), std::max(a.size(), b.size()));
    EXPECT_EQ(EditDistance(a, b) == 0, a == b);
  }
}

TEST(Spelling, SuggestsOnlyWhatIsNear) {
  constexpr std::array<std::string_view, 4> kWords = {"name", "max_items", "max_wait", "as"};
  EXPECT_EQ(ClosestWord("max_item", kWords), "max_items");
  EXPECT_EQ(ClosestWord("maxitems", kWords), "max_items");
  EXPECT_EQ(ClosestWord("max-wait", kWords), "max_wait");
  EXPECT_EQ(ClosestWord("nmae", kWords), "name");
  EXPECT_EQ(ClosestWord("a", kWords), "as");
  EXPECT_EQ(ClosestWord("timeout", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord("xy", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord("", kWords), std::nullopt);
  EXPECT_EQ(ClosestWord(std::string(1000, 'x'), kWords), std::nullopt);
}

}  // namespace
}  // namespace tidemark
