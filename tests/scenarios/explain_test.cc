// Goal: `explain` names every partition of a source, the ones that are gone and new too. Method: a
// flow over a directory runs to its end; files come and go; what is printed is compared.

#include "command/explain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "command/run.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/file_sink.h"
#include "tests/support/temp_directory.h"
#include "tidemark/flow.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class ExplainTest : public ::testing::Test {
 protected:
  void Put(const std::string& name, const std::string& text) {
    ASSERT_TRUE(WriteFileAtomically(dir_.files(), dir_.Path(name), text).ok());
  }
  Flow MakeFlow() {
    Flow flow("explained");
    flow.From("lines", DirLines<std::string>({.path = dir_.Path("in")}, TextDecoder()))
        .To("copies", LineFile(dir_.Path("out.txt")));
    return flow;
  }
  int Run() {
    RunOptions options;
    options.state_directory = dir_.Path("state");
    options.quiet = true;
    return RunFlow(MakeFlow(), options, {.files = &dir_.files(), .clock = &clock_});
  }
  // What it prints, and the exit code in `code`.
  std::string Explain(int& code) {
    ::testing::internal::CaptureStdout();
    code = ExplainFlow(MakeFlow(), dir_.Path("state"), dir_.files(), clock_);
    return ::testing::internal::GetCapturedStdout();
  }

  TempDirectory dir_;
  const SystemClock clock_{};
};

TEST_F(ExplainTest, EveryFileOfADirectoryIsNamed) {
  ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("in")).ok());
  Put("in/a.txt", "a1\na2\n");
  Put("in/b.txt", "b1\n");
  ASSERT_EQ(Run(), 0);
  Put("in/c.txt", "c1\n");
  ASSERT_TRUE(dir_.files().Rename(dir_.Path("in/b.txt"), dir_.Path("b.txt")).ok());
  int code = -1;
  const std::string told = Explain(code);
  EXPECT_EQ(code, 0);
  EXPECT_THAT(told,
              HasSubstr("\n  a.txt: continues from line 3 (it was at its end), nothing new in "
                        "it\n  c.txt: new, is read from its beginning, 3 bytes to read\n"
                        "  b.txt: was at line 2, is not there now; its place is kept\n"));
  // A start does as was said: the new file is read, and the one that is gone is no error.
  ASSERT_EQ(Run(), 0);
  const auto copies = ReadSmallFile(dir_.files(), dir_.Path("out.txt"));
  ASSERT_TRUE(copies.ok());
  EXPECT_THAT(*copies, HasSubstr("c1\n"));
  EXPECT_EQ(copies->size(), 12u) << *copies;
}

TEST_F(ExplainTest, ADirectoryThatIsGoneIsRefused) {
  ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("in")).ok());
  Put("in/a.txt", "a1\n");
  ASSERT_EQ(Run(), 0);
  ASSERT_TRUE(dir_.files().Rename(dir_.Path("in"), dir_.Path("away")).ok());
  int code = -1;
  EXPECT_THAT(Explain(code), HasSubstr("  a.txt: was at line 2\n"));
  EXPECT_EQ(code, 1);
}

}  // namespace
}  // namespace tidemark
