#include "recovery/verify.h"

#include "base/status.h"
#include "proto/rows.h"
#include "recovery/snapshot.h"
#include "recovery/test_support.h"
#include "state/map_state.h"
#include "state/pieces.h"
#include "state/run.h"
#include "state/schema_bytes.h"
#include "state/state_key.h"
#include "state/value_codec.h"

namespace tidemark {
namespace {

// A step 'sum' with two keys, one of which has a timer; a step 'list' with a list in two pieces.
class VerifyTest : public RecoveryTest {
 protected:
  static constexpr StepId kSum{1};
  static constexpr StepId kList{2};
  static constexpr Timestamp kDue{1'000'000};

  static std::string UserKey(const std::string& text) {
    std::string key;
    AppendKeyString(text, key);
    return key;
  }
  static std::string MainKey(StepId step, const std::string& key) {
    std::string row;
    MainRowKey(step, UserKey(key), row);
    return row;
  }
  static std::string SegmentKey(const std::string& key, uint64_t epoch) {
    std::string row;
    SubRowKey(kList, UserKey(key), EpochSuffix({epoch}), row);
    return row;
  }
  static std::string TimerKey(StepId step, Timestamp at, const std::string& key) {
    std::string row;
    TimerRowKey(step, at, UserKey(key), row);
    return row;
  }
  std::string Value(int64_t value, Timestamp timer = Timestamp::Never()) {
    return std::string(codec_.EncodeValue({.timer_at = timer}, EncodeToString(value)));
  }
  std::string Segment(const std::vector<int64_t>& values) {
    return std::string(codec_.EncodeSegment(Slices(values)));
  }
  static ItemSlices Slices(const std::vector<int64_t>& values) {
    ItemSlices items;
    for (const int64_t value : values) {
      EncodeValue(value, items.bytes);
      items.EndItem();
    }
    return items;
  }
  static EpochRecord Record() {
    EpochRecord record = RecordOf(1);
    record.steps.push_back(Step(kSum, "sum", 2));
    record.steps.push_back(Step(kList, "list", 1));
    return record;
  }
  static StepRecord Step(StepId id, const std::string& name, uint64_t keys) {
    StepRecord step;
    step.id = id;
    step.name = name;
    step.schema = SchemaBytesOf<int64_t>();
    step.keys = keys;
    return step;
  }

  void SetUp() override {
    Open();
    RunBuilder rows;
    rows.Put(MainKey(kSum, "a"), Value(1));
    rows.Put(MainKey(kSum, "b"), Value(2, kDue));
    rows.Put(TimerKey(kSum, kDue, "b"), "");
    BatchRow list;
    list.segments.push_back({.epoch = {1}, .items = 2, .bytes = 0});
    rows.Put(MainKey(kList, "a"), codec_.EncodeBatch({}, list, Slices({3})));
    rows.Put(SegmentKey("a", 1), Segment({1, 2}));
    Commit(Record(), std::move(rows));
  }
  void Commit(const EpochRecord& record, RunBuilder rows) {
    std::vector<RunBuilder> builders;
    builders.push_back(std::move(rows));
    ASSERT_TRUE(CommitEpoch(directory_->store(), record, std::move(builders)).ok());
  }
  // The faults of the live store's rows when this is committed on top.
  std::string FaultsWith(RunBuilder rows, const EpochRecord& record = Record()) {
    Commit(record, std::move(rows));
    VerifiedPart part;
    VerifyRows(
        directory_->store(), record, [](uint64_t) {}, part);
    std::string faults;
    for (const std::string& fault : part.faults) faults += fault + "\n";
    return faults;
  }
  std::vector<VerifiedPart> Parts(const std::string& path) {
    auto parts = Verify(files(), path, {});
    EXPECT_TRUE(parts.ok()) << parts.status();
    return parts.ok() ? *std::move(parts) : std::vector<VerifiedPart>{};
  }

