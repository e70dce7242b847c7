#include "base/stable_hash.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

// These numbers are in every state directory ever written: a change here is a change of format.
TEST(StableHash, NeverChanges) {
  EXPECT_EQ(StableHash(""), 0x2d06800538d394c2u);
  EXPECT_EQ(StableHash("tidemark"), StableHash(std::string_view("tidemark\0", 8)));
  EXPECT_NE(StableHash("tidemark"), StableHash(std::string_view("tidemark\0", 9)));
}

}  // namespace
}  // namespace tidemark
