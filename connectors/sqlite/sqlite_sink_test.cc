#include "connectors/sqlite/sqlite_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "connectors/rows/lines.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;
using Rows = std::vector<SqliteRow>;

SqliteRow Day(const std::string& net, int64_t day, int64_t quakes) {
  return {{"net", net}, {"day", day}, {"quakes", quakes}};
}

// One writer, as the engine drives it.
class SqliteSinkTest : public ConnectorTest {
 protected:
  SinkContext As(std::string run_line, std::string replaced_line = "") {
    SinkContext context;
    context.files = files_.get();
    context.run_line = std::move(run_line);
    context.replaced_line = std::move(replaced_line);
    context.skips = &skips_;
    context.sink = "sink";
    context.say = [this](const std::string& line) { said_.push_back(line); };
    return context;
  }
  absl::Status TryOpen(const std::optional<Position>& resume, const SinkContext& context) {
    writer_.reset();
    const Sink<SqliteRow> sink =
        SqliteTable<SqliteRow>(options_, [](const SqliteRow& row) { return row; });
    // A check says what opening says, and changes nothing.
    const std::string before = Everything();
    const absl::Status checked = sink.factory()->Check(resume, context);
    EXPECT_EQ(Everything(), before);
    auto opened = sink.factory()->Open(resume, context);
    EXPECT_EQ(checked, opened.status());
    TM_RETURN_IF_ERROR(opened.status());
    writer_ = *std::move(opened);
    return absl::OkStatus();
  }
  // Looking would make a database where there is none.
  std::string Everything() {
    if (!files_->Stat(options_.path).ok()) return "nothing";
    return Cat(Ask(options_.path, "SELECT name, sql FROM sqlite_schema ORDER BY name"), Sinks(),
               Table());
  }
  void Open(const std::optional<Position>& resume = {}, const std::string& run_line = "A") {
    const absl::Status opened = TryOpen(resume, As(run_line));
    ASSERT_TRUE(opened.ok()) << opened;
  }
  absl::Status Add(const Rows& rows) { return writer_->Write(rows); }
  EpochOutput End(uint64_t epoch) {
    auto output = writer_->EndEpoch(Epoch{epoch});
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? *output : EpochOutput();
  }
  absl::Status Publish(uint64_t epoch, const EpochOutput& output) {
    OutboxInMemory rows(output.rows);
    return writer_->Publish(Epoch{epoch}, rows);
  }
  // Rows, commit and publishing; what the commit has.
  EpochOutput WholeEpoch(uint64_t epoch, const Rows& rows) {
    EXPECT_EQ(Add(rows), absl::OkStatus());
    EpochOutput output = End(epoch);
    if (!output.rows.empty()) {
      EXPECT_EQ(Publish(epoch, output), absl::OkStatus());
    }
    if (output.committed) {
      EXPECT_EQ(output.committed(), absl::OkStatus());
    }
    return output;
  }
  std::string Table() { return Ask(options_.path, "SELECT * FROM daily ORDER BY rowid"); }
  std::string Sinks() {
    return Ask(options_.path, "SELECT sink, run_line, epoch FROM tidemark_sinks ORDER BY 1");
  }

  SqliteTableOptions options_{.path = Path("out.db"),
                              .table = "daily",
                              .key = {"net", "day"},
                              .busy_timeout = absl::Milliseconds(1)};
  std::vector<std::string> said_;
  std::unique_ptr<SinkWriter<SqliteRow>> writer_;
};

TEST_F(SqliteSinkTest, WritesRowsAndTheirEpoch) {
  options_.path = Path("a/b/out.db");
  Open();
  const EpochOutput none = WholeEpoch(1, {});
  EXPECT_THAT(none.rows, IsEmpty());
  EXPECT_EQ(none.position, Position().Set("epoch", 0).Set("earlier", 0).Set("run_line", "A"));
  const EpochOutput output = WholeEpoch(2, {Day("ci", 1, 5), Day("us", 1, 6)});
  EXPECT_EQ(output.position, Position().Set("epoch", 2).Set("earlier", 0).Set("run_line", "A"));
  EXPECT_EQ(Table(), "ci|1|5 us|1|6");
  EXPECT_EQ(Sinks(), "daily|A|2");
  EXPECT_EQ(Ask(options_.path, "PRAGMA journal_mode"), "wal");
  EXPECT_EQ(WholeEpoch(3, {}).position,
            Position().Set("epoch", 2).Set("earlier", 2).Set("run_line", "A"));
  const auto sink = SqliteTable<SqliteRow>({.path = "x.db", .table = "t"}, nullptr);
  EXPECT_EQ(sink.factory()->guarantee(), SinkGuarantee::kPublish);
  EXPECT_EQ(sink.factory()->Describe(), "table t in x.db");
}

