#include "connectors/file/json_lines.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "connectors/rows/json_row.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

JsonRow Row(std::string raw) {
  JsonRow row;
  row.raw = std::move(raw);
  return row;
}

absl::StatusOr<JsonScalar> FieldOf(std::string raw, std::string_view path) {
  return Field(Row(std::move(raw)), path);
}

class JsonLinesTest : public ConnectorTest {
 protected:
  FileSourceOptions Options() {
    FileSourceOptions options;
    options.path = Path("in.jsonl");
    return options;
  }
};

TEST_F(JsonLinesTest, AnUnmodifiedRowIsWrittenAsItsSourceBytes) {
  const std::string content =
      "{\"a\": 2.30, \"big\": 123456789012345678901234}\r\n{\"b\" : 1e400,\"c\":\"\\u0041\"}\n { } "
      "\n";
  Put("in.jsonl", "\xef\xbb\xbf" + content);
  const auto rows = ReadAll(JsonLines(Options()), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[1].Where(), Path("in.jsonl") + ":2");
  SinkContext sink;
  sink.files = files_.get();
  auto out = JsonLineFile(Path("out.jsonl")).factory()->Open({}, sink);
  ASSERT_TRUE(out.ok()) << out.status();
  ASSERT_TRUE((*out)->Write(*rows).ok());
  ASSERT_TRUE((*out)->EndEpoch(Epoch{1}).ok());
  std::string without_cr = content;
  without_cr.erase(without_cr.find('\r'), 1);
  EXPECT_EQ(Get("out.jsonl"), without_cr);
}

TEST_F(JsonLinesTest, ABadLineIsNamedOrSkipped) {
  Put("in.jsonl", "{\"a\": 1}\n{\"a\": }\n[]\n\n{\"a\": 2}");
  const absl::Status stopped = ReadAll(JsonLines(Options()), context()).status();
  EXPECT_TRUE(absl::IsInvalidArgument(stopped));
  EXPECT_EQ(Message(stopped), Path("in.jsonl") + ":2: not JSON at byte 7: a value is expected");
  FileSourceOptions options = Options();
  options.on_error = OnError::kSkip;
  EXPECT_THAT(*ReadAll(JsonLines(options), context()),
              ElementsAre(Row("{\"a\": 1}"), Row("{\"a\": 2}")));
  EXPECT_EQ(skips_.total(), 2u);
}

TEST_F(JsonLinesTest, BlankLinesAreNoRowsAndKeepTheNumbersOfTheOthers) {
  Put("in.jsonl", "\xef\xbb\xbf\n{\"a\": 1}\n\n \t\r\n\r\n{\"a\": 2}\n\n  ");
  const auto rows = ReadAll(JsonLines(Options()), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(Row("{\"a\": 1}"), Row("{\"a\": 2}")));
  EXPECT_EQ((*rows)[0].line, 2u);
  EXPECT_EQ((*rows)[1].line, 6u);
  EXPECT_EQ(skips_.total() + skips_.Left().size(), 0u);
}

// Goal: whatever a writer has written when a run comes to the end, each row is read once and whole.
// Method: the file grows byte by byte, and a run reads it each time.
TEST_F(JsonLinesTest, AFileThatGrowsByteByByteIsReadRowByRow) {
  const std::string content =
      "\xef\xbb\xbf{\"a\": 12}\r\n\n{\"b\": {\"c\": \"}\xc3\xa4\"}} \t\n  \n{\"d\": 3}\n";
  for (const OnError on_error : {OnError::kStop, OnError::kSkip}) {
    Put("in.jsonl", "");
    FileSourceOptions options = Options();
    options.on_error = on_error;
    options.chunk_bytes = 3;
    std::optional<Position> position;
    std::vector<std::string> all;
    for (const char byte : content) {
      Append("in.jsonl", std::string(1, byte));
      auto session = Session<JsonRow>::Open(JsonLines(options), context(), position);
      ASSERT_TRUE(session.ok()) << session.status();
      const auto rows = session->Rest();
      ASSERT_TRUE(rows.ok()) << rows.status();
      for (const JsonRow& row : *rows) all.push_back(row.raw);
      position = session->position();
    }
    EXPECT_THAT(all, ElementsAre("{\"a\": 12}", "{\"b\": {\"c\": \"}\xc3\xa4\"}}", "{\"d\": 3}"));
    EXPECT_EQ(position->Number("line"), 6);
    EXPECT_EQ(skips_.total(), 0u);
  }
}

