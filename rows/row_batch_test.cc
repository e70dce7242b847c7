#include "rows/row_batch.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <string>

#include "rows/schema.h"

namespace {
size_t allocations = 0;
}  // namespace

void* operator new(size_t bytes) {
  ++allocations;
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, size_t) noexcept { std::free(memory); }

namespace tidemark {
namespace {

TEST(Column, HasOneTypeWhileItsValuesAgree) {
  Column column;
  column.Reset(4);
  EXPECT_EQ(column.type(), Type::kNull);
  EXPECT_TRUE(column.IsNull(0));
  column.Set(1, Value::Of(int64_t{7}));
  EXPECT_EQ(column.type(), Type::kInt64);
  EXPECT_EQ(column.WordAt(1), 7);
  EXPECT_TRUE(column.At(0).is_null());

  column.Set(2, Value::Text("a"));
  EXPECT_EQ(column.type(), Type::kAny);
  EXPECT_EQ(column.At(1).AsInt(), 7);
  EXPECT_EQ(column.At(2).AsText(), "a");
  column.Set(3, Value::Of(2.5));
  column.Set(1, Value::Of(Interval{.months = -1, .days = 2, .us = -3}));
  EXPECT_EQ(column.At(3).AsDouble(), 2.5);
  EXPECT_EQ(column.At(1).AsInterval(), (Interval{.months = -1, .days = 2, .us = -3}));
  column.Set(1, Value());
  EXPECT_TRUE(column.At(1).is_null());

  column.Reset(2);
  EXPECT_EQ(column.type(), Type::kNull);
  EXPECT_TRUE(column.IsNull(1));
}

TEST(Column, AConstantHasOneValueForAllRows) {
  Column column;
  column.SetConstant(Value::Text("x"));
  EXPECT_TRUE(column.is_constant());
  EXPECT_EQ(column.At(1000).AsText(), "x");
  column.SetConstant(Value());
  EXPECT_TRUE(column.IsNull(1000));
}

TEST(Schema, FindsFieldsByTheirNames) {
  Schema schema = {{"mag"}, {"place", Type::kText}};
  EXPECT_EQ(schema.Find("place"), 1u);
  EXPECT_FALSE(schema.Find("nett").has_value());
  EXPECT_EQ(schema.Add("mag"), 0u);
  EXPECT_EQ(schema.Add("net"), 2u);
  EXPECT_EQ(schema.size(), 3u);
}

TEST(Arena, KeepsBytesUntilItIsReset) {
  Arena arena;
  const std::string_view small = arena.Copy("abc");
  const std::string large(3 * Arena::kFirstBlockBytes, 'x');
  const std::string_view kept = arena.Copy(large);
  EXPECT_EQ(small, "abc");
  EXPECT_EQ(kept, large);
  char* last = arena.Allocate(10);
  arena.GiveBack(4);
  EXPECT_EQ(arena.Allocate(1), last + 6);
}

// Goal: nothing is allocated in the steady state.
TEST(RowBatch, ReusesItsMemory) {
  RowBatch batch;
  const std::string text(100, 'x');
  const auto fill = [&] {
    batch.Reset(3, 1000);
    for (uint32_t row = 0; row < 1000; ++row) {
      batch.column(0).Set(row, Value::Of(int64_t{row}));
      batch.column(1).Set(row, Value::Text(batch.arena().Copy(text)));
      batch.column(2).Set(row, row % 2 == 0 ? Value::Of(1.5) : Value::Text("a"));
    }
  };
  for (int i = 0; i < 3; ++i) fill();
  const size_t before = allocations;
  for (int i = 0; i < 10; ++i) fill();
  EXPECT_EQ(allocations, before);
  EXPECT_EQ(batch.column(1).At(999).AsText(), text);
  EXPECT_EQ(batch.column(2).At(998).AsDouble(), 1.5);
  EXPECT_EQ(batch.selection().size(), 1000u);
}

}  // namespace
}  // namespace tidemark