TEST_F(SqliteSinkTest, ASecondPublishChangesNothing) {
  options_.key.clear();
  Open();
  const EpochOutput output = WholeEpoch(1, {Day("ci", 1, 5)});
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_EQ(Table(), "ci|1|5");
  Open(output.position);
  ASSERT_EQ(Publish(1, output), absl::OkStatus());
  EXPECT_EQ(Table(), "ci|1|5");
}

TEST_F(SqliteSinkTest, WhatACrashKeptBackIsPublishedByTheNextStart) {
  Open();
  WholeEpoch(1, {Day("ci", 1, 5)});
  ASSERT_EQ(Add({Day("ci", 2, 7)}), absl::OkStatus());
  const EpochOutput committed = End(2);
  Open(committed.position);
  EXPECT_EQ(Table(), "ci|1|5");
  ASSERT_EQ(Publish(2, committed), absl::OkStatus());
  EXPECT_EQ(Table(), "ci|1|5 ci|2|7");
  WholeEpoch(3, {Day("us", 3, 1)});
  EXPECT_EQ(Table(), "ci|1|5 ci|2|7 us|3|1");
}

// Goal: until the engine says Publish(), which it does behind its commit, nobody sees a row of the
// epoch, and the database says nothing of it. Method: another program looks behind each step that
// comes before the commit; then the commit fails, and the next start goes on without the epoch.
TEST_F(SqliteSinkTest, RowsOfAnEpochAreNotThereBeforeItsCommit) {
  Visitor other(options_.path);
  const auto look = [&] {
    return Cat(other.Ask("SELECT * FROM daily ORDER BY rowid"), "; ",
               other.Ask("SELECT sink, run_line, epoch FROM tidemark_sinks"));
  };
  Open();
  Position committed = WholeEpoch(1, {Day("ci", 1, 5)}).position;
  const std::string before = "ci|1|5; daily|A|1";
  ASSERT_EQ(look(), before);
  // The first is the line's second epoch; behind a resume it is its first one.
  for (int start = 0; start < 2; ++start) {
    SCOPED_TRACE(start);
    ASSERT_EQ(Add({Day("ci", 1, 9), Day("us", 1, 6)}), absl::OkStatus());
    EXPECT_EQ(look(), before) << "behind Write()";
    ASSERT_EQ(Add(Rows(1000, Day("ci", 1, 9))), absl::OkStatus());
    EXPECT_EQ(look(), before) << "behind many rows";
    const EpochOutput output = End(2);
    EXPECT_EQ(look(), before) << "behind EndEpoch()";
    if (output.make_durable) {
      ASSERT_EQ(output.make_durable(), absl::OkStatus());
    }
    EXPECT_EQ(look(), before) << "behind make_durable()";
    ASSERT_EQ(Add({Day("us", 3, 1)}), absl::OkStatus());  // of the next epoch
    EXPECT_EQ(look(), before) << "while the commit is made";
    writer_.reset();
    EXPECT_EQ(look(), before) << "behind the end of a process whose commit failed";
    Open(committed);
    ASSERT_NE(writer_, nullptr);
  }
  committed = WholeEpoch(2, {Day("us", 1, 6)}).position;
  EXPECT_EQ(look(), "ci|1|5 us|1|6; daily|A|2");
}

TEST_F(SqliteSinkTest, OthersReadBetweenEpochsAndWhileOneIsWritten) {
  Open();
  WholeEpoch(1, {Day("ci", 1, 5)});
  Visitor reader(options_.path);
  ASSERT_EQ(reader.Ask("BEGIN; SELECT quakes FROM daily"), "5");
  WholeEpoch(2, {Day("ci", 1, 9)});
  EXPECT_EQ(reader.Ask("SELECT quakes FROM daily"), "5") << "within its transaction";
  EXPECT_EQ(reader.Ask("COMMIT; SELECT quakes FROM daily"), "9");
}

