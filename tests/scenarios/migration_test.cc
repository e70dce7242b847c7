// Goal: a program whose state has become wider goes on with the state of the one before, and a
// changed type that cannot be read is refused with nothing touched. Method: two programs of one
// flow, run one behind the other on a state directory.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/status.h"
#include "command/explain.h"
#include "command/run.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "tests/support/temp_directory.h"
#include "tidemark/flow.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

struct Total {
  int32_t lines = 0;
};
struct WideTotal {
  int64_t lines = 0;
};
struct OtherTotal {
  std::string lines = {};
};

class MigrationTest : public ::testing::Test {
 protected:
  // How often each line has come so far, as a program keeps it in a state of type T.
  template <class T>
  Flow Program() {
    Flow flow("lines");
    flow.From("lines", Lines(dir_.Path("in.txt")))
        .KeyBy([](const std::string& line) { return line; })
        .template StatefulMap<T>("total",
                                 [](std::optional<T> total, const std::string& line) {
                                   T next = total.value_or(T{});
                                   next.lines += 1;
                                   return std::pair(std::optional(next),
                                                    Cat(line, " ", Text(next.lines)));
                                 })
        .Values()
        .To("out", LineFile(dir_.Path("out.txt")));
    return flow;
  }
  static std::string Text(const std::string& text) { return text; }
  static std::string Text(int64_t number) { return Cat(number); }
  template <class T>
  int Run() {
    RunOptions options;
    options.state_directory = dir_.Path("state");
    options.quiet = true;
    return RunFlow(Program<T>(), options, {.files = &dir_.files(), .clock = &clock_});
  }
  template <class T>
  std::string Explain() {
    ::testing::internal::CaptureStdout();
    ExplainFlow(Program<T>(), dir_.Path("state"), dir_.files(), clock_);
    return ::testing::internal::GetCapturedStdout();
  }
  void Add(const std::string& lines) {
    auto file = dir_.files().OpenAppend(dir_.Path("in.txt"));
    ASSERT_TRUE(file.ok() && (*file)->Append(lines).ok());
  }
  std::string Output() { return ReadSmallFile(dir_.files(), dir_.Path("out.txt")).value_or(""); }

  TempDirectory dir_;
  const SystemClock clock_{};
};

TEST_F(MigrationTest, AWiderStateGoesOnWhereTheOldOneStood) {
  Add("a\nb\na\n");
  ASSERT_EQ(Run<Total>(), 0);
  Add("a\n");
  EXPECT_THAT(Explain<WideTotal>(), HasSubstr("step 'total': kept, migrated: field 'lines' changed "
                                              "from i32 to i64, 2 keys\n"));
  ASSERT_EQ(Run<WideTotal>(), 0);
  EXPECT_EQ(Output(), "a 1\nb 1\na 2\na 3\n");
  // Now it is the wide one's, and the old program must not read what may not fit.
  EXPECT_THAT(Explain<WideTotal>(), HasSubstr("step 'total': kept, 2 keys\n"));
  EXPECT_EQ(Run<Total>(), 3);
  Add("b\n");
  ASSERT_EQ(Run<WideTotal>(), 0);
  EXPECT_EQ(Output(), "a 1\nb 1\na 2\na 3\nb 2\n");
}

TEST_F(MigrationTest, AnotherTypeIsRefusedAndTheOldProgramGoesOn) {
  Add("a\n");
  ASSERT_EQ(Run<Total>(), 0);
  Add("a\n");
  EXPECT_EQ(Run<OtherTotal>(), 3);
  ASSERT_EQ(Run<Total>(), 0);
  EXPECT_EQ(Output(), "a 1\na 2\n");
}

}  // namespace
}  // namespace tidemark
