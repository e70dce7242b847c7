#include "connectors/sqlite/sqlite_rows.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/status.h"

namespace tidemark {
namespace {

using ::testing::ElementsAreArray;
using ::testing::IsEmpty;

absl::StatusOr<std::vector<SqliteRow>> ReadAll(std::string_view bytes) {
  std::vector<SqliteRow> rows;
  SqliteRowsReader reader(bytes);
  while (true) {
    TM_ASSIGN_OR_RETURN(const bool there, reader.Next());
    if (!there) return rows;
    rows.push_back(reader.row());
  }
}

std::vector<SqliteRow> Rows() {
  return {
      {{"a", int64_t{-1}}, {"b", std::string("x\0y", 3)}},
      {{"b", SqliteBlob{std::string("\xff\0", 2)}}, {"a", std::numeric_limits<int64_t>::min()}},
      {{"a", 0.1}, {"b", {}}},
      {{"", std::string()}},
      {{"a", std::numeric_limits<double>::infinity()}, {"b", SqliteBlob{}}},
  };
}

// Of rows that are few enough for one piece.
std::string TakeOne(SqliteRowsWriter& writer) {
  const std::vector<std::string> pieces = writer.Take();
  EXPECT_EQ(pieces.size(), 1u);
  return pieces.size() == 1 ? pieces[0] : "";
}

std::string Written() {
  SqliteRowsWriter writer;
  for (const SqliteRow& row : Rows()) writer.Add(row);
  return TakeOne(writer);
}

TEST(SqliteRows, ComeBackAsTheyWere) {
  const auto rows = ReadAll(Written());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAreArray(Rows()));
  EXPECT_THAT(*ReadAll(""), ElementsAreArray(std::vector<SqliteRow>()));
}

TEST(SqliteRows, EachTakeBeginsAnew) {
  SqliteRowsWriter writer;
  EXPECT_THAT(writer.Take(), IsEmpty());
  writer.Add(Rows()[0]);
  const std::string first = TakeOne(writer);
  writer.Add(Rows()[0]);
  EXPECT_EQ(TakeOne(writer), first) << "the names are in each";
  EXPECT_THAT(writer.Take(), IsEmpty());
}

TEST(SqliteRows, NamesAreStoredOncePerShape) {
  SqliteRowsWriter writer;
  const SqliteRow row = {{std::string(1000, 'n'), int64_t{1}}};
  for (int i = 0; i < 100; ++i) writer.Add(row);
  EXPECT_LT(TakeOne(writer).size(), 1000u + 100 * 20);
}

// Whoever reads them needs room for one piece, however many rows there are.
TEST(SqliteRows, ManyRowsAreManyPiecesThatCanBeReadAlone) {
  SqliteRowsWriter writer;
  std::vector<SqliteRow> all;
  for (int64_t i = 0; i < 1000; ++i) {
    all.push_back({{"n", i}, {i % 2 == 0 ? "even" : "odd", std::string(1000, 'x')}});
    writer.Add(all.back());
  }
  std::vector<SqliteRow> read;
  const std::vector<std::string> pieces = writer.Take();
  EXPECT_GT(pieces.size(), 5u);
  for (const std::string& piece : pieces) {
    EXPECT_LT(piece.size(), 150'000u);
    const auto rows = ReadAll(piece);
    ASSERT_TRUE(rows.ok()) << rows.status();
    read.insert(read.end(), rows->begin(), rows->end());
  }
  EXPECT_EQ(read, all);
}

TEST(SqliteRows, APlaceBelongsToTheNextRow) {
  SqliteRowsWriter writer;
  writer.Add(Rows()[0], "in.jsonl:17");
  writer.Add(Rows()[0]);
  const std::string bytes = TakeOne(writer);
  SqliteRowsReader reader(bytes);
  ASSERT_TRUE(*reader.Next());
  EXPECT_EQ(reader.place(), "in.jsonl:17");
  ASSERT_TRUE(*reader.Next());
  EXPECT_EQ(reader.place(), "");
  EXPECT_EQ(reader.row(), Rows()[0]);
  EXPECT_FALSE(*reader.Next());
}

// Goal: damaged bytes are an error or other rows, never a crash. Method: each cut, random flips.
TEST(SqliteRows, DamagedBytesAreAnError) {
  const std::string whole = Written();
  size_t refused = 0;
  for (size_t size = 1; size < whole.size(); ++size) {
    const auto rows = ReadAll(std::string_view(whole).substr(0, size));
    if (rows.ok()) {
      EXPECT_LT(rows->size(), Rows().size());
    } else {
      EXPECT_TRUE(absl::IsDataLoss(rows.status()));
      ++refused;
    }
  }
  EXPECT_GT(refused, whole.size() / 2);
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(::testing::Message() << "seed " << seed);
  Random random(seed);
  for (int i = 0; i < 2000; ++i) {
    std::string damaged = whole;
    damaged[random.Below(damaged.size())] = static_cast<char>(random.Below(256));
    const auto rows = ReadAll(damaged);
    EXPECT_TRUE(rows.ok() || absl::IsDataLoss(rows.status()));
  }
}

TEST(SqliteRows, AreDescribedInALine) {
  EXPECT_EQ(DescribeRow({{"net", "ci"}, {"n", int64_t{37}}, {"x", {}}, {"b", SqliteBlob{"ab"}}}),
            "(net: 'ci', n: 37, x: null, b: 2 bytes)");
  const std::string text = DescribeRow(SqliteRow(100, {"name", std::string(500, 'x')}));
  EXPECT_LT(text.size(), 400u);
  EXPECT_TRUE(text.ends_with("…)"));
}

}  // namespace
}  // namespace tidemark
