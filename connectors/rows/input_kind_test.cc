#include "connectors/rows/input_kind.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "connectors/file/json_lines.h"
#include "connectors/rows/json_row.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using namespace std::string_literals;

std::string Wide(std::string_view text, bool big_endian) {
  std::string out;
  for (const char c : text) out += big_endian ? std::string{'\0', c} : std::string{c, '\0'};
  return out;
}

TEST(InputKind, NamesWhatIsNotText) {
  const std::string row = "{\"k\":\"a\"}\n";
  for (const auto& [bytes, name] : std::vector<std::pair<std::string, std::string>>{
           {"\x1f\x8b\x08\x00"s,
            "gzip; unpack it first (gunzip), compressed input is not read yet"},
           {"\x28\xb5\x2f\xfd\x04", "zstd; unpack it first (zstd -d)"},
           {"\xfd\x37zXZ\x00"s, "xz; "},
           {"BZh91AY", "bzip2; "},
           {"PK\x03\x04", "zip; "},
           {"PAR1", "Parquet, not lines of text"},
           {"SQLite format 3\0"s, "a SQLite database, not lines of text"},
           {"\xff\xfe" + Wide(row, false),
            "UTF-16, and text must be UTF-8; convert it first (iconv -f UTF-16 -t UTF-8)"},
           {"\xfe\xff" + Wide(row, true), "UTF-16, "},
           {Wide(row, false),
            "UTF-16LE, and text must be UTF-8; convert it first (iconv -f UTF-16LE "},
           {Wide(row, true),
            "UTF-16BE, and text must be UTF-8; convert it first (iconv -f UTF-16BE "},
           {"\xff\xfe\0\0{\0\0\0"s, "UTF-32, "},
           {"\0\0\0{\0\0\0\""s, "UTF-32BE, "},
           {"{\0\0\0\"\0\0\0"s, "UTF-32LE, "},
       }) {
    const auto kind = ForeignKindOf(bytes);
    ASSERT_TRUE(kind.has_value()) << name;
    EXPECT_EQ(kind->compare(0, name.size(), name), 0) << *kind;
  }
  for (const std::string& text :
       {""s, "{"s, row, "\xef\xbb\xbf" + row, "\0"s + row, "\0\0"s + row, "\0\0\0"s + row,
        std::string(5000, '\0') + row, "\0"s, "\0\0\0\0"s, "\xff"s, "a\0b"s, "id,name\n1,BZh\n"s}) {
    EXPECT_EQ(ForeignKindOf(text), std::nullopt) << text;
  }
}

TEST(InputKind, TellsAnArrayAndPrettyPrintedJsonFromBadRows) {
  for (const char* array :
       {"[{\"a\":1},\n{\"a\":2}\n]\n", "[\n  {\n    \"a\": 1\n  }\n]\n", "[{\"a\":1},{\"a\":2}]",
        "[{\"a\":1}]\n", " [ [1,2],\n[3]]", "[{\"a\":"}) {
    EXPECT_THAT(JsonShapeOf(array).value_or(""), HasSubstr("one JSON array, and each line must be"))
        << array;
  }
  for (const char* pretty : {"{\n  \"a\": 1\n}\n{\n  \"a\": 2\n}\n", "{ \"b\": {\n \"a\": 1}}\n",
                             "\xef\xbb\xbf{\r\n\t\"a\": 1\r\n}"}) {
    EXPECT_THAT(JsonShapeOf(pretty).value_or(""), HasSubstr("JSON over several lines")) << pretty;
  }
  for (const char* rows : {"", "\n", "{", "{\n", "[", "[\n", "{\"a\":1}\n{\"a\":2}\n", "{}\n{}\n",
                           "[INFO] started\n{\"a\":1}\n", "[1,2]\n{\"a\":1}\n",
                           "{\"a\":\n{\"a\":1}\n", "[{\"a\":1}]\n{\"a\":1}\n", "\n\n{\"a\":1}",
                           "{\"a\":1}\n\"text\"\n{}\n", "{\"a\": 1}\n\n{\"a\": 2}\n"}) {
    EXPECT_EQ(JsonShapeOf(rows), std::nullopt) << rows;
  }
}

