#include "command/command_line.h"

#include <gtest/gtest.h>

namespace tidemark {
namespace {

const std::vector<FlagSpec> kFlags = {
    {"state", "DIR", ""},   {"rate", "N", ""}, {"epoch", "TIME", ""},
    {"memory", "SIZE", ""}, {"fresh", "", ""}, {"skip", "N", "", true},
};

CommandLine Parse(const std::vector<std::string>& words) {
  return CommandLine({"JOB"}, kFlags, words);
}

TEST(CommandLine, FlagsStandAnywhereInBothForms) {
  const CommandLine line = Parse({"--state", "s", "job.yaml", "--rate=2.5", "--fresh"});
  ASSERT_TRUE(line.status().ok()) << line.status();
  EXPECT_EQ(line.Word(0), "job.yaml");
  EXPECT_EQ(line.Text("state"), "s");
  EXPECT_EQ(**line.Decimal("rate"), 2.5);
  EXPECT_TRUE(line.Has("fresh"));
  EXPECT_FALSE(line.Duration("epoch")->has_value());
}

TEST(CommandLine, EachMistakeIsOneClearLine) {
  const auto complaint = [](const std::vector<std::string>& words) {
    return std::string(Parse(words).status().message());
  };
  EXPECT_EQ(complaint({"j", "--sate", "x"}), "unknown flag '--sate'; did you mean '--state'?");
  EXPECT_EQ(complaint({"j", "--zzzzzz"}), "unknown flag '--zzzzzz'");
  EXPECT_EQ(complaint({"j", "-s"}), "unknown flag '-s'; flags begin with two dashes");
  EXPECT_EQ(complaint({}), "missing JOB");
  EXPECT_EQ(complaint({"a", "b"}), "'b' is one word too many");
  EXPECT_EQ(complaint({"j", "--state"}), "--state needs a value: --state DIR");
  EXPECT_EQ(complaint({"j", "--fresh=1"}), "--fresh takes no value");
  EXPECT_EQ(complaint({"j", "--fresh", "--fresh"}), "--fresh is given twice");
}

TEST(CommandLine, AFlagThatRepeatsKeepsAllItsValues) {
  const CommandLine line = Parse({"j", "--skip", "1", "--skip=2"});
  ASSERT_TRUE(line.status().ok()) << line.status();
  EXPECT_EQ(line.Texts("skip"), (std::vector<std::string>{"1", "2"}));
  EXPECT_TRUE(line.Texts("state").empty());
}

TEST(CommandLine, ValuesAreChecked) {
  const CommandLine line =
      Parse({"j", "--rate", "fast", "--epoch", "10", "--memory", "lots", "--state", "s"});
  EXPECT_EQ(line.Decimal("rate").status().message(), "--rate: 'fast' is not a number, 0 or more");
  EXPECT_FALSE(line.Duration("epoch").ok());
  EXPECT_FALSE(line.Bytes("memory").ok());
  EXPECT_EQ(line.Number("state").status().message(), "--state: 's' is not a whole number");
}

}  // namespace
}  // namespace tidemark
