#include "recovery/damaged_rows.h"

#include <gmock/gmock.h>

#include "recovery/test_support.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

class DamagedRowsTest : public RecoveryTest {
 protected:
  static constexpr size_t kKeys = 40;

  // A table of many blocks with the keys k10 to k49 of step 7, behind the epoch record.
  void SetUp() override {
    Open();  // so that its first commit is no table
    directory_.reset();
    StateDirectory::Options options = Options();
    options.store.large_commit_bytes = 1;
    auto opened = StateDirectory::Open(files(), options);
    ASSERT_TRUE(opened.ok()) << opened.status();
    directory_ = *std::move(opened);
    for (size_t n = 0; n < kKeys; ++n) {
      std::string user_key, row;
      AppendKeyString(Cat("k", 10 + n), user_key);
      MainRowKey(StepId{7}, user_key, row);
      texts_[row] = Cat("step 'gauges', key k", 10 + n, ", key group ", KeyGroupOf(user_key));
    }
    const StoredRows values = RowsAt(kKeys, 3000);
    RunBuilder run;
    auto value = values.begin();
    for (const auto& [row, text] : texts_) run.Put(row, (value++)->second);
    std::vector<RunBuilder> runs;
    runs.push_back(std::move(run));
    record_.steps.push_back({});
    record_.steps[0].id = StepId{7};
    record_.steps[0].name = "gauges";
    ASSERT_TRUE(CommitEpoch(directory_->store(), record_, std::move(runs)).ok());
    directory_.reset();
    table_ = LastTable();
    ASSERT_NE(table_, "");
    damage_ = absl::DataLossError(Cat("bad block in ", table_));
  }
  // The first one has nothing but the line of runs.
  std::string LastTable() {
    std::string last;
    for (const std::string& name : Names(StorePath(state()))) {
      if (name.ends_with(".sst")) last = JoinPath(StorePath(state()), name);
    }
    return last;
  }
  std::string Describe() { return DescribeDamagedRows(StorePath(state()), damage_, record_); }

  EpochRecord record_ = RecordOf(1);
  std::map<std::string, std::string> texts_;  // of each row, in the order of rows
  std::string table_;
  absl::Status damage_;
};

TEST_F(DamagedRowsTest, TheRowsAroundTheDamageAreNamed) {
  EXPECT_EQ(Describe(), "") << "all of it can be read";
  Flip(table_, Read(table_).size() / 2);
  const std::string told = Describe();
  const size_t names = table_.rfind('/') + 1;
  EXPECT_THAT(told, StartsWith(Cat(table_.substr(names), " cannot be read between step ")));
  // Two rows that are near to one another, in the middle.
  const auto place = [&](const std::string& before) {
    const size_t at = told.find(before) + before.size();
    size_t n = 0;
    for (const auto& [row, text] : texts_) {
      if (told.compare(at, text.size(), text) == 0) return n;
      ++n;
    }
    return kKeys;
  };
  const size_t from = place("between "), to = place(", and ");
  EXPECT_GT(from, 5u) << told;
  EXPECT_GT(to, from + 1) << told;
  EXPECT_LT(to, from + 6) << told;
}

TEST_F(DamagedRowsTest, OfATableThatIsGoneTheManifestKnowsTheRange) {
  ASSERT_TRUE(files().Remove(table_).ok());
  EXPECT_THAT(Describe(), EndsWith(Cat("between the epoch record, and ", texts_.rbegin()->second)));
  record_.steps.clear();
  EXPECT_THAT(Describe(), ::testing::HasSubstr(", and step 7, key k"));
}

TEST_F(DamagedRowsTest, WithoutATableOrAManifestNothingIsSaid) {
  damage_ = absl::DataLossError("its log is missing");
  EXPECT_EQ(Describe(), "");
  damage_ = absl::DataLossError(Cat("bad block in ", table_));
  ASSERT_TRUE(files().Remove(JoinPath(StorePath(state()), "CURRENT")).ok());
  EXPECT_EQ(Describe(), "");
}

}  // namespace
}  // namespace tidemark
