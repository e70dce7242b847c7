#include "state/schema_widening.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "state/value_codec.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

enum class Level : int16_t { kLow = -3, kHigh = 7 };
enum class WideLevel : int64_t {};

struct Chain {
  uint16_t n = 0;
  std::unique_ptr<Chain> next;
};
struct Before {
  std::string name;
  int16_t low = 0;
  uint32_t count = 0;
  std::vector<int32_t> list;
  std::map<uint16_t, std::optional<int32_t>> map;
  Level level = Level::kLow;
  Chain chain;
};

struct WideChain {
  uint64_t n = 0;
  std::unique_ptr<WideChain> next;
};
struct After {
  std::string name;
  int64_t low = 0;
  uint64_t count = 0;
  std::vector<int64_t> list;
  std::map<uint32_t, std::optional<int64_t>> map;
  WideLevel level{};
  WideChain chain;
};

template <class Old, class New>
std::optional<std::vector<std::string>> Widens() {
  return Widening(SchemaOf<Old>(), SchemaOf<New>());
}

TEST(Widening, NamesWhatBecameWider) {
  EXPECT_THAT(
      *(Widens<Before, After>()),
      ElementsAre("field 'low' changed from i16 to i64", "field 'count' changed from u32 to u64",
                  "field 'list' changed from list<i32> to list<i64>",
                  "field 'map' changed from map<u16, optional<i32>> to map<u32, "
                  "optional<i64>>",
                  ::testing::StartsWith("field 'level' changed from "),
                  "field 'chain.n' changed from u16 to u64"));
}

TEST(Widening, AVariantMayHaveFurtherAlternativesAfterItsOldOnes) {
  using Old = std::vector<std::variant<std::monostate, int64_t>>;
  using New = std::vector<std::variant<std::monostate, int64_t, std::string>>;
  EXPECT_THAT(*(Widens<Old, New>()), ElementsAre("value changed from list<variant<null, i64>> to "
                                                 "list<variant<null, i64, string>>"));
  EXPECT_EQ((Widens<New, Old>()), std::nullopt) << "a stored text would have no alternative";
  EXPECT_EQ((Widens<Old, std::vector<std::variant<std::string, std::monostate, int64_t>>>()),
            std::nullopt);
  EXPECT_EQ((Widens<std::variant<std::monostate>, std::variant<std::monostate, Chain>>()),
            std::nullopt);
  New read;
  ASSERT_TRUE(DecodeAll(EncodeToString(Old{std::monostate(), int64_t{-7}}), read).ok());
  EXPECT_EQ(read, (New{std::monostate(), int64_t{-7}}));
}

// What it is all about: the bytes of the old type are those of the new one.
TEST(Widening, OldBytesAreReadAsWhatTheyWere) {
  Before before;
  before.name = "x";
  before.low = std::numeric_limits<int16_t>::min();
  before.count = std::numeric_limits<uint32_t>::max();
  before.list = {0, -1, std::numeric_limits<int32_t>::min(), std::numeric_limits<int32_t>::max()};
  before.map = {{0, std::nullopt}, {65535, -7}};
  before.level = Level::kHigh;
  before.chain.n = 300;
  before.chain.next = std::make_unique<Chain>();
  before.chain.next->n = 65535;
  After after;
  ASSERT_TRUE(DecodeAll(EncodeToString(before), after).ok());
  EXPECT_EQ(after.name, "x");
  EXPECT_EQ(after.low, -32768);
  EXPECT_EQ(after.count, 4294967295u);
  EXPECT_THAT(after.list, ElementsAre(0, -1, -2147483648LL, 2147483647));
  EXPECT_EQ(after.map.at(65535), -7);
  EXPECT_EQ(after.map.at(0), std::nullopt);
  EXPECT_EQ(static_cast<int64_t>(after.level), 7);
  EXPECT_EQ(after.chain.n, 300u);
  EXPECT_EQ(after.chain.next->n, 65535u);
}

struct Count {
  int32_t n = 0;
};
struct Tally {  // another name, the same fields
  int32_t n = 0;
};
struct Narrow {
  int16_t n = 0;
};
struct Unsigned {
  uint64_t n = 0;
};
struct Float {
  double n = 0;
};
struct Byte {
  uint8_t n = 0;
};
struct Word {
  uint16_t n = 0;
};
struct Two {
  int64_t n = 0;
  int64_t m = 0;
};

TEST(Widening, NothingButWidthMayChange) {
  EXPECT_THAT(*(Widens<Count, Count>()), IsEmpty());
  EXPECT_THAT(*(Widens<Count, Tally>()), IsEmpty()) << "names of structs mean nothing";
  EXPECT_EQ((Widens<Count, Narrow>()), std::nullopt);
  EXPECT_EQ((Widens<Count, Unsigned>()), std::nullopt);
  EXPECT_EQ((Widens<Count, Float>()), std::nullopt);
  EXPECT_EQ((Widens<Byte, Word>()), std::nullopt) << "a byte is stored as it lies";
  EXPECT_EQ((Widens<Count, Two>()), std::nullopt) << "one field wider, and another one new";
  EXPECT_EQ((Widens<Two, Count>()), std::nullopt);
  EXPECT_EQ((Widens<float, double>()), std::nullopt);
  EXPECT_EQ((Widens<int32_t, std::string>()), std::nullopt);
}

}  // namespace
}  // namespace tidemark
