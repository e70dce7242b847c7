#include "state/pieces.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/random.h"
#include "state/list_state.h"
#include "state/map_state.h"
#include "state/piece_values.h"
#include "state/pieces_test_support.h"
#include "state/time_queue.h"
#include "state/type_schema.h"
#include "state/value_json.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

struct Small {
  int64_t number = 0;
  MapState<std::string, int64_t> map;
  ListState<std::string> list;
};
struct Waiting {
  TimeQueue<std::string> queue;
};

std::string Bytes(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text.push_back(static_cast<char>(byte));
  return text;
}

Small Documented() {
  Small state;
  state.number = 3;
  state.map["a"] = 1;
  for (int64_t i = 0; i < 79; ++i) state.map[Cat("another long key ", 100 + i)] = i;
  state.list.push_back("x");
  return state;
}

// docs/formats/state-rows.md
TEST(Pieces, BytesAreAsDocumented) {
  Small state = Documented();
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  EXPECT_EQ(rows.Main().value, Bytes({6, 0, 0}));
  EXPECT_EQ(rows.Main().pieces, Bytes({2, 1, 1, 0x50, 0x50, 0, 0, 0, 1, 2, 0, 0, 0, 1, 2, 1, 'x'}));
  EXPECT_EQ(rows.rows.size(), 81u);
  EXPECT_EQ(rows.rows.at(Bytes({2, 1, 0xff, 1, 'a'})), Bytes({1, 1, 'a', 2}));
}

TEST(Pieces, AreReadBackAndJoined) {
  Small state = Documented();
  for (int i = 0; i < 300; ++i) state.list.push_back(Cat("element ", i));
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  Small back;
  PieceTable back_table;
  ASSERT_TRUE(rows.Read(back, back_table).ok());
  EXPECT_EQ(EncodeToString(back), EncodeToString(state));
  const auto joined = JoinPieces(SchemaOf<Small>(), rows.Main(), rows, "the key");
  ASSERT_TRUE(joined.ok()) << joined.status();
  EXPECT_EQ(*joined, EncodeToString(state));
  // Nothing has changed, so nothing but the main row is written.
  EXPECT_LT(rows.Write(back, back_table), 250u);
}

