// Jobs that write to SQLite, from their text to the table, under the virtual clock.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/status.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "jobs/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class SqliteJob : public JobTest {
 protected:
  std::string Table(const std::string& sql) { return Ask(Path("out.db"), sql); }

  static constexpr char kNewest[] = R"(
name: newest
source: {file: '@/in.jsonl'}
sinks:
  newest: {sqlite: {file: '@/out.db', table: newest, key: net}}
  all: {sqlite: {file: '@/out.db', table: all_rows}}
)";
};

TEST_F(SqliteJob, RowsAreReplacedByKeyOrAdded) {
  Put("in.jsonl", R"({"net": "ci", "mag": 2.30}
{"net": "us", "mag": 1}
{"net": "ci", "mag": 4, "felt": true}
{"net": null, "mag": 5}
)");
  ASSERT_EQ(Run(kNewest), absl::OkStatus());
  EXPECT_EQ(Table("SELECT * FROM newest ORDER BY mag"), "us|1|null ci|4|1 null|5|null");
  EXPECT_EQ(Table("SELECT net, mag FROM all_rows"), "ci|2.3 us|1 ci|4 null|5");
  tester().CrashAndResume();
  tester().End();
  EXPECT_EQ(Table("SELECT net, mag FROM all_rows"), "ci|2.3 us|1 ci|4 null|5");
}

TEST_F(SqliteJob, ACrashAfterAnyNumberOfStepsCannotBeSeen) {
  std::string rows;
  for (int i = 0; i < 40; ++i) rows += Cat("{\"net\": \"n", i % 7, "\", \"i\": ", i, "}\n");
  Put("in.jsonl", rows);
  UseTester({.batch_items_max = 3});
  ASSERT_EQ(Start(kNewest), absl::OkStatus());
  for (int crash = 0; crash < 10; ++crash) {
    for (int step = 0; step < crash; ++step) {
      ASSERT_TRUE(tester().job().worker(0).Step().ok());
    }
    if (crash % 2 == 0) tester().Commit();
    tester().CrashAndResume();
  }
  tester().End();
  EXPECT_EQ(Table("SELECT count(*), count(DISTINCT i), sum(i) FROM all_rows"), "40|40|780");
  EXPECT_EQ(Table("SELECT count(*), min(i) FROM newest"), "7|33");
}

TEST_F(SqliteJob, ARowThatCannotBeWrittenIsNamed) {
  Put("in.jsonl", "{\"net\": \"ci\", \"mag\": 1}\n{\"mag\": 2}\n");
  const absl::Status status = Run(kNewest);
  EXPECT_THAT(
      std::string(ToStd(status.message())),
      HasSubstr(Cat(Path("in.jsonl"), ":2: ", Path("out.db"),
                    ", table 'newest': the row (mag: 2) cannot be written: the column 'net' "
                    "is missing, and is part of the key")));
}

TEST_F(SqliteJob, ARowThatATableCannotTakeGoesTheWayOfOnError) {
  Put("in.jsonl", "{\"net\": \"ci\", \"NET\": 1}\n{\"mag\": 2}\n{\"net\": \"us\", \"mag\": 3}\n");
  std::string job = kNewest;
  job.replace(job.find("in.jsonl'"), 9, "in.jsonl', on_error: skip");
  UseTester({.batch_items_max = 1});
  ASSERT_EQ(Start(job), absl::OkStatus());
  uint64_t skipped = 0;  // over all lives
  for (int crash = 0; crash < 4; ++crash) {
    for (int step = 0; step < crash; ++step) ASSERT_TRUE(tester().job().worker(0).Step().ok());
    tester().Commit();
    skipped += tester().skips().total();
    tester().CrashAndResume();
  }
  tester().End();
  EXPECT_EQ(Table("SELECT net, mag FROM newest"), "us|3");
  EXPECT_EQ(Table("SELECT net, mag FROM all_rows"), "null|2 us|3");
  EXPECT_GE(skipped + tester().skips().total(), 3u);
}

// Rows of steps have no place, and are those of all sources.
TEST_F(SqliteJob, ARowOfAStepIsLeftOutWhereAllSourcesSaySo) {
  Put("in.jsonl", "{\"k\": 1, \"t\": 1640995200000}\n");
  Put("other.jsonl", "{\"k\": 2, \"t\": 1640995200000}\n");
  const auto run = [&](const std::string& other) {
    UseTester({});
    return Run(
        Cat("name: j\nsources: {a: {file: '@/in.jsonl', on_error: skip}, "
            "b: {file: '@/other.jsonl'",
            other,
            "}}\n"
            "steps: [{key_by: k}, {batch: {max_items: 1, as: K}}]\n"
            "sink: {sqlite: {file: '@/out.db', table: t}}\n"));
  };
  const absl::Status stopped = run("");
  EXPECT_THAT(std::string(ToStd(stopped.message())),
              HasSubstr("the columns 'k' and 'K' are one to SQLite"));
  EXPECT_THAT(std::string(ToStd(stopped.message())),
              HasSubstr("; on_error: skip in all sources leaves out all such rows"));
  EXPECT_EQ(run(", on_error: skip"), absl::OkStatus());
  EXPECT_EQ(tester().skips().total(), 2u);
}

TEST_F(SqliteJob, LateRowsHaveATable) {
  Put("in.jsonl", R"({"k": "a", "t": "2022-01-01T01:00:00Z"}
{"k": "a", "t": "2022-01-01T00:00:00Z", "late": {"by": "an hour"}}
)");
  ASSERT_EQ(Run(R"(
name: late
source: {file: '@/in.jsonl'}
steps:
  - key_by: k
  - window:
      clock: {event_time: t}
      tumbling: 1m
      aggregate: {rows: count}
      late_to: {sqlite: {file: '@/out.db', table: late}}
sink: {sqlite: {file: '@/out.db', table: minutes, key: [k, window_open]}}
)"),
            absl::OkStatus());
  EXPECT_EQ(Table("SELECT k, t, json_extract(late, '$.by') FROM late"),
            "a|2022-01-01T00:00:00Z|an hour");
  tester().End();
  EXPECT_EQ(Table("SELECT k, window_open, rows FROM minutes"), "a|2022-01-01T01:00:00Z|1");
}

}  // namespace
}  // namespace tidemark
