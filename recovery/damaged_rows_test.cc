#include "recovery/damaged_rows.h"

#include <gmock/gmock.h>

#include "recovery/test_support.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

class DamagedRowsTest : public RecoveryTest {
 protected:
  // A table with two keys of step 7.
  void SetUp() override {
    StateDirectory::Options options = Options();
    options.store.large_commit_bytes = 1;
    auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    directory_ = *std::move(opened);
    std::map<std::string, std::string> rows;
    for (const char* name : {"sydney", "oslo"}) {
      std::string user_key, row;
      AppendKeyString(name, user_key);
      MainRowKey(StepId{7}, user_key, row);
      rows[row] = "state";
      keys_[row] = name;
      groups_[row] = KeyGroupOf(user_key);
    }
    RunBuilder run;
    for (const auto& [key, value] : rows) run.Put(key, value);
    std::vector<RunBuilder> runs;
    runs.push_back(std::move(run));
    ASSERT_TRUE(CommitEpoch(directory_->store(), RecordOf(1), std::move(runs)).ok());
    directory_.reset();
    table_ = FirstTable(StorePath(state()));
    ASSERT_NE(table_, "");
  }
  std::string Describe(const std::string& message, const std::optional<EpochRecord>& record) {
    return DescribeDamagedRows(StorePath(state()), absl::DataLossError(message), record);
  }

  std::map<std::string, std::string> keys_;
  std::map<std::string, int> groups_;
  std::string table_;
};

TEST_F(DamagedRowsTest, StepAndKeysOfTheNamedTableAreSaidThoughItIsGone) {
  EpochRecord record = RecordOf(1);
  record.steps.push_back({});
  record.steps[0].id = StepId{7};
  record.steps[0].name = "gauges";
  const std::string last = keys_.rbegin()->second;
  const std::string group = Cat(", key group ", groups_.rbegin()->second);
  // The epoch record sorts before all rows.
  const std::string expected = Cat(" holds rows from the epoch record, to step 'gauges', key ");
  EXPECT_THAT(Describe(Cat("bad block in ", table_), record), HasSubstr(expected + last + group));
  ASSERT_TRUE(files().Remove(table_).ok());
  EXPECT_THAT(Describe(Cat("missing: ", table_), record), HasSubstr(expected + last + group));
  EXPECT_THAT(Describe(Cat("missing: ", table_), {}), HasSubstr("to step 7, key " + last));
}

TEST_F(DamagedRowsTest, WithoutATableOrAManifestNothingIsSaid) {
  EXPECT_EQ(Describe("its log is missing", RecordOf(1)), "");
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  EXPECT_EQ(Describe(Cat("bad block in ", table_), RecordOf(1)), "");
}

}  // namespace
}  // namespace tidemark
