#include "recovery/key_query.h"

#include <gtest/gtest.h>

#include <string>

#include "state/state_key.h"

namespace tidemark {
namespace {

std::string KeyOf(const std::string& text, double number) {
  std::string key;
  AppendKeyString(text, key);
  AppendKeyDouble(number, key);
  return key;
}

TEST(KeyQueryTest, JsonIsComparedByValueAndNotBySpelling) {
  std::string five;
  AppendKeyString("a", five);
  AppendKeyInt(5, five);
  for (const char* query : {R"(["a",5])", R"(["a", 5])", " [ \"a\" ,\n5 ] ", R"(["\u0061", 5.0])",
                            R"(["a", 5e0])", "(a, 5)"}) {
    EXPECT_TRUE(KeyQuery(query).Matches(five)) << query;
  }
  for (const char* query : {R"(["a", 6])", R"(["a", "5"])", R"(["a"])", R"(["a", 5, 5])", "5", "",
                            R"(["a", 5] x)", R"(["a", 5)", R"(["b", 5])"}) {
    EXPECT_FALSE(KeyQuery(query).Matches(five)) << query;
  }
  EXPECT_TRUE(KeyQuery(R"(["nl\nz", 1.50])").Matches(KeyOf("nl\nz", 1.5)));
  EXPECT_TRUE(KeyQuery(R"(["\ud83d\ude00\/", -0])").Matches(KeyOf("\xf0\x9f\x98\x80/", 0)));
  EXPECT_TRUE(KeyQuery(R"([{"hex": "ff00"}, 1])").Matches(KeyOf(std::string("\xff\0", 2), 1)));
}

TEST(KeyQueryTest, LargeIntegersAreNotRounded) {
  std::string key;
  AppendKeyInt(9007199254740993, key);
  EXPECT_TRUE(KeyQuery("9007199254740993").Matches(key));
  EXPECT_FALSE(KeyQuery("9007199254740992").Matches(key));
  EXPECT_FALSE(KeyQuery("9007199254740993.0").Matches(key)) << "which is ...992 as a double";
}

TEST(KeyQueryTest, ALoneTextIsFoundWithAndWithoutQuotesAndANumberIsNotThatText) {
  std::string text, number;
  AppendKeyString("5", text);
  AppendKeyInt(5, number);
  EXPECT_TRUE(KeyQuery("\"5\"").Matches(text));
  EXPECT_TRUE(KeyQuery("5").Matches(text));
  EXPECT_TRUE(KeyQuery("5").Matches(number));
  EXPECT_FALSE(KeyQuery("\"5\"").Matches(number));
  EXPECT_NE(FormatUserKey(text), FormatUserKey(number));
}

}  // namespace
}  // namespace tidemark
