#include "tools/tidy/words.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tidemark::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::string_view kList =
    "# A list for tests.\n"
    "\n"
    "now and then -> periodically\n"
    "behind       -> after or before; behind is for lag\n"
    "lag* behind  -> ok\n"
    "is no        -> is not a\n"
    "there is no  -> ok\n"
    "^what        -> a subject\n"
    ", too        -> also\n";

std::vector<Finding> Check(std::string_view text, std::string_view path = "docs/page.md") {
  const ParsedWordList list = ParseWordList(kList);
  EXPECT_THAT(list.errors, IsEmpty());
  return CheckWords(list.value, path, text);
}

TEST(WordsTest, APlantedExpressionIsFoundWithItsLineAndReplacement) {
  const std::vector<Finding> findings = Check("# Title\n\nIt is checked now and then.\n");
  ASSERT_THAT(findings, SizeIs(1));
  EXPECT_EQ(findings[0].line, 3);
  EXPECT_THAT(findings[0].message, HasSubstr("'now and then': write periodically"));
}

TEST(WordsTest, CaseMarkupAndLineEndsDoNotHideIt) {
  EXPECT_THAT(Check("Now and\nThen"), SizeIs(1));
  EXPECT_THAT(Check("now **and** [then](page.md)"), SizeIs(1));
  EXPECT_THAT(Check("| a | now and then |"), SizeIs(1));
  EXPECT_THAT(Check("- an item\n  now\n  and then"), SizeIs(1));
}

TEST(WordsTest, GoodTextIsAccepted) {
  EXPECT_THAT(
      Check("# Resume\n\nResumes after epoch 5; what it reads next is new, and also kept.\n"),
      IsEmpty());
}

TEST(WordsTest, APatternDoesNotReachAcrossPunctuationOrParagraphs) {
  EXPECT_THAT(Check("now, and then"), IsEmpty());
  EXPECT_THAT(Check("now and\n\nthen"), IsEmpty());
  EXPECT_THAT(Check("| now | and then |"), IsEmpty());
  EXPECT_THAT(Check("now and thenceforth"), IsEmpty());
}

TEST(WordsTest, AnExceptionAcceptsALongerExpressionOnly) {
  EXPECT_THAT(Check("The source lags behind. There is no state."), IsEmpty());
  EXPECT_THAT(Check("It lags behind what is behind it."), SizeIs(1));
  EXPECT_THAT(Check("It is no state."), SizeIs(1));
}

TEST(WordsTest, AHeadingATableCellOrAQuestionIsNotTheOpeningOfASentence) {
  EXPECT_THAT(Check("What a step keeps is removed."), SizeIs(1));
  EXPECT_THAT(Check("It ends. What is left stays."), SizeIs(1));
  EXPECT_THAT(Check("- **What is left** stays."), SizeIs(1));
  EXPECT_THAT(Check("It keeps what is left.\n\n## What is kept\n\nWhat is left?\n"), IsEmpty());
  EXPECT_THAT(Check("| What is left |\n|---|\n| What stays |\n"), IsEmpty());
}

TEST(WordsTest, CodeAndLinkTargetsAreLeftAlone) {
  EXPECT_THAT(Check("Prints `now and then` and `now\nand then`."), IsEmpty());
  EXPECT_THAT(Check("text\n\n```\nnow and then\n```\n"), IsEmpty());
  EXPECT_THAT(Check("text\n\n    now and then\n\n    is no\n"), IsEmpty());
  EXPECT_THAT(Check("[page](behind.md) <!-- now and then -->"), IsEmpty());
  EXPECT_THAT(Check("```\ncode\n```\nnow and then"), SizeIs(1));
  EXPECT_THAT(Check("    code\n\nnow and then"), SizeIs(1));
  EXPECT_THAT(Check("`code` is no list"), SizeIs(1));
}

TEST(WordsTest, ALineOfTheListThatIsNotARuleIsReported) {
  const ParsedWordList list = ParseWordList("good -> better\nbad\n -> worse\nworst ->\n");
  EXPECT_THAT(list.value, SizeIs(1));
  EXPECT_THAT(list.errors, SizeIs(3));
  EXPECT_EQ(list.errors[0].line, 2);
}

TEST(WordsTest, CommentsOfAHeaderAreReadAndItsCodeIsNot) {
  const std::vector<Finding> findings = Check(
      "// Checked now and\n// then.\nint now, and, then;\n\n"
      "//   Now(\"now and then\");\n"
      "  int a;  // now\n  int b;  // and then\n  int c;  // is no\n",
      "tidemark/sink.h");
  ASSERT_THAT(findings, SizeIs(2));
  EXPECT_EQ(findings[0].line, 1);
  EXPECT_EQ(findings[1].line, 8);
}

TEST(WordsTest, PagesAndPublicHeadersAreProse) {
  EXPECT_TRUE(IsProse("docs/jobs.md"));
  EXPECT_TRUE(IsProse("README.md"));
  EXPECT_TRUE(IsProse("tidemark/sink.h"));
  EXPECT_FALSE(IsProse("tidemark/internal/guard.h"));
  EXPECT_FALSE(IsProse("engine/job.cc"));
}

}  // namespace
}  // namespace tidemark::tidy
