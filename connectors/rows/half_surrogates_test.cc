#include "connectors/rows/half_surrogates.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace tidemark {
namespace {

constexpr char kFirst[] = "\xef\xb7\x90";   // U+FDD0
constexpr char kSecond[] = "\xef\xb7\x91";  // U+FDD1

TEST(HalfSurrogates, PairsAndOtherTextStayAsTheyAre) {
  for (const std::string& text : std::vector<std::string>{
           R"({})", R"("\ud83d\ude00")", R"("\\ud800")", R"("\\\\udc00")", R"("\u00e4\n")"}) {
    std::string marked = text;
    EXPECT_EQ(MarkHalfSurrogates(marked), "") << text;
    EXPECT_EQ(marked, text);
  }
}

TEST(HalfSurrogates, HalvesBecomeACharacterThatTheTextDoesNotHave) {
  const std::string mark = kFirst;
  for (const auto& [text, expected] : std::vector<std::pair<std::string, std::string>>{
           {R"("x\ud800y")", "\"x" + mark + "y\""},
           {R"("\uDC00")", "\"" + mark + "\""},
           {R"("\\\ud83d")", R"("\\)" + mark + "\""},
           {R"("\ud83d\u0041")", "\"" + mark + R"(\u0041")"},
           {R"("\ud83d\ud83d\ude00")", "\"" + mark + R"(\ud83d\ude00")"},
           {R"("\ude00\ud83d")", "\"" + mark + mark + "\""},
       }) {
    std::string marked = text;
    EXPECT_EQ(MarkHalfSurrogates(marked), mark) << text;
    EXPECT_EQ(marked, expected) << text;
  }
}

TEST(HalfSurrogates, ATakenCharacterIsNotUsed) {
  for (const char* taken : {kFirst, R"(\uFDD0)"}) {
    std::string text = "\"" + std::string(taken) + R"(\ud800")";
    EXPECT_EQ(MarkHalfSurrogates(text), kSecond);
  }
  std::string all = "\"\\ud800";
  for (int n = 0; n < 32; ++n) all += std::string("\xef\xb7") + static_cast<char>(0x90 + n);
  all += '"';
  const std::string before = all;
  EXPECT_EQ(MarkHalfSurrogates(all), "");
  EXPECT_EQ(all, before);
}

}  // namespace
}  // namespace tidemark
