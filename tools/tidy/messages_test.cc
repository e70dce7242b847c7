#include "tools/tidy/messages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "tools/tidy/words.h"

namespace tidemark::tidy {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

std::vector<Finding> Check(const std::string& code) {
  const WordList list = ParseWordList("goes on -> continues\n^what -> a subject\n").value;
  return CheckPage(list, MessagesAsMarkdown(code));
}

TEST(MessagesTest, LiteralsAreReadAndTheRestOfTheCodeIsNot) {
  const std::vector<Finding> findings =
      Check("// goes on\n#include \"goes on\"\nint goes, on;\nSay(\"it goes on here\");\n");
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 4);
}

TEST(MessagesTest, AdjacentLiteralsAreOneText) {
  EXPECT_THAT(Check("Say(\"the job goes \"\n    \"on here\");"), SizeIs(1));
  EXPECT_THAT(Check("Say(\"the job goes \", x, \"on here\");"), IsEmpty());
  EXPECT_THAT(Check("Say(\"the job goes \",\n    \"on here\");"), IsEmpty());
  EXPECT_THAT(Check("Say(\"the job goes \");\nSay(\"on here\");"), IsEmpty());
}

TEST(MessagesTest, QuotesAndEscapesDoNotConfuseIt) {
  EXPECT_THAT(Check("f('\"', \"goes on \\\"now\\\"\");"), SizeIs(1));
  EXPECT_THAT(Check("f('\\'', 10'000, \"goes on now\");"), SizeIs(1));
  EXPECT_THAT(Check("f(\"one goes\\non two\");"), IsEmpty());
  EXPECT_THAT(Check("f(R\"(\"it goes on)\"); f(\"it goes on\");"), SizeIs(1));
  EXPECT_THAT(Check("f(\"an open end\ng(\"it goes on\");"), SizeIs(1));
}

TEST(MessagesTest, AWordThatOpensASentenceIsTakenInTheMiddleOfALineOnly) {
  EXPECT_THAT(Check("f(\"what is left\");"), IsEmpty());
  EXPECT_THAT(Check("f(\"The end. What is left stays.\");"), SizeIs(1));
}

TEST(MessagesTest, TestsAndBenchmarksQuoteWhatTheyLike) {
  EXPECT_TRUE(HasMessages("recovery/snapshot.cc"));
  EXPECT_TRUE(HasMessages("tidemark/join.h"));
  EXPECT_FALSE(HasMessages("recovery/snapshot_test.cc"));
  EXPECT_FALSE(HasMessages("tests/sim/sim.cc"));
  EXPECT_FALSE(HasMessages("docs/jobs.md"));
}

}  // namespace
}  // namespace tidemark::tidy
