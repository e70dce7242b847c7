#include "connectors/sqlite/sqlite_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "absl/status/status.h"
#include "base/status.h"
#include "connectors/rows/lines.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "connectors/test_support.h"
#include "engine/skip_log.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::StartsWith;

JsonRow Json(const std::string& json) {
  JsonRow row;
  row.raw = json;
  return row;
}
SqliteRow Row(const std::string& json) {
  const auto row = JsonToSqlite()(Json(json));
  EXPECT_TRUE(row.ok()) << row.status();
  return row.ok() ? *row : SqliteRow();
}
SqliteValue Value(const std::string& json) {
  const SqliteRow row = Row(Cat("{\"v\": ", json, "}"));
  return row.size() == 1 ? row[0].value : SqliteValue("not one column");
}

TEST(JsonToSqlite, HalfOfASurrogatePairIsNoTextAndIsPassedOnInsideAnObject) {
  for (const char* json : {R"({"a": "x\ud800"})", R"({"\udc00": 1})"}) {
    const auto row = JsonToSqlite()(Json(json));
    EXPECT_TRUE(absl::IsInvalidArgument(row.status())) << row.status();
  }
  EXPECT_EQ(Value(R"({"b": "\ud800"})"), SqliteValue(std::string(R"({"b": "\ud800"})")));
}

TEST(JsonToSqlite, MakesAColumnOfEachField) {
  EXPECT_THAT(Row(R"( {"net":"ci" , "n" : 37,"top":2.30,"felt":true,"far":false,"none":null} )"),
              ElementsAre(SqliteColumn{"net", "ci"}, SqliteColumn{"n", int64_t{37}},
                          SqliteColumn{"top", 2.3}, SqliteColumn{"felt", int64_t{1}},
                          SqliteColumn{"far", int64_t{0}}, SqliteColumn{"none", {}}));
  EXPECT_THAT(Row("{}"), ElementsAre());
  EXPECT_THAT(Row("{\n}\n"), ElementsAre());
}

TEST(JsonToSqlite, ReadsNumbersAsSqlDoes) {
  EXPECT_EQ(Value("-9223372036854775808"), SqliteValue(std::numeric_limits<int64_t>::min()));
  EXPECT_EQ(Value("9223372036854775807"), SqliteValue(std::numeric_limits<int64_t>::max()));
  EXPECT_EQ(Value("2e0"), SqliteValue(2.0));
  EXPECT_EQ(Value("-0"), SqliteValue(int64_t{0}));
}

// As a REAL it would be another number.
TEST(JsonToSqlite, RefusesNumbersThatNoColumnHolds) {
  const auto refusal = [](const std::string& number) {
    return Message(JsonToSqlite()(Json(Cat("{\"v\": ", number, "}"))).status());
  };
  for (const char* integer : {"9223372036854775808", "-9223372036854775809", "18446744073709551615",
                              "123456789012345678901234"}) {
    EXPECT_EQ(refusal(integer), Cat("the field 'v' is ", integer,
                                    ", an integer beyond 64 bits with a sign, which a column would "
                                    "make another number; as a text it is kept"));
  }
  EXPECT_EQ(refusal("-1e999"),
            "the field 'v' is -1e999, beyond the largest double, which a column "
            "would make another number; as a text it is kept");
}

TEST(JsonToSqlite, ReadsTextsWhateverIsInThem) {
  EXPECT_EQ(Value(R"("a\"b\\")"), SqliteValue("a\"b\\"));
  EXPECT_EQ(Value(R"("\u00e9\ud83d\ude00\n")"), SqliteValue("é😀\n"));
  EXPECT_EQ(Value(R"("},{")"), SqliteValue("},{"));
  EXPECT_EQ(Value("\"\""), SqliteValue(""));
  EXPECT_EQ(Row(R"({"a\"\\": 1, "b": 2})")[0].name, "a\"\\");
}

TEST(JsonToSqlite, KeepsObjectsAndListsAsTheyWereWritten) {
  EXPECT_EQ(Value(R"({"km": 2.30, "x": [1,"]}\"", {}]})"),
            SqliteValue(R"({"km": 2.30, "x": [1,"]}\"", {}]})"));
  EXPECT_EQ(Value("[ [], 10000000000000000000000 ]"),
            SqliteValue("[ [], 10000000000000000000000 ]"));
}

TEST(JsonToSqlite, RefusesWhatIsNoObject) {
  EXPECT_EQ(Message(JsonToSqlite()(Json("[1]")).status()),
            "a JSON object is expected, found an array");
}

class JsonTableTest : public ConnectorTest {
 protected:
  static absl::Status EndAndPublish(SinkWriter<JsonRow>& writer) {
    TM_ASSIGN_OR_RETURN(const EpochOutput output, writer.EndEpoch(Epoch{1}));
    OutboxInMemory rows(output.rows);
    return writer.Publish(Epoch{1}, rows);
  }
};

TEST_F(JsonTableTest, WritesRows) {
  const auto sink = JsonTable({.path = Path("out.db"), .table = "daily", .key = {"net"}});
  SinkContext context;
  context.files = files_.get();
  const auto writer = sink.factory()->Open({}, context);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Write({Json(R"({"net": "ci", "place": {"km": 5}})")}).ok());
  ASSERT_TRUE(EndAndPublish(**writer).ok());
  EXPECT_EQ(Ask(Path("out.db"), "SELECT net, json_extract(place, '$.km') FROM daily"), "ci|5");
}

TEST_F(JsonTableTest, ARowThatIsRefusedIsNamedWithItsPlaceAndAWayOut) {
  const JsonRow bad{.raw = R"({"net": 18446744073709551615})",
                    .file = std::make_shared<const std::string>("in.jsonl"),
                    .line = 17};
  const std::string refusal = Cat("in.jsonl:17: ", Path("out.db"),
                                  ", table 'daily': the field 'net' ", "is 18446744073709551615");
  SkipLog skips;
  SinkContext context;
  context.files = files_.get();
  context.skips = &skips;
  for (const OnError on_error : {OnError::kStop, OnError::kSkip}) {
    const auto sink = JsonTable({.path = Path("out.db"), .table = "daily", .on_error = on_error},
                                [](const JsonRow& row) { return Cat("leave out ", row.line); });
    const auto writer = sink.factory()->Open({}, context);
    ASSERT_TRUE(writer.ok()) << writer.status();
    const absl::Status written = (*writer)->Write({bad, Json(R"({"net": "us"})")});
    if (on_error == OnError::kStop) {
      EXPECT_THAT(Message(written), StartsWith(refusal));
      EXPECT_THAT(Message(written), EndsWith("; leave out 17"));
      EXPECT_TRUE(absl::IsInvalidArgument(written));
      continue;
    }
    ASSERT_TRUE(written.ok()) << written;
    ASSERT_TRUE(EndAndPublish(**writer).ok());
    EXPECT_EQ(Ask(Path("out.db"), "SELECT net FROM daily"), "us");
    const auto entries = skips.Entries();
    const std::string place = Cat(Path("out.db"), ", table 'daily'");
    ASSERT_EQ(entries.count(place), 1u);
    EXPECT_THAT(entries.at(place).examples, ElementsAre(StartsWith(refusal)));
  }
}

}  // namespace
}  // namespace tidemark
