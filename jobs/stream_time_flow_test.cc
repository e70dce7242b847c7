// Windows of a job by one watermark for all its sources.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "jobs/test_support.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

// A row of key `k`, `t` seconds after 2022-01-01T00:00:00Z.
std::string Row(const std::string& k, int t) {
  return Cat("{\"k\": \"", k, "\", \"t\": ", 1'640'995'200 + t, "}\n");
}

constexpr char kJob[] = R"(
name: j
sources:
  ahead: {file: '@/ahead.jsonl'AHEAD}
  behind: {BEHIND}
steps:
  - key_by: k
  - window:
      clock: {event_time: t, unit: sWATERMARK}
      tumbling: 10s
      aggregate: {n: count}
      late_to: {file: '@/late'}
sink: {file: '@/out'}
)";

class StreamTimeJob : public JobTest {
 protected:
  // `watermark`: more keys of the clock.
  std::string Job(const std::string& watermark, const std::string& ahead = "",
                  const std::string& behind = "file: '@/behind.jsonl'") const {
    return absl::StrReplaceAll(
        kJob, {{"AHEAD", ahead}, {"BEHIND", behind}, {"WATERMARK", Cat(", ", watermark)}});
  }
  // What came out, as "a 10: 2" for two rows of key a in the window that opens 10 s after midnight.
  std::string Counts() {
    std::string counts;
    const std::string text = Get("out");
    for (size_t at = 0; (at = text.find("{\"k\": \"", at)) != std::string::npos; ++at) {
      const std::string_view row = std::string_view(text).substr(at, text.find('\n', at) - at);
      const size_t open = row.find("T00:0");
      counts += Cat(counts.empty() ? "" : " ", row.substr(7, 1), " ", row.substr(open + 4, 5), ":",
                    row.substr(row.rfind(' '), 2));
    }
    return counts;
  }
};

TEST_F(StreamTimeJob, ASourceThatLagsIsWaitedFor) {
  Put("ahead.jsonl", Row("a", 1) + Row("a", 31) + Row("b", 45));
  Put("behind.jsonl", Row("a", 2) + Row("a", 12) + Row("b", 3));
  ASSERT_EQ(Run(Job("watermark: per_stream")), absl::OkStatus());
  tester().End();
  // Only b at 3 s is late: its own source has been at 12 s by then.
  EXPECT_EQ(Get("late"), Row("b", 3));
  EXPECT_EQ(Counts(), "a 00:00: 2 a 00:10: 1 a 00:30: 1 b 00:40: 1");

  UseTester({});
  ASSERT_EQ(Run(Job("watermark: per_key")), absl::OkStatus());
  EXPECT_EQ(Get("late"), Row("a", 2) + Row("a", 12) + Row("b", 3)) << "a and b are ahead already";
}

TEST_F(StreamTimeJob, OneRowClosesTheWindowsOfAllKeys) {
  Put("ahead.jsonl", Row("a", 1) + Row("b", 2) + Row("c", 10));
  Put("behind.jsonl", Row("d", 3) + Row("d", 19));
  ASSERT_EQ(Start(Job("watermark: per_stream, max_out_of_orderness: 0s", ", rate: 1",
                      "file: '@/behind.jsonl', rate: 1")),
            absl::OkStatus());
  // The third row of `ahead` comes two seconds after the first.
  tester().Run();
  tester().Advance(absl::Seconds(1));
  EXPECT_EQ(Counts(), "");
  tester().Advance(absl::Seconds(1));
  tester().Commit();
  EXPECT_EQ(Counts().substr(0, 32), "a 00:00: 1 b 00:00: 1 d 00:00: 1");
}

TEST_F(StreamTimeJob, ASilentSourceHoldsTheWatermarkUntilItIsIdle) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  options_.stdin_fd = ends[0];
  Put("ahead.jsonl", Row("a", 1) + Row("a", 25) + Row("x", 25));
  // The file has a row per ten seconds, so that it is neither idle nor at its end.
  ASSERT_EQ(Start(Job("watermark: per_stream, idle_after: 15s", ", rate: 0.1", "stdin: {}")),
            absl::OkStatus());
  const auto look = [&] {
    tester().Commit();
    return Counts();
  };
  tester().Run();
  tester().Advance(absl::Seconds(10));
  tester().Advance(absl::Seconds(4));
  EXPECT_EQ(look(), "") << "standard input may still have rows";
  tester().Advance(absl::Seconds(1));
  EXPECT_EQ(look(), "a 00:00: 1") << "it is idle for fifteen seconds";
  const std::string late = Row("a", 3);
  ASSERT_EQ(write(ends[1], late.data(), late.size()), static_cast<ssize_t>(late.size()));
  tester().job().worker(0).SetReadable();
  tester().Run();
  EXPECT_EQ(look(), "a 00:00: 1");
  EXPECT_EQ(Get("late"), late) << "it never goes back";
  close(ends[0]);
  close(ends[1]);
}

// Goal: no crash can be seen. Method: two sources at different paces, commits and crashes between
// any rows; the watermark depends on rows alone, so the output is the same.
TEST_F(StreamTimeJob, ACrashCannotBeSeen) {
  std::string ahead, behind;
  for (int i = 0; i < 60; ++i) {
    ahead += Row(std::string(1, static_cast<char>('a' + i % 3)), 3 * i);
    behind += Row(std::string(1, static_cast<char>('a' + i % 2)), 2 * i - (i % 7 == 0 ? 40 : 0));
  }
  Put("ahead.jsonl", ahead);
  Put("behind.jsonl", behind);
  const std::string job =
      Job("watermark: per_stream", ", rate: 10", "file: '@/behind.jsonl', rate: 7");
  std::string undisturbed, late;
  for (const int commit_every : {1000, 3, 8}) {
    UseTester({});
    for (const char* name : {"out", "out.tidemark", "late", "late.tidemark"}) {
      files_->Remove(Path(name)).IgnoreError();  // on purpose: they are not there at first
    }
    ASSERT_EQ(Start(job), absl::OkStatus());
    for (int i = 1; i <= 300; ++i) {
      tester().Advance(absl::Milliseconds(100));
      if (i % commit_every == 0) tester().Commit();
      if (i % (2 * commit_every + 1) == 0) tester().CrashAndResume();
    }
    tester().End();
    std::vector<std::string> rows = absl::StrSplit(Get("out"), '\n');
    std::sort(rows.begin(), rows.end());
    const std::string sorted = absl::StrJoin(rows, "\n");
    if (undisturbed.empty()) undisturbed = sorted, late = Get("late");
    EXPECT_EQ(sorted, undisturbed) << "committed every " << commit_every << " steps";
    EXPECT_EQ(Get("late"), late) << "committed every " << commit_every << " steps";
  }
  EXPECT_GT(undisturbed.size(), 2000u);
  EXPECT_GT(late.size(), 50u);
}

TEST_F(StreamTimeJob, AnotherScopeOfTheWatermarkIsRefusedAtResume) {
  Put("ahead.jsonl", Row("a", 1) + Row("a", 2));
  Put("behind.jsonl", Row("a", 1));
  ASSERT_EQ(Start(Job("watermark: per_stream", ", rate: 1")), absl::OkStatus());
  tester().Run();
  tester().Commit();
  const absl::Status refused = Start(Job("watermark: per_key", ", rate: 1"));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(std::string(ToStd(refused.message())), HasSubstr("step 'window'"));
}

}  // namespace
}  // namespace tidemark
