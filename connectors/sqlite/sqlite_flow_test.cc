// Goal: whatever a job with a SQLite sink lives through, each row is in its table once. Method:
// random stories under the virtual clock, with crashes between any two steps of the protocol; some
// starts begin the table anew.

#include <gtest/gtest.h>
#include <stdlib.h>

#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tidemark/flow.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

// Ends an epoch, up to its commit.
absl::Status EndEpoch(FlowTester& tester) {
  tester.job().RequestEpoch();
  while (!tester.job().EpochReady()) {
    for (int w = 0; w < tester.job().workers(); ++w) {
      TM_RETURN_IF_ERROR(tester.job().worker(w).Step().status());
    }
  }
  return absl::OkStatus();
}

// Commits an epoch whose publishing may fail.
absl::Status TryCommit(FlowTester& tester) {
  TM_RETURN_IF_ERROR(EndEpoch(tester));
  return tester.job().CommitEpoch();
}

// Plays a random story: items come, epochs end, the database is locked when it should be written,
// the job crashes. In the end each item must be in the table once.
void Play(const std::string& path, int workers, Random& random) {
  const SqliteTableOptions options{
      .path = path, .table = "t", .busy_timeout = absl::ZeroDuration()};
  FlowTester tester({.workers = workers});
  auto in = tester.Input<int64_t>();
  tester.Build([&](Flow& flow) {
    flow.From("in", in.source()).To("out", SqliteTable<int64_t>(options, [](const int64_t& n) {
                                      return SqliteRow{{"n", n}};
                                    }));
  });
  Visitor other(path);
  int64_t items = 0;
  int crashes = 0, kept_back = 0;
  for (int step = 0; step < 60; ++step) {
    switch (random.Below(5)) {
      case 0:
        for (uint64_t i = random.Below(5); i > 0; --i) in.Push(++items);
        break;
      case 1:
        tester.Run();
        break;
      case 2: {
        const bool is_locked = random.Below(3) == 0;
        if (is_locked) {
          ASSERT_EQ(other.Ask("BEGIN IMMEDIATE"), "");
        }
        const absl::Status committed = TryCommit(tester);
        if (is_locked) {
          ASSERT_EQ(other.Ask("ROLLBACK"), "");
        }
        if (committed.ok()) break;
        ASSERT_TRUE(absl::IsUnavailable(committed)) << committed;
        ++kept_back;
        tester.CrashAndResume();
        break;
      }
      case 3:
        tester.options().new_outputs.clear();
        if (random.Below(3) == 0) tester.options().new_outputs = {"out"};
        tester.CrashAndResume();
        ++crashes;
        break;
      case 4:  // right before a commit: the table must know nothing of the epoch
        ASSERT_EQ(EndEpoch(tester), absl::OkStatus());
        ASSERT_EQ(tester.TryCrashAndResume(), absl::OkStatus());
        ++crashes;
        break;
    }
  }
  tester.End();
  // Of the table and those that were begun anew before it.
  std::string rows = "SELECT n FROM t";
  if (other.Ask(rows).find("no such table") != std::string::npos) rows = "SELECT 0 AS n WHERE 0";
  for (int n = 1; other.Ask(Cat("SELECT 1 FROM t_old_", n, " LIMIT 1")) == "1"; ++n) {
    rows += Cat(" UNION ALL SELECT n FROM t_old_", n);
  }
  EXPECT_EQ(other.Ask(Cat("SELECT count(*), count(DISTINCT n), max(n) FROM (", rows, ")")),
            Cat(items, "|", items, "|", items));
  EXPECT_GT(crashes + kept_back, 0);
}

TEST(SqliteFlow, AFlowThatCrashesAnywherePublishesEachRowOnce) {
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  std::string directory = ::testing::TempDir() + "sqlite_XXXXXX";
  ASSERT_NE(mkdtemp(directory.data()), nullptr);
  Random random(seed);
  for (int story = 0; story < 12; ++story) {
    SCOPED_TRACE(::testing::Message() << "story " << story);
    Play(Cat(directory, "/story", story, ".db"), 1 + story % 3, random);
  }
}

}  // namespace
}  // namespace tidemark