TEST(InputKind, ABadRowIsDescribedByWhatIsSeenInIt) {
  const std::string fault = "not JSON at byte 3: x";
  EXPECT_EQ(DescribeBadRow("{\"a\" 1}", fault), fault);
  EXPECT_EQ(DescribeBadRow(std::string(1234, '\0'), fault),
            "1,234 NUL bytes and no row; was the file cut while it was written?");
  EXPECT_EQ(DescribeBadRow("{\"a\":1\0001}"s, fault), fault + "; there is a NUL byte in it");
  EXPECT_EQ(DescribeBadRow("{\"a\":1}\0\0"s, fault), fault + "; NUL bytes follow the row");
  EXPECT_EQ(DescribeBadRow(Wide("{\"a\":1}", true), fault),
            "this is UTF-16BE, and text must be UTF-8; convert it first (iconv -f UTF-16BE -t "
            "UTF-8)");
  EXPECT_THAT(DescribeBadRow("[1]", fault), HasSubstr("; each line must be one JSON object"));
  EXPECT_THAT(DescribeBadRow(" {", fault), HasSubstr("; each line must be one JSON object"));
}

class InputKindTest : public ConnectorTest {
 protected:
  absl::StatusOr<std::vector<JsonRow>> Read(const std::string& bytes, OnError on_error) {
    Put("in", bytes);
    return ReadAll(JsonLines({.path = Path("in"), .on_error = on_error}), context());
  }
};

TEST_F(InputKindTest, AFileThatIsEvidentlySomethingElseIsRefusedWhateverHappensToBadRows) {
  for (const std::string& bytes : {"\x1f\x8b\x08\x00\n\n"s, Wide("{\"a\":1}\r\n", false),
                                   "[{\"a\":1},\n{\"a\":2}\n]\n"s, "{\n\"a\": 1\n}\n"s}) {
    for (const OnError on_error : {OnError::kStop, OnError::kSkip}) {
      const absl::Status refused = Read(bytes, on_error).status();
      EXPECT_TRUE(absl::IsUnimplemented(refused)) << refused;
      EXPECT_EQ(Message(refused).find(Path("in") + ": is "), 0u) << refused;
      const auto preview = JsonLines({.path = Path("in"), .on_error = on_error})
                               .factory()
                               ->Preview("file", {}, context());
      EXPECT_EQ(Message(preview.status()), Message(refused));
    }
  }
}

TEST_F(InputKindTest, AMarkAndPaddingInFrontOfARowArePassedOver) {
  const auto rows = Read("\xef\xbb\xbf{\"a\":1}\n"s + std::string(70'000, '\0') +
                             "{\"a\":2}\n\xef\xbb\xbf{\"a\":3}\n\0\n\0\0"s,
                         OnError::kSkip);
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 3u);
  for (size_t i = 0; i < 3; ++i) EXPECT_EQ((*rows)[i].raw, Cat("{\"a\":", i + 1, "}"));
  EXPECT_THAT(skips_.Entries()["file " + Path("in")].examples,
              ElementsAre(Path("in") + ":4: 1 NUL byte and no row; was the file cut while it was "
                                       "written?"));
  EXPECT_THAT(skips_.Left(),
              ElementsAre(HasSubstr("in:5: the last line has no line end and is not a "
                                    "whole row: 2 NUL bytes and no row")));
}

// As a sparse file of some gigabytes has it.
TEST_F(InputKindTest, PaddingMayBeLongerThanALine) {
  std::optional<Position> position;
  FileSourceOptions options{.path = Path("in"), .chunk_bytes = 100, .line_bytes_max = 20};
  const auto read_on = [&]() -> std::vector<JsonRow> {
    auto session = Session<JsonRow>::Open(JsonLines(options), context(), position);
    EXPECT_TRUE(session.ok()) << session.status();
    auto rows = session->Rest();
    EXPECT_TRUE(rows.ok()) << rows.status();
    position = session->position();
    return rows.value_or(std::vector<JsonRow>());
  };
  Put("in", "{\"a\":1}\n" + std::string(5000, '\0'));
  EXPECT_EQ(read_on().size(), 1u);
  EXPECT_EQ(skips_.Left().size(), 1u);
  EXPECT_EQ(position->Number("offset"), 8);
  Append("in", "{\"a\"");
  EXPECT_EQ(read_on().size(), 0u);
  EXPECT_EQ(position->Number("offset"), 8);
  Append("in", ":2}\n{\"a\":3}\n");
  const std::vector<JsonRow> rows = read_on();
  ASSERT_EQ(rows.size(), 2u);
  EXPECT_EQ(rows[0].raw, "{\"a\":2}");
  EXPECT_EQ(rows[0].line, 2u);
  EXPECT_EQ(skips_.total(), 0u);
}

}  // namespace
}  // namespace tidemark
