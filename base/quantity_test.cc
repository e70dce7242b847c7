#include "base/quantity.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

TEST(Quantity, ReadsWhatPeopleWrite) {
  EXPECT_EQ(*ParseBytes("64"), 64u);
  EXPECT_EQ(*ParseBytes("64B"), 64u);
  EXPECT_EQ(*ParseBytes("1.5KiB"), 1536u);
  EXPECT_EQ(*ParseBytes("512 MiB"), 512u << 20);
  EXPECT_EQ(*ParseBytes("2GB"), 2'000'000'000u);
  for (const char* bad : {"", "MiB", "-1", "1XB", "1e9", "99999999999TiB", "1.2.3"}) {
    EXPECT_FALSE(ParseBytes(bad).ok()) << bad;
  }
}

TEST(Quantity, WritesWhatPeopleRead) {
  EXPECT_EQ(FormatBytes(17), "17 B");
  EXPECT_EQ(FormatBytes(30'822), "30.1 KiB");
  EXPECT_EQ(FormatBytes(uint64_t{5} << 30), "5.0 GiB");
  EXPECT_EQ(FormatCount(0), "0");
  EXPECT_EQ(FormatCount(999), "999");
  EXPECT_EQ(FormatCount(1'234'567), "1,234,567");
}

}  // namespace
}  // namespace tidemark
