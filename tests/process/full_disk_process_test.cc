// Goal: a disk that fills up stops the job with one line, and once there is room the same command
// goes on, with nothing lost and nothing twice.
// Method: the real program with state and outputs on a small file system in memory, which a ballast
// fills to a different degree each time, so that it is full at another place: before the store is
// made, in its log, in an output, in a snapshot.

#include <string>

#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::AnyOf;
using ::testing::HasSubstr;

class FullDisk : public BadInput {
 protected:
  void SetUp() override {
    BadInput::SetUp();
    const auto may = Shell("mkdir probe && unshare -rm mount -t tmpfs -o size=1m none probe");
    if (may.exit_code != 0) GTEST_SKIP() << "no file system can be mounted here: " << may.err;
  }
  // Runs the job with so much room left, then makes room and runs it again.
  void FillUpAndGoOn(int room_kib) {
    SCOPED_TRACE(Cat(room_kib, " KiB"));
    const std::string script =
        Cat("rm -rf kept out && mkdir kept out\n"
            "mount -t tmpfs -o size=16m none out || exit 99\n"
            "head -c $(((16384 - ",
            room_kib,
            ") * 1024)) /dev/zero > ballast.bin && mv ballast.bin out/ballast || exit 98\n"
            "\"$T\" run job.yaml --epoch 1ms --rate 4000 2> first.txt; echo $? > first\n"
            "rm out/ballast\n"
            "\"$T\" run job.yaml 2> second.txt; echo $? > second\n"
            "cp out/job.jsonl out/table.db kept/\n");
    Write("script.sh", Cat("T='", Program(), "'\n", script));
    const auto end = Shell("exec unshare -rm /bin/sh script.sh");
    ASSERT_EQ(end.exit_code, 0) << end.err;
    const std::string first = Read("first.txt");
    if (Read("first") != "0\n") {
      ++refused_;
      EXPECT_EQ(Read("first"), "1\n") << first;
      EXPECT_THAT(first,
                  AnyOf(HasSubstr("No space left on device"), HasSubstr("the disk is full")));
    }
    EXPECT_EQ(Read("second"), "0\n") << first << Read("second.txt");
    EXPECT_EQ(Read("kept/job.jsonl"), lines_) << first << Read("second.txt");
    EXPECT_EQ(Table("kept"), table_) << first << Read("second.txt");
  }

  std::string Table(const std::string& out) const {
    return Ask(Path(Cat(out, "/table.db")), "select * from t order by rowid");
  }

  int refused_ = 0;
  std::string lines_;
  std::string table_;
};

TEST_F(FullDisk, StopsTheJobAndLosesNothing) {
  Write("job.yaml", JobWith("sink: {file: out/job.jsonl}",
                            "sinks: {sink: {file: out/job.jsonl}, "
                            "table: {sqlite: {file: out/table.db, table: t}}}"));
  ASSERT_EQ(Run({"--state", "calm.state", "--out", "calm"}).exit_code, 0);
  lines_ = Read("calm/job.jsonl");
  table_ = Table("calm");
  ASSERT_GT(table_.size(), lines_.size() / 2);
  for (const int room : {0, 4, 8, 16, 24, 40, 64, 80, 100, 120, 140, 160, 180, 200, 300, 1000})
    FillUpAndGoOn(room);
  EXPECT_GT(refused_, 3) << "the disk was never full";
}

}  // namespace
}  // namespace tidemark
