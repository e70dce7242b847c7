#include "tools/tidy/code_lines.h"

#include "gtest/gtest.h"

namespace tidemark::tidy {
namespace {

std::string Code(std::string_view text) {
  std::string code;
  for (const CodeLine& line : SplitCode(text)) code += line.code + "|";
  return code;
}

TEST(CodeLinesTest, CommentsAreNoCode) {
  EXPECT_EQ(Code("a; // b\nc;"), "a; |c;|");
  EXPECT_EQ(Code("a; /* b */ c; /* d\n e */ f;"), "a;  c; | f;|");
}

TEST(CodeLinesTest, LiteralsAreEmptied) {
  EXPECT_EQ(Code(R"(f("a // \" b", 'c', '\''); d;)"), R"(f("", '', ''); d;|)");
  EXPECT_EQ(Code("R\"(a\nb)\" c; R\"x(d)\" e)x\" f"), "\"|\" c; \"\" f|");
}

TEST(CodeLinesTest, AnApostropheBetweenDigitsOpensNothing) {
  EXPECT_EQ(Code("1'000 + 2'000; // x"), "1'000 + 2'000; |");
}

TEST(CodeLinesTest, AnIncludeKeepsItsFileName) {
  EXPECT_EQ(Code("#include \"a/b.h\"  // c"), "#include \"a/b.h\"  |");
}

TEST(CodeLinesTest, TheRawLineIsLeftAlone) {
  EXPECT_EQ(SplitCode("a; // b \n")[0].raw, "a; // b ");
  EXPECT_EQ(SplitCode("\n\n").size(), 2u);
}

}  // namespace
}  // namespace tidemark::tidy
