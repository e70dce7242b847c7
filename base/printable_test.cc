#include "base/printable.h"

#include <gtest/gtest.h>

#include <string>

#include "base/random.h"

namespace tidemark {
namespace {

TEST(Printable, WhatCanBeSeenStaysAsItIs) {
  for (const char* text : {"", "a b", "größe", "東京", "\\n \"x\" 'y'",
                           "👩‍👩‍👧 🏳️‍🌈", "عربى", "~"}) {
    EXPECT_EQ(Printable(text), text);
  }
}

TEST(Printable, ControlCharactersAreEscapedAsInJson) {
  EXPECT_EQ(Printable("a\nb\rc\td"), "a\\nb\\rc\\td");
  EXPECT_EQ(Printable(std::string("\0\x01\x1f", 3)), "\\u0000\\u0001\\u001f");
  EXPECT_EQ(Printable("\x1b[2J\x1b]0;title\x07"), "\\u001b[2J\\u001b]0;title\\u0007");
  EXPECT_EQ(Printable("\x7f"), "\\u007f");
  EXPECT_EQ(Printable("\u0085\u009b31m"), "\\u0085\\u009b31m");
}

TEST(Printable, WhatTurnsOrHidesTextIsEscaped) {
  EXPECT_EQ(Printable("\u202egnp.exe"), "\\u202egnp.exe");
  EXPECT_EQ(Printable("\u2066a\u2069\u200e\u200f\u061c"), "\\u2066a\\u2069\\u200e\\u200f\\u061c");
  EXPECT_EQ(Printable("a\u2028b\u2029"), "a\\u2028b\\u2029");
  EXPECT_EQ(Printable("\ufeffk\u200bk\u00ad"), "\\ufeffk\\u200bk\\u00ad");
  EXPECT_EQ(Printable("\U000e0041"), "\\udb40\\udc41");
}

TEST(Printable, BytesThatAreNotUtf8AreShownOneByOne) {
  EXPECT_EQ(Printable("\xff\xfe"), "\\xff\\xfe");
  EXPECT_EQ(Printable("a\xc3"), "a\\xc3");                  // cut off
  EXPECT_EQ(Printable("\xc0\x9b"), "\\xc0\\x9b");           // ESC in a longer form
  EXPECT_EQ(Printable("\xe0\x82\x9b"), "\\xe0\\x82\\x9b");  // CSI in a longer form
  EXPECT_EQ(Printable("\xed\xa0\xbd"), "\\xed\\xa0\\xbd");  // half a surrogate pair
  EXPECT_EQ(Printable("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");
  EXPECT_EQ(Printable("\x9b"
                      "31m"),
            "\\x9b31m");  // CSI of an 8-bit terminal
}

// Whatever goes in, one harmless line comes out, and is left alone the second time.
TEST(Printable, AnyBytesGiveOneLineThatStaysTheSame) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string text;
    for (uint64_t n = random.Below(9); n > 0; --n) {
      constexpr uint8_t kOften[] = {0x1b, 0xc2, 0x85, 0xe2, 0x80, 0xae, 0xf3, 0xa0, 0x81, 0x0a};
      const uint64_t pick = random.Below(20);
      text += static_cast<char>(pick < 10 ? kOften[pick] : random.Below(256));
    }
    const std::string shown = Printable(text);
    for (const char c : shown) {
      const auto byte = static_cast<uint8_t>(c);
      ASSERT_TRUE(byte >= 0x20 && byte != 0x7f) << shown;
    }
    ASSERT_EQ(Printable(shown), shown);
  }
}

}  // namespace
}  // namespace tidemark
