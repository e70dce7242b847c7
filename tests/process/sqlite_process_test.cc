// Goal: whatever ends the real program while it writes to a SQLite database, the tables are those
// of an undisturbed run, and others can read them all the time. Method: earthquakes by day, into
// tables with and without a key; kills at random moments, a reader beside the job, forks.

#include <gtest/gtest.h>
#include <signal.h>

#include <string>
#include <vector>

#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

constexpr char kJob[] = R"(
name: tables
state: state
source: {file: quakes.jsonl}
steps:
  - key_by: net
  - window:
      name: daily
      clock: {event_time: time, max_out_of_orderness: 1d}
      tumbling: 1d
      aggregate: {quakes: count, strongest: max(mag), places: collect(place)}
      late_to: {sqlite: {file: out/quakes.db, table: late}}
sinks:
  keyed: {sqlite: {file: out/quakes.db, table: daily, key: [net, window_open]}}
  plain: {sqlite: {file: out/quakes.db, table: added}}
)";

class SqliteProcess : public ::testing::Test {
 protected:
  void SetUp() override {
    const absl::Status copied = CopyFile(
        dir_.files(), RunfilePath("examples/data/earthquakes.jsonl"), dir_.Path("quakes.jsonl"));
    ASSERT_TRUE(copied.ok()) << copied;
    ASSERT_TRUE(WriteFileAtomically(dir_.files(), dir_.Path("job.yaml"), kJob).ok());
  }
  std::vector<std::string> Command(const std::vector<std::string>& flags) {
    std::vector<std::string> words = {RunfilePath("tools/tidemark"), "run", "job.yaml"};
    words.insert(words.end(), flags.begin(), flags.end());
    return words;
  }
  ChildProcess::End Run(const std::vector<std::string>& flags = {}) {
    return ChildProcess(Command(flags), {.directory = dir_.path()}).Wait();
  }
  std::string AskIn(const std::string& directory, const std::string& sql) {
    return Ask(dir_.Path(Cat(directory, "/quakes.db")), sql);
  }
  // All tables; in what order days close depends on the pace.
  std::string Tables(const std::string& directory) {
    return Cat(AskIn(directory, "SELECT * FROM daily ORDER BY net, window_open"), "\n",
               AskIn(directory, "SELECT * FROM added ORDER BY net, window_open"), "\n",
               AskIn(directory, "SELECT * FROM late ORDER BY id"));
  }

  TempDirectory dir_;
};

TEST_F(SqliteProcess, TenKillsCannotBeSeenInTheTables) {
  const auto undisturbed = Run({"--state", "undisturbed", "--out", "elsewhere"});
  ASSERT_EQ(undisturbed.exit_code, 0) << undisturbed.err;
  const std::string expected = Tables("elsewhere");
  ASSERT_GT(expected.size(), 40'000u) << expected.substr(0, 1000);
  EXPECT_FALSE(dir_.files().Stat(dir_.Path("out")).ok());

  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int kill = 0; kill < 10; ++kill) {
    ChildProcess job(Command({"--rate", "900", "--epoch", "20ms"}), {.directory = dir_.path()});
    const bool sent = job.SignalAfter(Span::Micros(random.Between(20'000, 250'000)), SIGKILL);
    const auto end = job.Wait();
    ASSERT_TRUE(sent) << "the job was over after " << kill << " kills\n" << end.err;
  }
  const auto end = Run();
  ASSERT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Tables("out"), expected);
}

TEST_F(SqliteProcess, OthersReadWhatTheLastEpochHas) {
  ChildProcess job(Command({"--rate", "1500", "--epoch", "20ms"}), {.directory = dir_.path()});
  std::string before = "0";
  int seen = 0;
  for (int look = 0; look < 5'000 && seen < 5; ++look) {
    job.SignalAfter(Span::Micros(1'000), 0);
    if (!dir_.files().Stat(dir_.Path("out/quakes.db")).ok()) continue;
    const std::string rows = AskIn("out", "SELECT count(*) FROM added");
    if (rows.find("no such table") != std::string::npos) continue;
    ASSERT_EQ(rows.find("error"), std::string::npos) << rows;
    ASSERT_GE(std::stoi(rows), std::stoi(before));
    if (rows != before) ++seen;
    before = rows;
  }
  EXPECT_GE(seen, 5) << "the table grows while the job runs";
  job.SignalAfter(Span::Micros(0), SIGTERM);
  const auto end = job.Wait();
  EXPECT_EQ(end.exit_code, 0) << end.err;
}

TEST_F(SqliteProcess, AForkLeavesTheTablesOfItsOriginalAlone) {
  ChildProcess job(Command({"--rate", "900", "--epoch", "20ms"}), {.directory = dir_.path()});
  job.SignalAfter(Span::Micros(600'000), SIGTERM);
  ASSERT_EQ(job.Wait().exit_code, 0);
  const auto snapshots = dir_.files().List(dir_.Path("state/snapshots"));
  ASSERT_TRUE(snapshots.ok() && !snapshots->empty());
  const std::string from = Cat("state/snapshots/", snapshots->back());
  ASSERT_EQ(Run().exit_code, 0);
  const std::string tables = Tables("out");

  const auto refused = Run({"--from", from, "--state", "fork"});
  EXPECT_EQ(refused.exit_code, 3);
  EXPECT_NE(refused.err.find("table '"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("is written by job 'tables'"), std::string::npos) << refused.err;
  EXPECT_NE(refused.err.find("give --out DIR to write elsewhere"), std::string::npos);
  EXPECT_EQ(Tables("out"), tables);

  const auto moved = Run({"--from", from, "--state", "fork", "--out", "forked"});
  ASSERT_EQ(moved.exit_code, 0) << moved.err;
  EXPECT_EQ(Tables("out"), tables);
  // What the fork wrote are the original's rows behind the snapshot.
  EXPECT_EQ(AskIn("out", Cat("ATTACH '", dir_.Path("forked/quakes.db"),
                             "' AS fork; SELECT count(*) "
                             "FROM (SELECT * FROM fork.added EXCEPT SELECT * FROM added)")),
            "0");
  EXPECT_NE(AskIn("forked", "SELECT count(*) FROM added"), "0");
}

TEST_F(SqliteProcess, ALockedDatabaseIsAnErrorAndTheSameCommandGoesOn) {
  ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("out")).ok());
  {
    Visitor other(dir_.Path("out/quakes.db"));
    ASSERT_EQ(other.Ask("BEGIN EXCLUSIVE"), "");
    const auto locked = Run();
    EXPECT_EQ(locked.exit_code, 1);
    EXPECT_NE(
        locked.err.find("out/quakes.db: is locked by another program (waited 10s); close that "
                        "one, then start this job again"),
        std::string::npos)
        << locked.err;
  }
  EXPECT_EQ(Run().exit_code, 0);
  EXPECT_NE(AskIn("out", "SELECT count(*) FROM daily"), "0");
}

}  // namespace
}  // namespace tidemark