  RowCodec codec_;
};

TEST_F(VerifyTest, WholeStateIsFine) {
  const auto made = MakeSnapshot(files(), directory_->store(), state(), Record());
  ASSERT_TRUE(made.ok()) << made.status();
  ASSERT_TRUE(
      MakeSnapshot(files(), directory_->store(), state(), Record(), {.name = "copy", .copy = true})
          .ok());
  const auto parts = Parts(state());  // while it is open for writing
  ASSERT_EQ(parts.size(), 3u);
  for (const VerifiedPart& part : parts) {
    EXPECT_TRUE(part.fine()) << part.path << ": " << part.faults[0];
    EXPECT_EQ(part.epoch, 1u);
    EXPECT_EQ(part.keys, 3u);
    EXPECT_EQ(part.rows, 6u) << "with the record";
  }
  EXPECT_EQ(parts[0].shares_with, std::vector<std::string>{made->path});
  EXPECT_EQ(parts[1].shares_with, std::vector<std::string>{StorePath(state())});
  EXPECT_TRUE(parts[2].shares_with.empty()) << "a copy shares nothing";
  EXPECT_EQ(Parts(made->path).size(), 1u);
  EXPECT_FALSE(Verify(files(), Path("nowhere"), {}).ok());
}

TEST_F(VerifyTest, EachFaultOfARowIsNamed) {
  EXPECT_EQ(FaultsWith({}), "");
  const auto put = [](const std::string& key, const std::string& value) {
    RunBuilder rows;
    rows.Put(key, value);
    return rows;
  };
  const auto take = [](const std::string& key) {
    RunBuilder rows;
    rows.Delete(key);
    return rows;
  };
  struct {
    const char* fault;
    RunBuilder spoil;
    RunBuilder mend;
  } cases[] = {
      {"step 'sum', key a: ", put(MainKey(kSum, "a"), "no row"), put(MainKey(kSum, "a"), Value(1))},
      {"step 'sum', key b: its timer is missing in the index", take(TimerKey(kSum, kDue, "b")),
       put(TimerKey(kSum, kDue, "b"), "")},
      {"step 'sum', key b: the timer index disagrees", put(TimerKey(kSum, {5}, "b"), ""),
       take(TimerKey(kSum, {5}, "b"))},
      {"step 'sum', key c: has a timer and no state", put(TimerKey(kSum, {5}, "c"), ""),
       take(TimerKey(kSum, {5}, "c"))},
      {"key a: 1 segment of its list are missing", take(SegmentKey("a", 1)),
       put(SegmentKey("a", 1), Segment({1, 2}))},
      {"key a: a segment that its list does not name", put(SegmentKey("a", 7), Segment({1})),
       take(SegmentKey("a", 7))},
      {"key a: a segment has 1 items instead of 2", put(SegmentKey("a", 1), Segment({1})),
       put(SegmentKey("a", 1), Segment({1, 2}))},
      {"step 'sum': has 3 keys, and the epoch record says 2", put(MainKey(kSum, "z"), Value(1)),
       take(MainKey(kSum, "z"))},
      {"step number 9, key a: the epoch record does not name the step",
       put(MainKey({9}, "a"), Value(1)), take(MainKey({9}, "a"))},
      {"a row of no known kind", put("\x77what", ""), take("\x77what")},
  };
  for (auto& c : cases) {
    const std::string faults = FaultsWith(std::move(c.spoil));
    EXPECT_NE(faults.find(c.fault), std::string::npos) << c.fault << "\n" << faults;
    EXPECT_EQ(FaultsWith(std::move(c.mend)), "") << c.fault;
  }
}

TEST_F(VerifyTest, ADamagedTableIsNamedInAllThatShareIt) {
  ASSERT_TRUE(MakeSnapshot(files(), directory_->store(), state(), Record()).ok());
  directory_.reset();
  const std::string table = FirstTable(StorePath(state()));
  Flip(table, 40);
  const auto parts = Parts(state());
  ASSERT_EQ(parts.size(), 2u);
  for (const VerifiedPart& part : parts) {
    ASSERT_FALSE(part.fine()) << part.path;
    EXPECT_NE(part.faults[0].find(table.substr(table.find_last_of('/'))), std::string::npos)
        << part.faults[0];
  }
}

TEST_F(VerifyTest, AMarkIsAFault) {
  ASSERT_TRUE(MarkDamaged(files(), state(), absl::DataLossError("000009.sst is bad")).ok());
  const auto parts = Parts(state());
  ASSERT_EQ(parts.size(), 1u);
  ASSERT_EQ(parts[0].faults.size(), 1u);
  EXPECT_NE(parts[0].faults[0].find("000009.sst is bad"), std::string::npos);
}

struct Held {
  MapState<int64_t, std::string> map;
};

TEST_F(VerifyTest, PiecesOfAStateAreCountedAndRead) {
  constexpr StepId kPieces{9};
  EpochRecord record = Record();
  record.steps.push_back(Step(kPieces, "pieces", 1));
  record.steps.back().schema = SchemaBytesOf<Held>();
  const std::string user_key = UserKey("a");
  Held state;
  for (int64_t i = 0; i < 100; ++i) state.map[i] = std::string(50, 'x');
  RunBuilder rows;
  PieceTable table;
  RowOutput out(rows, codec_, kPieces, user_key);
  EncodeInPieces(state, table, {1}, {}, out);
  EXPECT_EQ(FaultsWith(std::move(rows), record), "");

  const auto row_of = [&](int64_t entry) {
    std::string row;
    SubRowKey(kPieces, user_key, PieceSuffix(std::string(1, '\0'), EncodeToString(entry)), row);
    return row;
  };
  RunBuilder gone;
  gone.Delete(row_of(7));
  EXPECT_NE(FaultsWith(std::move(gone), record).find("1 row and 1 entry of its state are missing"),
            std::string::npos);
  RunBuilder damaged;
  damaged.Put(row_of(7), "\x01\x0e");
  EXPECT_NE(FaultsWith(std::move(damaged), record).find("cut off"), std::string::npos);
  PieceEntries entry;
  entry.Add(int64_t{7}, std::string("x"));
  RunBuilder more;
  more.Put(row_of(7), Cat("\x01", entry.bytes()));
  more.Put(row_of(7000), Cat("\x01", entry.bytes()));
  EXPECT_NE(FaultsWith(std::move(more), record).find("a piece that its state does not name"),
            std::string::npos);
}

// A list that a run refuses to load: its segment has more items than its main row says.
TEST_F(VerifyTest, ASegmentWithTooManyItemsIsFound) {
  RunBuilder rows;
  BatchRow list;
  list.segment_rows = 1;
  list.segment_items = 1;
  rows.Put(MainKey(kList, "a"), codec_.EncodeBatch({}, list, Slices({3})));
  rows.Put(SegmentKey("a", 1), Segment({1, 2}));
  EXPECT_NE(FaultsWith(std::move(rows)), "");
}

// The same for a state in pieces.
TEST_F(VerifyTest, ARowWithTooManyEntriesIsFound) {
  EpochRecord record = Record();
  record.steps[1].schema = SchemaBytesOf<std::map<std::string, int64_t>>();
  const std::vector<StoredPiece> stored = {
      {.path = "", .rows = 1, .row_entries = 1, .floor = {}, .count = 0, .entries = {}}};
  RunBuilder rows;
  rows.Delete(SegmentKey("a", 1));
  rows.Put(MainKey(kList, "a"),
           codec_.EncodePieces({}, std::string(1, '\0'), EncodeToString(stored)));
  std::string key;
  SubRowKey(kList, UserKey("a"), PieceSuffix("", EncodeToString(std::string("x"))), key);
  rows.Put(key, std::string("\x02\x01x\x02\x01y\x02", 7));
  EXPECT_NE(FaultsWith(std::move(rows), record), "");
}

// Twice the same key, in two rows.
TEST_F(VerifyTest, AKeyInTwoRowsIsFound) {
  EpochRecord record = Record();
  record.steps[1].schema = SchemaBytesOf<std::map<std::string, int64_t>>();
  const std::vector<StoredPiece> stored = {
      {.path = "", .rows = 2, .row_entries = 2, .floor = {}, .count = 0, .entries = {}}};
  RunBuilder rows;
  rows.Delete(SegmentKey("a", 1));
  rows.Put(MainKey(kList, "a"),
           codec_.EncodePieces({}, std::string(1, '\0'), EncodeToString(stored)));
  std::string key;
  for (const char* name : {"x", "z"}) {
    SubRowKey(kList, UserKey("a"), PieceSuffix("", EncodeToString(std::string(name))), key);
    rows.Put(key, std::string("\x01\x01x\x02", 4));
  }
  EXPECT_NE(FaultsWith(std::move(rows), record), "");
}

}  // namespace
}  // namespace tidemark
