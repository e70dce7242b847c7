#include "connectors/rows/json_fault.h"

#include <gtest/gtest.h>

#include <string>

namespace tidemark {
namespace {

std::string FaultOf(std::string_view text) {
  const auto fault = FindJsonFault(text);
  return fault.has_value() ? std::to_string(fault->byte) + ": " + fault->what : "none";
}

TEST(JsonFault, JsonHasNone) {
  for (const char* text :
       {"{}", " [ ] ", "null", "true", "false", "0", "-0.5e+10", "1E400",
        "123456789012345678901234", "\"\"", "{\"a\":[1,2,{\"b\":\"\\u00e4\\n\\\"\"}],\"c\":null}\r",
        "\"\\ud83d\\ude00\"", "\"x\\ud800y\"", "\"\\udc00\\ud800\"",
        "\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80 \xed\x9f\xbf \xf4\x8f\xbf\xbf\"", "\"\x7f\""}) {
    EXPECT_EQ(FaultOf(text), "none") << text;
  }
}

TEST(JsonFault, SaysWhereAndWhat) {
  EXPECT_EQ(FaultOf(""), "1: the text ends where a value is expected");
  EXPECT_EQ(FaultOf("{}x"), "3: something follows the end of the value");
  EXPECT_EQ(FaultOf("{} {}"), "4: something follows the end of the value");
  EXPECT_EQ(FaultOf("{\"a\" 1}"), "6: ':' is expected");
  EXPECT_EQ(FaultOf("{\"a\": 1"), "8: the text ends where ',' or '}' is expected");
  EXPECT_EQ(FaultOf("{\"a\": 1,}"), "9: a field name in quotes is expected");
  EXPECT_EQ(FaultOf("{a: 1}"), "2: a field name in quotes is expected");
  EXPECT_EQ(FaultOf("[1 2]"), "4: ',' or ']' is expected");
  EXPECT_EQ(FaultOf("[1,]"), "4: a value is expected");
  EXPECT_EQ(FaultOf("nul"), "1: a value is expected");
  EXPECT_EQ(FaultOf("NaN"), "1: a value is expected");
  EXPECT_EQ(FaultOf("01"), "2: a number does not begin with a zero");
  EXPECT_EQ(FaultOf("-"), "2: the text ends where a digit is expected");
  EXPECT_EQ(FaultOf("[1.]"), "4: a digit is expected");
  EXPECT_EQ(FaultOf("[1e+]"), "5: a digit is expected");
  EXPECT_EQ(FaultOf("\"abc"), "5: the text ends where a '\"' is expected");
  EXPECT_EQ(FaultOf("\"a\tb\""), "3: a control character must be written as \\u…");
  EXPECT_EQ(FaultOf("\"\\x\""), "3: an escape is expected: one of \" \\ / b f n r t u");
  EXPECT_EQ(FaultOf("\"\\u12g4\""), "6: four hexadecimal digits are expected");
  EXPECT_EQ(FaultOf(std::string("{}\0", 3)), "3: something follows the end of the value");
  EXPECT_EQ(FaultOf(std::string(2000, '[')), "1025: the nesting is too deep");
  for (const char* text : {"\"\x80\"", "\"\xc0\x80\"", "\"\xe0\x80\x80\"", "\"\xed\xa0\x80\"",
                           "\"\xf4\x90\x80\x80\"", "\"\xf5\"", "\"\xe2\x82\""}) {
    EXPECT_EQ(FaultOf(text), "2: this is not UTF-8") << text;
  }
}

}  // namespace
}  // namespace tidemark
