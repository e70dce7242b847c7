#include "connectors/file/csv_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Fields = std::vector<std::string>;
using Table = std::vector<Fields>;

class CsvSourceTest : public ConnectorTest {
 protected:
  FileSourceOptions Options() {
    FileSourceOptions options;
    options.path = Path("in.csv");
    return options;
  }
  absl::StatusOr<Table> TryRead(const FileSourceOptions& options, char delimiter = ',',
                                const std::optional<Position>& resume = {}) {
    TM_ASSIGN_OR_RETURN(const auto rows, ReadAll(CsvFile(options, delimiter), context(), resume));
    Table table;
    for (const CsvRow& row : rows) table.push_back(row.values());
    return table;
  }
  Table Read(std::string_view content, char delimiter = ',') {
    Put("in.csv", content);
    const auto table = TryRead(Options(), delimiter);
    EXPECT_TRUE(table.ok()) << table.status();
    return table.ok() ? *table : Table{{"<error>"}};
  }
  std::string Error(std::string_view content) {
    Put("in.csv", content);
    return Message(TryRead(Options()).status());
  }
};

constexpr char kReadings[] =
    "index,timestamp,value,instance\n0,2022-02-24 11:42:08,0.132,24ae8d\n"
    "0,2022-02-24 11:42:08,0.066,c6585a\n0,2022-02-24 11:42:08,42.652,ac20cd\n";

TEST_F(CsvSourceTest, RowsHaveTheColumnsOfTheHeader) {
  Put("in.csv", kReadings);
  const auto rows = ReadAll(CsvFile(Options()), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 3u);
  EXPECT_THAT((*rows)[0].columns(), ElementsAre("index", "timestamp", "value", "instance"));
  EXPECT_EQ((*rows)[2].Get("value"), "42.652");
  EXPECT_EQ((*rows)[2].Get("Value"), std::nullopt);
  EXPECT_NE((*rows)[0], (*rows)[1]);
  EXPECT_EQ(CsvRow(), CsvRow());
}

TEST_F(CsvSourceTest, TheHeaderIsReadAgainOnResume) {
  Put("in.csv", kReadings);
  auto first = Session<CsvRow>::Open(CsvFile(Options()), context());
  ASSERT_TRUE(first.ok()) << first.status();
  ASSERT_EQ((*first->Next(2))->size(), 2u);
  EXPECT_EQ(first->position().Number("offset"), 101);
  auto second = Session<CsvRow>::Open(CsvFile(Options()), context(), first->position());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ((**second->Next())[0].Get("value"), "42.652");
}

TEST_F(CsvSourceTest, ReadsWhatRfc4180Allows) {
  EXPECT_EQ(Read("a,b\n1,2\n"), Table({{"1", "2"}}));
  EXPECT_EQ(Read("a,b\r\n1,2\r\n3,"), Table({{"1", "2"}, {"3", ""}}));
  EXPECT_EQ(Read("a,b\n\"x,y\",\"say \"\"hi\"\"\"\n"), Table({{"x,y", "say \"hi\""}}));
  EXPECT_EQ(Read("a,b\n\"two\nlines\",\"three\r\nmore\r\nlines\"\r\n\"\",\"\""),
            Table({{"two\nlines", "three\r\nmore\r\nlines"}, {"", ""}}));
  EXPECT_EQ(Read("\"a\n1\",b\n1,2"), Table({{"1", "2"}}));
  EXPECT_EQ(Read("a;b\n1,5;2\n", ';'), Table({{"1,5", "2"}}));
  EXPECT_EQ(Read("a\tb\n1\t2\n", '\t'), Table({{"1", "2"}}));
  EXPECT_EQ(Read("a,b\n5\" pipe,x\"\n"), Table({{"5\" pipe", "x\""}}));
  EXPECT_EQ(Read("\n\na,b\n\n1,2\n\r\n3,4\n\n\n"), Table({{"1", "2"}, {"3", "4"}}));
  EXPECT_EQ(Read(""), Table());
  EXPECT_EQ(Read("a,b"), Table());
  EXPECT_EQ(Read(std::string("a,b\n\0,\xff\n", 8)), Table({{std::string("\0", 1), "\xff"}}));
}

