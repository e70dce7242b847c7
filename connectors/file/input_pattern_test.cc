#include "connectors/file/input_pattern.h"

#include <gtest/gtest.h>

#include <string>

#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

TEST(InputPattern, TheLastPartOfAPathCanBeAPattern) {
  const auto pattern = InputPattern::Of("logs//*.jsonl");
  ASSERT_TRUE(pattern.has_value());
  EXPECT_EQ(pattern->directory, "logs");
  EXPECT_EQ(pattern->glob, "*.jsonl");
  EXPECT_EQ(InputPattern::Of("day-?.jsonl")->directory, ".");
  EXPECT_FALSE(InputPattern::Of("logs/in.jsonl").has_value());
  EXPECT_TRUE(HasPatternOfDirectories("*/in.jsonl"));
  EXPECT_FALSE(HasPatternOfDirectories("logs/*"));
}

TEST(InputPattern, ThePathOfAFileIsNotAPattern) {
  TempDirectory dir;
  ASSERT_TRUE((*dir.files().OpenAppend(dir.Path("in[1].jsonl")))->Append("x").ok());
  EXPECT_FALSE(InputPattern::Of(dir.Path("in[1].jsonl")).has_value());
  EXPECT_TRUE(InputPattern::Of(dir.Path("in[2].jsonl")).has_value());
}

TEST(InputPattern, MatchesTheFilesOfItsDirectory) {
  const InputPattern pattern = *InputPattern::Of("logs/*.jsonl");
  EXPECT_TRUE(pattern.Matches("./logs/a.jsonl"));
  EXPECT_FALSE(pattern.Matches("logs/a.log"));
  EXPECT_FALSE(pattern.Matches("logs/deep/a.jsonl"));
  EXPECT_FALSE(pattern.Matches("logs/.hidden.jsonl"));
}

}  // namespace
}  // namespace tidemark