TEST_F(SqliteSinkTest, ARowReplacesTheOneOfItsKeyInTheColumnsThatItHas) {
  Open();
  WholeEpoch(1, {Day("ci", 1, 5), Day("ci", 2, 1), Day("ci", 1, 6)});
  EXPECT_EQ(Table(), "ci|1|6 ci|2|1");
  WholeEpoch(2,
             {{{"day", int64_t{2}}, {"NET", "ci"}, {"note", "new"}}, {{"net", "us"}, {"day", {}}}});
  EXPECT_EQ(Table(), "ci|1|6|null ci|2|1|new us|null|null|null");
  // To SQL alone no null is like another one.
  WholeEpoch(3, {{{"net", "us"}, {"day", {}}, {"quakes", int64_t{3}}},
                 {{"net", {}}, {"day", {}}},
                 {{"net", {}}, {"day", {}}, {"note", "x"}}});
  EXPECT_EQ(Ask(options_.path, "SELECT * FROM daily WHERE day IS NULL"),
            "us|null|3|null null|null|null|x");
}

TEST_F(SqliteSinkTest, AColumnOfTheKeyThatARowLacksIsNull) {
  Open();
  WholeEpoch(1, {{{"net", "ci"}, {"quakes", int64_t{1}}},
                 {{"net", "ci"}, {"day", {}}, {"quakes", int64_t{2}}},
                 {{"quakes", int64_t{3}}, {"NET", "ci"}},
                 {{"day", int64_t{4}}}});
  EXPECT_EQ(Table(), "ci|3|null null|null|4");
}

TEST_F(SqliteSinkTest, WhatARuleRefusesIsLeftOutWhereThatIsSaid) {
  Ask(options_.path,
      "CREATE TABLE daily (net, day, quakes CHECK (quakes < 100), UNIQUE (net, day))");
  options_.on_error = OnError::kSkip;
  Open();
  WholeEpoch(1, {Day("ci", 1, 5), Day("us", 1, 100), Day("us", 2, 7)});
  EXPECT_EQ(Table(), "ci|1|5 us|2|7");
  ASSERT_EQ(skips_.total(), 1u);
  EXPECT_THAT(skips_.Entries().begin()->second.examples,
              ElementsAre(HasSubstr("CHECK constraint failed: quakes < 100; this refuses the row "
                                    "(net: 'us', day: 1, quakes: 100) in table 'daily'")));
}

TEST_F(SqliteSinkTest, ValuesStayWhatTheyAre) {
  options_.key = {"k"};
  Open();
  const std::string zero("a\0b", 3);
  WholeEpoch(1, {{{"k", int64_t{7}}, {"v", "7"}},
                 {{"k", "7"}, {"v", int64_t{7}}},
                 {{"k", 7.5}, {"v", 3.0}},
                 {{"k", SqliteBlob{zero}}, {"v", zero}}});
  EXPECT_EQ(Ask(options_.path, "SELECT typeof(k), typeof(v), length(hex(v)) FROM daily"),
            "integer|text|2 text|integer|2 real|real|6 blob|text|6");
  const std::string odd = "sel\"ect ;'";
  WholeEpoch(2, {{{"k", int64_t{1}}, {odd, "x"}}});
  EXPECT_EQ(Ask(options_.path, "SELECT \"sel\"\"ect ;'\" FROM daily WHERE k = 1"), "x");
}

TEST_F(SqliteSinkTest, ARowThatCannotBeWrittenIsNamedBeforeTheCommit) {
  Open();
  const auto refused = [&](const SqliteRow& row) { return Message(Add({Day("ci", 1, 1), row})); };
  EXPECT_EQ(refused({{"n", int64_t{1}}}),
            Cat(Path("out.db"),
                ", table 'daily': the row (n: 1) cannot be written: the columns of the key are all "
                "missing: 'net', 'day'"));
  SqliteRow twice = Day("ci", 1, 1);
  twice.push_back({"Quakes", int64_t{2}});
  EXPECT_THAT(refused(twice), HasSubstr("the columns 'quakes' and 'Quakes' are one to SQLite"));
  EXPECT_THAT(refused({}), HasSubstr("the row () cannot be written: it has no columns"));
  SqliteRow nameless = Day("ci", 1, 1);
  nameless.push_back({std::string("a\0b", 3), int64_t{2}});
  EXPECT_THAT(refused(nameless), HasSubstr("a column cannot have a zero byte in its name"));
  SqliteRow wide = Day("ci", 1, 1);
  for (size_t i = 0; i < SqliteOutput::kColumnsMax; ++i) wide.push_back({Cat("c", i), {}});
  EXPECT_THAT(refused(wide), HasSubstr("more than 1000 columns"));
}