TEST_F(JsonLinesTest, ALastLineThatIsNotWholeStaysUnreadWhetherHalfOrBad) {
  for (const char* last : {"{\"i\": 2, \"m\": \"hel", "hello", "12", "{\"a\": }"}) {
    SkipLog skips;
    SourceContext other = context();
    other.skips = &skips;
    Put("in.jsonl", Cat("{\"i\": 1}\n", last));
    auto session = Session<JsonRow>::Open(JsonLines(Options()), other);
    EXPECT_EQ((*session->Rest()).size(), 1u);
    EXPECT_EQ(session->position().Number("offset"), 9);
    ASSERT_EQ(skips.Left().size(), 1u);
    EXPECT_THAT(skips.Left()[0], HasSubstr("in.jsonl:2: the last line has no line end and is not a "
                                           "whole row: "));
    FileSourceOptions taking = Options();
    taking.final_line = FinalLine::kTake;
    EXPECT_THAT(Message(ReadAll(JsonLines(taking), context()).status()), HasSubstr("in.jsonl:2: "));
  }
}

TEST_F(JsonLinesTest, AWholeLastRowThatIsContinuedIsRefusedAndReadAgainWithTheFlag) {
  Put("in.jsonl", "{\"i\": 1}");
  auto session = Session<JsonRow>::Open(JsonLines(Options()), context());
  EXPECT_THAT(*session->Rest(), ElementsAre(Row("{\"i\": 1}")));
  const Position saved = session->position();
  Append("in.jsonl", "{\"i\": 2}\n{\"i\": 3}\n");
  FileSourceOptions options = Options();
  const absl::Status refused = ReadAll(JsonLines(options), context(), saved).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(Message(refused), HasSubstr("--accept-changed-input reads the line again, whole"));
  options.accept_changed = true;
  EXPECT_THAT(Message(ReadAll(JsonLines(options), context(), saved).status()),
              HasSubstr("in.jsonl:1: not JSON at byte 9: something follows the end of the value"));
  options.on_error = OnError::kSkip;
  EXPECT_THAT(*ReadAll(JsonLines(options), context(), saved), ElementsAre(Row("{\"i\": 3}")));
}

TEST_F(JsonLinesTest, HalfOfASurrogatePairIsAFaultOnlyOfItsField) {
  const std::string row =
      R"({"k": "x\ud83dy", "\udc00": 1, "ok": "\ud83d\ude00", "n": 123456789012345678901234})";
  Put("in.jsonl", row + "\n");
  const auto rows = ReadAll(JsonLines(Options()), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_THAT(*rows, ElementsAre(Row(row)));
  EXPECT_EQ(*FieldOf(row, "ok"), JsonScalar(std::string("\xf0\x9f\x98\x80")));
  EXPECT_TRUE(FieldOf(row, "n").ok());
  const absl::Status half = FieldOf(row, "k").status();
  EXPECT_TRUE(absl::IsInvalidArgument(half));
  EXPECT_EQ(Message(half),
            "a row: the field 'k' has half of a surrogate pair, which is not a character");
  // A reader forgets it with the row.
  JsonFieldReader reader;
  ASSERT_TRUE(reader.Load(row).ok());
  ASSERT_TRUE(reader.Load("{\"k\": \"\xef\xb7\x90\"}").ok());
  EXPECT_TRUE(reader.Get("k").ok());
}

TEST_F(JsonLinesTest, FieldErrorsNameTheRow) {
  Put("in.jsonl", "{}\n{}\n");
  const auto rows = ReadAll(JsonLines(Options()), context());
  EXPECT_EQ(Message(Field((*rows)[1], "mag").status()),
            Path("in.jsonl") + ":2: there is no field 'mag'");
}

}  // namespace
}  // namespace tidemark