TEST(Pieces, AnEpochWritesTheEntriesThatWereTouched) {
  MapState<int64_t, std::string> map;
  struct State {
    MapState<int64_t, std::string> map;
  } state;
  for (int64_t i = 0; i < 10'000; ++i) state.map[i] = "some value";
  PieceTable table;
  PieceRows rows;
  EXPECT_GT(rows.Write(state, table), 250'000u);
  *state.map.Change(77) = "another value";
  state.map.Erase(78);
  EXPECT_LT(rows.Write(state, table), 300u);
  // Small again, and in the main row.
  for (int64_t i = 3; i < 10'000; ++i) state.map.Erase(i);
  rows.Write(state, table);
  EXPECT_EQ(rows.rows.size(), 1u);
}

// A state that is replaced leaves no row of the old one, whatever the new one holds.
TEST(Pieces, AnotherContainerDoesNotTakeOverRows) {
  Small state = Documented();
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  Small other = Documented();
  other.map.Erase("a");
  state = std::move(other);
  rows.Write(state, table);
  EXPECT_FALSE(rows.rows.contains(Bytes({2, 1, 0xff, 1, 'a'})));
  EXPECT_EQ(rows.rows.size(), 80u);
  const Small copy = state;
  state = copy;
  EXPECT_GT(rows.Write(state, table), 1500u) << "a copy is written as a whole";
  state = Small();
  rows.Drop(table);
  EXPECT_TRUE(rows.rows.empty());
}

TEST(Pieces, ARowThatIsMissingOrTooMuchIsNoticed) {
  Small state = Documented();
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  const auto refused = [](const PieceRows& damaged) {
    Small back;
    PieceTable back_table;
    const absl::Status read = damaged.Read(back, back_table);
    EXPECT_TRUE(absl::IsDataLoss(read)) << read;
    EXPECT_THAT(std::string(read.message()), HasSubstr("the key"));
    EXPECT_FALSE(JoinPieces(SchemaOf<Small>(), damaged.Main(), damaged, "the key").ok());
  };
  const std::string name = Bytes({2, 1, 0xff, 1, 'a'});
  const std::string row = rows.rows.at(name);
  rows.rows.erase(name);
  refused(rows);
  rows.rows[Bytes({2, 2, 0xff, 0, 0, 0, 0, 0, 0, 0, 1})] = row;  // of another container
  refused(rows);
  rows.rows.erase(std::prev(rows.rows.end()));
  rows.rows[name] = row;
  rows.rows[Bytes({2, 1, 0xff, 1, 'b'})] = row;
  refused(rows);
}

// Bytes are damaged at random: that is an error, or another state, and never anything worse.
TEST(Pieces, DamageIsAnErrorAtWorst) {
  Small state = Documented();
  Waiting waiting;
  for (int64_t i = 0; i < 200; ++i) waiting.queue.Insert({{i}, i}, "a value that waits");
  PieceTable table, waiting_table;
  PieceRows rows, waiting_rows;
  rows.Write(state, table);
  waiting_rows.Write(waiting, waiting_table);
  waiting.queue.DropWhile([](Timestamp at) { return at.us < 10; });
  waiting_rows.Write(waiting, waiting_table);
  Random random(TestSeed());
  for (PieceRows* whole : {&rows, &waiting_rows}) {
    for (int i = 0; i < 3000; ++i) {
      SCOPED_TRACE(testing::Message() << "TM_SEED=" << TestSeed() << ", round " << i);
      PieceRows damaged;
      damaged.rows = whole->rows;
      auto row =
          std::next(damaged.rows.begin(), static_cast<long>(random.Below(damaged.rows.size())));
      PiecesRow main = damaged.Main();
      std::string& bytes = row->first.empty() ? main.pieces : row->second;
      if (random.OneIn(2)) {
        bytes[random.Below(bytes.size())] ^= static_cast<char>(1 + random.Below(255));
      } else {
        bytes.resize(random.Below(bytes.size()));
      }
      Small back;
      Waiting back_waiting;
      PieceTable back_table;
      if (whole == &rows) {
        (void)LoadFromPieces(main, damaged, "the key", back, back_table);
        (void)JoinPieces(SchemaOf<Small>(), main, damaged, "the key");
      } else {
        (void)LoadFromPieces(main, damaged, "the key", back_waiting, back_table);
        (void)JoinPieces(SchemaOf<Waiting>(), main, damaged, "the key");
      }
    }
  }
}

// A value far ahead of the others is in each row, and keeps none of them.
TEST(TimeQueue, StoredValuesFollowThoseThatLive) {
  Waiting waiting;
  PieceTable table;
  PieceRows rows;
  int64_t number = 0;
  uint64_t written = 0, values = 0;
  for (int64_t epoch = 0; epoch < 400; ++epoch) {
    for (int64_t i = 0; i < 60; ++i, ++values) {
      const int64_t at = epoch * 60 + i + (i == 0 ? 1'000'000 : 0);
      waiting.queue.Insert({{at}, number++}, "a value that waits for its time");
    }
    waiting.queue.DropWhile([&](Timestamp at) { return at.us < (epoch - 1) * 60; });
    written += rows.Write(waiting, table);
  }
  size_t stored = 0;
  for (const auto& [name, value] : rows.rows) stored += value.size();
  constexpr size_t kValueBytes = 45;
  EXPECT_LT(stored, 3 * kValueBytes * waiting.queue.size() + 2 * kPieceBytesMax);
  EXPECT_LT(written, 3 * kValueBytes * values);
  EXPECT_EQ(waiting.queue.size(), 400u + 2 * 59);
}

TEST(TimeQueue, AValueBehindTheFrontIsNotLost) {
  Waiting waiting;
  PieceTable table;
  PieceRows rows;
  for (int64_t i = 0; i < 100; ++i) waiting.queue.Insert({{i}, i}, "a value that is stored");
  rows.Write(waiting, table);
  for (int64_t i = 0; i < 10; ++i) waiting.queue.PopFront();
  waiting.queue.Insert({{3}, 1000}, "late");
  rows.Write(waiting, table);
  Waiting back;
  PieceTable back_table;
  ASSERT_TRUE(rows.Read(back, back_table).ok());
  EXPECT_EQ(back.queue.size(), 91u);
  EXPECT_EQ(back.queue.PopFront().second, "late");
}

TEST(Pieces, MemoryIsCounted) {
  Waiting waiting;
  Small small;
  const size_t empty = MemoryBytes(waiting) + MemoryBytes(small);
  for (int64_t i = 0; i < 1000; ++i) {
    waiting.queue.Insert({{i}, i}, std::string(1000, 'x'));
    small.list.push_back(std::string(1000, 'x'));
    small.map[std::string(1000, 'x') + Cat(i)] = i;
  }
  EXPECT_GT(MemoryBytes(waiting) + MemoryBytes(small), empty + 3'000'000);
  PieceTable table, small_table;
  PieceRows rows, small_rows;
  rows.Write(waiting, table);
  small_rows.Write(small, small_table);
  EXPECT_GT(MemoryBytes(waiting) + MemoryBytes(small), empty + 3'000'000);
  EXPECT_GT(small_table.MemoryBytes(), 1000u * 1000u);
  while (!waiting.queue.empty()) waiting.queue.PopFront();
  small.list.clear();
  small.map.clear();
  EXPECT_LE(MemoryBytes(waiting) + MemoryBytes(small), empty);
}

}  // namespace
}  // namespace tidemark