// Several pieces, the first of which makes the table, and the last of which adds a column.
TEST_F(SqliteSinkTest, AnEpochMayHaveAnyNumberOfRows) {
  Open();
  Rows rows;
  for (int64_t day = 0; day < 20'000; ++day) rows.push_back(Day("ci", day, 1));
  rows.push_back(Day("us", 1, 1));
  rows.back().push_back({"note", "late"});
  EXPECT_GT(WholeEpoch(1, rows).rows.size(), 3u);
  EXPECT_EQ(Ask(options_.path, "SELECT count(*), sum(quakes), count(note) FROM daily"),
            "20001|20001|1");
}

TEST_F(SqliteSinkTest, ATableMadeByHandKeepsItsRules) {
  Ask(options_.path,
      "CREATE TABLE daily (id INTEGER PRIMARY KEY, net TEXT, day INT, quakes INT CHECK (quakes < "
      "100), UNIQUE (day, net))");
  Open();
  WholeEpoch(1, {Day("ci", 1, 5)});
  EXPECT_EQ(Table(), "1|ci|1|5");
  ASSERT_EQ(Add({Day("ci", 2, 6), Day("us", 1, 100)}), absl::OkStatus());
  const EpochOutput committed = End(2);
  const std::string refusal = Cat(
      Path("out.db"),
      ": CHECK constraint failed: quakes < 100; this refuses the row (net: 'us', day: 1, quakes: "
      "100) in table 'daily'; the row is kept: change the table, or let on_error be skip, then "
      "start this job again");
  EXPECT_EQ(Message(Publish(2, committed)), refusal);
  EXPECT_EQ(Table(), "1|ci|1|5") << "all of an epoch or nothing";
  Ask(options_.path, "PRAGMA ignore_check_constraints = 1; ALTER TABLE daily DROP COLUMN quakes");
  Open(committed.position);
  ASSERT_EQ(Message(Publish(2, committed)), "");
}

TEST_F(SqliteSinkTest, ATableThatDoesNotFitIsRefused) {
  Ask(options_.path, "CREATE TABLE daily (net, day)");
  EXPECT_THAT(
      Message(TryOpen({}, As("A"))),
      HasSubstr("table 'daily': cannot tell rows by the key (\"net\", \"day\"), since no "));
  Ask(options_.path, "DROP TABLE daily; CREATE TABLE daily (net UNIQUE)");
  EXPECT_THAT(Message(TryOpen({}, As("A"))), HasSubstr("has no column 'day', which is part of"));
  Ask(options_.path,
      "DROP TABLE daily; CREATE TABLE daily (net, day AS (1) STORED, UNIQUE (net, day))");
  EXPECT_THAT(Message(TryOpen({}, As("A"))),
              HasSubstr("cannot INSERT into generated column \"day\"; drop the table, or give"));
  Ask(options_.path, "DROP TABLE daily; CREATE VIEW daily AS SELECT 1");
  EXPECT_THAT(Message(TryOpen({}, As("A"))), HasSubstr("is the name of a view there"));
  EXPECT_THAT(Sinks(), HasSubstr("no such table")) << "a refusal leaves nothing behind";

  for (const char* table : {"", "sqlite_x", "Tidemark_sinks"}) {
    options_.table = table;
    EXPECT_TRUE(absl::IsInvalidArgument(TryOpen({}, As("A")))) << table;
  }
  options_.table = "daily";
  options_.key = {"net", "Net"};
  EXPECT_THAT(Message(TryOpen({}, As("A"))), HasSubstr("'Net' is part of the table's key twice"));
}

TEST_F(SqliteSinkTest, WhatIsNoDatabaseIsRefused) {
  Put("out.db", "net,day\nci,1\n" + std::string(200, 'x'));
  EXPECT_EQ(Message(TryOpen({}, As("A"))),
            Path("out.db") + ": is not a SQLite database; move it away, or name another file");
  EXPECT_THAT(Get("out.db"), StartsWith("net,day"));
  options_.path = root_;
  EXPECT_EQ(Message(TryOpen({}, As("A"))), root_ + ": is a directory; name a file in it");
  options_.path = "/dev/null";
  EXPECT_THAT(Message(TryOpen({}, As("A"))), HasSubstr("which can hold no database"));
  options_.path = Path("out.db/x.db");
  EXPECT_THAT(Message(TryOpen({}, As("A"))), HasSubstr("out.db is a file and not a directory"));
  options_.path = Path("other.db");
  EXPECT_THAT(Message(TryOpen(Position().Set("bytes", 3), As("A"))),
              HasSubstr("the stored position is not that of a table"));
}

TEST_F(SqliteSinkTest, ALockThatStaysIsAnErrorAndNothingIsLost) {
  Open();
  ASSERT_EQ(Add({Day("ci", 1, 5)}), absl::OkStatus());
  const EpochOutput committed = End(1);
  Visitor other(options_.path);
  ASSERT_EQ(other.Ask("BEGIN IMMEDIATE"), "");
  const std::string locked =
      Path("out.db") +
      ": is locked by another program (waited 1ms); close that one, then start this job again";
  EXPECT_EQ(Message(Publish(1, committed)), locked);
  EXPECT_EQ(Message(TryOpen(committed.position, As("A"))), locked);
  ASSERT_EQ(other.Ask("ROLLBACK"), "");
  Open(committed.position);
  ASSERT_EQ(Publish(1, committed), absl::OkStatus());
  EXPECT_EQ(Table(), "ci|1|5");
}

TEST_F(SqliteSinkTest, ASecondWriterStopsTheFirst) {
  Open();
  const auto first = std::move(writer_);
  Open();  // two sinks of one job with the same table, or a copy of the state
  ASSERT_EQ(first->Write({Day("ci", 1, 5)}), absl::OkStatus());
  const EpochOutput output = *first->EndEpoch(Epoch{1});
  OutboxInMemory rows(output.rows);
  EXPECT_THAT(Message(first->Publish(Epoch{1}, rows)),
              HasSubstr("another sink of this job or another program has begun to write to it"));
  WholeEpoch(1, {Day("us", 1, 6)});
  EXPECT_EQ(Table(), "us|1|6");
}

TEST_F(SqliteSinkTest, AFreshStartMovesAsideWhatIsNotItsOwn) {
  Open({}, "A");
  WholeEpoch(1, {Day("ci", 1, 5)});
  Open({}, "B");
  EXPECT_THAT(said_, ElementsAre(Cat(Path("out.db"),
                                     ", table 'daily': moved to table 'daily_old_1'"
                                     ", because it belongs to another job, or to another state "
                                     "of this one (lineage A)")));
  WholeEpoch(1, {Day("us", 1, 6)});
  EXPECT_EQ(Ask(options_.path, "SELECT * FROM daily_old_1"), "ci|1|5");
  EXPECT_EQ(Table(), "us|1|6");
  EXPECT_EQ(Sinks(), "daily|B|1 daily_old_1|A|1");

  ASSERT_EQ(TryOpen({}, As("C", "B")), absl::OkStatus());  // --fresh
  WholeEpoch(1, {{{"net", "ak"}, {"day", int64_t{1}}}});
  EXPECT_EQ(Table(), "ak|1") << "with the columns that the job has now";
  EXPECT_EQ(Sinks(), "daily|C|1 daily_old_1|A|1");
  EXPECT_THAT(said_, ElementsAre(HasSubstr("daily_old_1")));
}

// A run without state owns nothing, and has nothing that could be undone.
TEST_F(SqliteSinkTest, RowsOfARunWithoutStateAreMovedAsideAndNotReplaced) {
  Open({}, "A");
  WholeEpoch(1, {Day("ci", 1, 5)});
  Open({}, "");
  EXPECT_EQ(Add({Day("us", 1, 6)}), absl::OkStatus());
  EXPECT_EQ(Publish(1, End(1)), absl::OkStatus());  // no store, so nobody says that it committed
  EXPECT_EQ(Table(), "us|1|6");
  Open({}, "B");
  EXPECT_EQ(Ask(options_.path, "SELECT * FROM daily_old_1"), "ci|1|5");
  EXPECT_EQ(Ask(options_.path, "SELECT * FROM daily_old_2"), "us|1|6");
}

TEST_F(SqliteSinkTest, WhatAStartTookGoesBackUntilItCommits) {
  Open({}, "A");
  const Position saved = WholeEpoch(1, {Day("ci", 1, 5)}).position;
  ASSERT_EQ(TryOpen({}, As("B", "A")), absl::OkStatus());
  EXPECT_EQ(Ask(options_.path, "SELECT * FROM daily_replaced_1"), "ci|1|5");
  SinkContext back = As("A");
  back.abandoned_line = "B";
  ASSERT_EQ(TryOpen(saved, back), absl::OkStatus());
  EXPECT_EQ(Table(), "ci|1|5");
  EXPECT_EQ(Sinks(), "daily|A|1");
}

TEST_F(SqliteSinkTest, AForkIsRefusedMovesOrTakesOver) {
  Open({}, "A");
  const EpochOutput at_fork = WholeEpoch(1, {Day("ci", 1, 5)});
  const std::string refusal = Message(TryOpen(at_fork.position, As("F")));
  EXPECT_EQ(refusal, Cat(Path("out.db"),
                         ", table 'daily': belongs to another job, or to another state of this "
                         "one (lineage A); give --out DIR to write elsewhere; --take-over to "
                         "continue in it; or --new-output sink to move it aside and begin a new "
                         "table with the state kept"));
  EXPECT_EQ(Sinks(), "daily|A|1");

  options_.path = Path("fork.db");
  for (int start = 0; start < 2; ++start) {  // the first one crashes before it commits
    Open(at_fork.position, "F");
    ASSERT_EQ(Publish(1, at_fork), absl::OkStatus());
    EXPECT_THAT(Table(), HasSubstr("no such table")) << "they are the original's rows";
  }
  const EpochOutput forked = WholeEpoch(2, {Day("us", 1, 6)});
  EXPECT_EQ(Table(), "us|1|6");
  Open(forked.position, "F");

  options_.path = Path("out.db");
  ASSERT_EQ(TryOpen(at_fork.position, As("F", "A")), absl::OkStatus());
  WholeEpoch(2, {Day("us", 1, 7)});
  EXPECT_EQ(Table(), "ci|1|5 us|1|7");
  EXPECT_THAT(Message(TryOpen(at_fork.position, As("A"))), HasSubstr("(lineage F)"));
}

TEST_F(SqliteSinkTest, ATableAheadOfTheJobOrBehindItIsRefused) {
  Open();
  const Position first = WholeEpoch(1, {Day("ci", 1, 5)}).position;
  WholeEpoch(2, {Day("ci", 2, 6)});
  const Position third = WholeEpoch(3, {Day("ci", 3, 7)}).position;
  EXPECT_THAT(Message(TryOpen(first, As("A"))),
              HasSubstr("has rows of epoch 3, but this job continues after epoch 1; --take-over"));
  ASSERT_EQ(TryOpen(first, As("A", "A")), absl::OkStatus());  // --take-over
  WholeEpoch(2, {Day("ci", 2, 6)});
  EXPECT_EQ(Table(), "ci|1|5 ci|2|6 ci|3|7") << "the same rows under the same keys";

  writer_.reset();
  for (const char* end : {"", "-wal", "-shm"}) {
    files_->Remove(Path(Cat("out.db", end))).IgnoreError();  // on purpose: some are not there
  }
  EXPECT_THAT(Message(TryOpen(third, As("A"))),
              HasSubstr("out.db: is missing, but rows up to epoch 2 were committed and written"));
  EXPECT_FALSE(Exists("out.db"));
  Open();
  WholeEpoch(1, {Day("ci", 1, 5)});
  EXPECT_THAT(Message(TryOpen(third, As("A"))),
              HasSubstr("is at epoch 1, but rows up to epoch 2 were committed"));
}

}  // namespace
}  // namespace tidemark
