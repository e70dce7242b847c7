// The edges of containers in pieces: inside other containers, with keys that are equal and have
// other bytes, erased by a reference into themselves, and what they take in memory.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "state/list_state.h"
#include "state/map_state.h"
#include "state/memory_size.h"
#include "state/pieces.h"
#include "state/pieces_test_support.h"
#include "state/time_queue.h"

namespace tidemark {
namespace {

// ---- inside other containers ----
struct Nested {
  MapState<int64_t, int64_t> top;
  std::optional<MapState<int64_t, int64_t>> inside;
  std::vector<ListState<std::string>> lists;
};
TEST(PiecesEdge, ContainersInsideOthersAreStored) {
  static_assert(RecoverableState<Nested>);
  Nested state;
  state.top[1] = 1;
  state.inside.emplace()[5] = 50;
  state.lists.emplace_back().push_back("x");
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  Nested read;
  PieceTable read_table;
  ASSERT_TRUE(rows.Read(read, read_table).ok());
  ASSERT_TRUE(read.inside.has_value());
  EXPECT_EQ(read.inside->size(), 1u);
  ASSERT_EQ(read.lists.size(), 1u);
  EXPECT_EQ(read.lists[0].size(), 1u);
}

// ---- memory ----
struct Waiting {
  TimeQueue<std::string> queue;
};
TEST(PiecesEdge, AQueueWhoseFrontIsTakenDoesNotGrow) {
  Waiting state;
  int64_t n = 0;
  state.queue.Insert({Timestamp{n}, n}, std::string(1000, 'x'));
  const size_t one = state.queue.heap_bytes();
  for (int i = 0; i < 100'000; ++i) {
    ++n;
    state.queue.Insert({Timestamp{n}, n}, std::string(1000, 'x'));
    state.queue.TakeThrough(Timestamp{n - 1}, [](std::string) {});
  }
  EXPECT_EQ(state.queue.size(), 1u);
  EXPECT_LT(state.queue.heap_bytes(), 2 * one);
}

// ---- erased by a reference into the container ----
struct SetOnly {
  SetState<std::string> set;
};
TEST(PiecesEdge, TextsErasedByReferenceAreGone) {
  SetOnly state;
  for (int i = 0; i < 100; ++i) state.set.Insert(Cat("a fairly long name of an entry ", 100 + i));
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  for (int i = 0; i < 10; ++i) state.set.Erase(state.set.first());
  rows.Write(state, table);
  SetOnly read;
  PieceTable read_table;
  ASSERT_TRUE(rows.Read(read, read_table).ok());
  EXPECT_EQ(read.set.size(), 90u) << "erased entries are back";
}
struct IntSet {
  SetState<int64_t> set;
};
TEST(PiecesEdge, NumbersErasedByReferenceAreGone) {
  IntSet state;
  for (int i = 0; i < 2000; ++i) state.set.Insert(i);
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  for (int i = 0; i < 10; ++i) state.set.Erase(state.set.first());
  rows.Write(state, table);
  IntSet read;
  PieceTable read_table;
  ASSERT_TRUE(rows.Read(read, read_table).ok());
  EXPECT_EQ(read.set.size(), 1990u) << "erased entries are back";
}

// ---- keys that are equal and have other bytes ----
struct ByDouble {
  MapState<double, std::string> map;
};
TEST(PiecesEdge, NegativeZeroErasesZero) {
  ByDouble state;
  for (int i = 0; i < 100; ++i) state.map[i] = std::string(50, 'x');
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  ASSERT_TRUE(state.map.Erase(-0.0));
  ASSERT_EQ(state.map.size(), 99u);
  rows.Write(state, table);
  ByDouble read;
  PieceTable read_table;
  const absl::Status status = rows.Read(read, read_table);
  ASSERT_TRUE(status.ok()) << status;
  EXPECT_EQ(read.map.size(), 99u) << "an erased entry is back";
}
TEST(PiecesEdge, NegativeZeroTakesThePlaceOfZero) {
  ByDouble state;
  for (int i = 0; i < 100; ++i) state.map[i] = std::string(50, 'x');
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  ASSERT_TRUE(state.map.Erase(0.0));
  state.map[-0.0] = "again";
  rows.Write(state, table);
  ByDouble read;
  PieceTable read_table;
  const absl::Status status = rows.Read(read, read_table);
  EXPECT_TRUE(status.ok()) << status;
}
// A key of the user's with an order of its own.
struct Name {
  std::string text;
  int64_t seen_at = 0;
  bool operator<(const Name& other) const { return text < other.text; }
};
struct ByName {
  MapState<Name, std::string> map;
};
TEST(PiecesEdge, AKeyWithAnOrderOfItsOwnIsErasedAndComesBack) {
  ByName state;
  for (int i = 0; i < 100; ++i) state.map[{Cat(i), 1}] = std::string(50, 'x');
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  ASSERT_TRUE(state.map.Erase({"5", 0}));
  rows.Write(state, table);
  {
    ByName read;
    PieceTable read_table;
    const absl::Status status = rows.Read(read, read_table);
    EXPECT_TRUE(status.ok()) << status;
    EXPECT_EQ(read.map.size(), 99u) << "an erased entry is back";
  }
  state.map[{"5", 9}] = "again";
  rows.Write(state, table);
  ByName read;
  PieceTable read_table;
  const absl::Status status = rows.Read(read, read_table);
  EXPECT_TRUE(status.ok()) << status;
}

// What a map in rows grows by in an epoch.
struct Strings {
  MapState<int64_t, std::string> map;
};
TEST(PiecesEdge, WhatAMapGrowsByCountsAtOnce) {
  Strings state;
  for (int i = 0; i < 10; ++i) state.map[i] = std::string(1000, 'x');
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  for (int i = 10; i < 1010; ++i) state.map[i] = std::string(100'000, 'x');  // 100 MB
  EXPECT_GT(MemoryBytes(state), 50'000'000u);
}

// All rows are replaced in one epoch, then one is touched.
TEST(PiecesEdge, AfterAllRowsWereReplacedOneIsWritten) {
  Strings state;
  for (int i = 0; i < 100; ++i) state.map[i] = std::string(1000, 'x');
  PieceTable table;
  PieceRows rows;
  rows.Write(state, table);
  for (int i = 100; i < 200; ++i) state.map[i] = std::string(1000, 'x');
  for (int i = 0; i < 100; ++i) state.map.Erase(i);
  rows.Write(state, table);
  state.map[150] = "changed";
  EXPECT_LT(rows.Write(state, table), 5000u) << "one entry was touched";
}

}  // namespace
}  // namespace tidemark