TEST_F(CsvSourceTest, AByteOrderMarkIsNoPartOfTheFirstColumn) {
  Put("in.csv", "\xef\xbb\xbf\"a\",b\n1,2\n");
  const auto rows = ReadAll(CsvFile(Options()), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT((*rows)[0].columns(), ElementsAre("a", "b"));
}

TEST_F(CsvSourceTest, BadRecordsNameFileAndLine) {
  const std::string path = Path("in.csv");
  EXPECT_EQ(Error("a,b\n1,2\n1\n"), path + ":3: the record has 1 fields, the header 2");
  EXPECT_EQ(Error("a,b\n\"x\ny\",2\n1,2,3\n"), path + ":4: the record has 3 fields, the header 2");
  EXPECT_EQ(Error("a,b\n\"1\"x,2\n"), path + ":2: field 1 continues after its closing quote");
  EXPECT_EQ(Error("a,b\n1,2\n1,\"2\n3,4\n"), path + ":3: a quote is opened and never closed");
  EXPECT_EQ(Error("a,b,a\n"), path + ":1: the header names the column 'a' twice");
  EXPECT_EQ(Error("a,\"b\n"), path + ":1: in the header: a quote is opened and never closed");
  EXPECT_THAT(Message(TryRead(Options(), '"').status()), HasSubstr("cannot be the delimiter"));
}

TEST_F(CsvSourceTest, SkippingGoesOnAtTheNextLine) {
  FileSourceOptions options = Options();
  options.on_error = OnError::kSkip;
  Put("in.csv", "a,b\n1,2\n1\n\"x\"y,2\n3,\"open\n4,5\n6,7");
  EXPECT_EQ(*TryRead(options), Table({{"1", "2"}, {"4", "5"}, {"6", "7"}}));
  EXPECT_EQ(skips_.total(), 3u);
}

TEST_F(CsvSourceTest, ARecordBeyondTheBoundIsABadRecordWhateverTheChunk) {
  Put("in.csv", "a,b\n1,\"2\n" + std::string(300, 'x') + "\n3,4\n5,\"6\n6\"\n");
  for (const size_t chunk : {1, 5, 50, 1000}) {
    SkipLog skips;
    SourceContext with_log = context();
    with_log.skips = &skips;
    FileSourceOptions options = Options();
    options.chunk_bytes = chunk;
    options.line_bytes_max = 20;
    const std::string why =
        Path("in.csv") + ":2: the record is longer than 20 bytes; is a quote missing?";
    EXPECT_EQ(Message(TryRead(options).status()), why);
    options.on_error = OnError::kSkip;
    const auto rows = ReadAll(CsvFile(options), with_log);
    ASSERT_TRUE(rows.ok()) << rows.status();
    ASSERT_EQ(rows->size(), 2u);
    EXPECT_THAT((*rows)[1].values(), ElementsAre("5", "6\n6"));
    EXPECT_EQ(skips.total(), 2u);
  }
}

TEST_F(CsvSourceTest, AFileThatGetsItsHeaderLaterIsReadFromIt) {
  for (const char* beginning : {"", "\xef\xbb\xbf", "\n"}) {
    Put("in.csv", beginning);
    auto session = Session<CsvRow>::Open(CsvFile(Options()), context());
    ASSERT_TRUE(session.ok()) << session.status();
    EXPECT_EQ(*session->Next(), std::nullopt);
    Append("in.csv", "a,b\n1,2\n");
    EXPECT_EQ(*TryRead(Options(), ',', session->position()), Table({{"1", "2"}})) << beginning;
  }
}

// Goal: whatever a writer has written when a run with a state comes to the end, each record is read
// once and whole. Method: the file grows byte by byte, and a run reads it each time.
TEST_F(CsvSourceTest, AFileThatGrowsByteByByteIsReadRecordByRecord) {
  const std::string content =
      "\xef\xbb\xbfid,na\"me\r\n1,one\r\n2,\"two\r\n,\"\"lines\"\"\"\n\n3,\n";
  Put("in.csv", "");
  std::optional<Position> position;
  Table all;
  for (const char byte : content) {
    Append("in.csv", std::string(1, byte));
    SkipLog skips(/*keeps_state=*/true);
    SourceContext kept = context();
    kept.skips = &skips;
    auto session = Session<CsvRow>::Open(CsvFile(Options()), kept, position);
    ASSERT_TRUE(session.ok()) << session.status();
    const auto rows = session->Rest();
    ASSERT_TRUE(rows.ok()) << rows.status();
    for (const CsvRow& row : *rows) {
      EXPECT_THAT(row.columns(), ElementsAre("id", "na\"me"));
      all.push_back(row.values());
    }
    position = session->position();
  }
  EXPECT_EQ(all, Table({{"1", "one"}, {"2", "two\r\n,\"lines\""}, {"3", ""}}));
  EXPECT_EQ(position->Number("line"), 7);
}

TEST_F(CsvSourceTest, ALastRecordThatIsNotFinishedIsSaid) {
  SkipLog skips(/*keeps_state=*/true);
  SourceContext kept = context();
  kept.skips = &skips;
  Put("in.csv", "a,b\n1,2\n3,\"x\n4,5\n");
  const auto rows = ReadAll(CsvFile(Options()), kept);
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(rows->size(), 1u);
  EXPECT_THAT(skips.Left(), ElementsAre(Path("in.csv") +
                                        ":3: the last record is not finished: a quote is opened "
                                        "and never closed; 9 bytes are left unread, the next run "
                                        "reads the line when it is finished"));
  EXPECT_THAT(Error("a,b\n1,2\n3,\"x\n4,5\n"), HasSubstr(":3: a quote is opened and never"));
}

TEST_F(CsvSourceTest, WhatIsNotTextIsNamed) {
  EXPECT_THAT(Error("\x1f\x8b\x08"), HasSubstr("in.csv: is gzip; unpack it first"));
  EXPECT_THAT(Error(std::string("i\0d\0,\0", 6)),
              HasSubstr("in.csv: is UTF-16LE, and text must be"));
}

// Writes a table as CSV, with quotes where needed and, at random, where not.
std::string Encode(const Table& table, Random& random) {
  std::string out;
  for (const Fields& row : table) {
    for (size_t i = 0; i < row.size(); ++i) {
      if (i > 0) out += ',';
      const bool quote = row[i].find_first_of(",\"\r\n") != std::string::npos || row.size() == 1 ||
                         random.OneIn(4);
      if (!quote) {
        out += row[i];
        continue;
      }
      out += '"';
      for (const char c : row[i]) out += c == '"' ? "\"\"" : std::string(1, c);
      out += '"';
    }
    out += random.OneIn(2) ? "\r\n" : "\n";
  }
  if (random.OneIn(3)) out.pop_back();
  if (!out.empty() && out.back() == '\r') out.pop_back();
  return out;
}

// Goal: any table survives, and a resume anywhere gives what an undisturbed run gives. Method:
// random tables over the characters that matter, random chunks, a new session after every record.
TEST_F(CsvSourceTest, AnyTableSurvivesWithAResumeAtEveryRecord) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const size_t columns = 1 + random.Below(4);
    Table table(1);
    for (size_t i = 0; i < columns; ++i)
      table[0].push_back(Cat("column ", i, random.OneIn(3) ? "\n" : ""));
    for (uint64_t n = random.Below(20); n > 0; --n) {
      Fields& row = table.emplace_back();
      for (size_t i = 0; i < columns; ++i) {
        std::string& field = row.emplace_back();
        for (uint64_t length = random.Below(8); length > 0; --length) {
          field += "ab,\"\r\n;"[random.Below(7)];
        }
      }
    }
    Put("in.csv", Encode(table, random));
    const Table expected(table.begin() + 1, table.end());

    FileSourceOptions options = Options();
    options.chunk_bytes = 1 + random.Below(30);
    auto session = Session<CsvRow>::Open(CsvFile(options), context());
    ASSERT_TRUE(session.ok()) << session.status();
    Table before;
    while (true) {
      Table joined = before;
      const auto rest = TryRead(Options(), ',', session->position());
      ASSERT_TRUE(rest.ok()) << rest.status();
      joined.insert(joined.end(), rest->begin(), rest->end());
      ASSERT_EQ(joined, expected);
      const auto rows = session->Next(1);
      ASSERT_TRUE(rows.ok()) << rows.status();
      if (!rows->has_value()) break;
      for (const CsvRow& row : **rows) before.push_back(row.values());
    }
    ASSERT_EQ(before, expected);
  }
}

// Rubbish is skipped or read, but never crashes, loops, or reads the same file in two ways.
TEST_F(CsvSourceTest, RubbishReadsTheSameInAnyChunks) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string content = "a,b\n";
    for (uint64_t n = random.Below(60); n > 0; --n) content += "a,,\"\"\r\n\n"[random.Below(8)];
    Put("in.csv", content);
    FileSourceOptions options = Options();
    options.on_error = OnError::kSkip;
    options.line_bytes_max = random.OneIn(2) ? 9 : 1000;
    const auto whole = TryRead(options);
    ASSERT_TRUE(whole.ok()) << whole.status();
    options.chunk_bytes = 1 + random.Below(5);
    ASSERT_EQ(*TryRead(options), *whole);
  }
}

}  // namespace
}  // namespace tidemark
