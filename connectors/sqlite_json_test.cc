#include "connectors/sqlite_json.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "base/status.h"
#include "connectors/sqlite_test_support.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;

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
  EXPECT_EQ(Value("9223372036854775808"), SqliteValue(9223372036854775808.0));
  EXPECT_EQ(Value("2e0"), SqliteValue(2.0));
  EXPECT_EQ(Value("-0"), SqliteValue(int64_t{0}));
  EXPECT_EQ(Value("-1e999"), SqliteValue(-std::numeric_limits<double>::max()));
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

TEST(JsonToSqlite, NamesTheRowThatIsNoObject) {
  JsonRow row{.raw = "[1]", .file = std::make_shared<const std::string>("in.jsonl"), .line = 17};
  EXPECT_EQ(Message(JsonToSqlite()(row).status()),
            "in.jsonl:17: a JSON object is expected, found an array");
}

using JsonTableTest = ConnectorTest;

TEST_F(JsonTableTest, WritesRows) {
  const auto sink = JsonTable({.path = Path("out.db"), .table = "daily", .key = {"net"}});
  SinkContext context;
  context.files = files_.get();
  const auto writer = sink.factory()->Open({}, context);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Write({Json(R"({"net": "ci", "place": {"km": 5}})")}).ok());
  ASSERT_TRUE((*writer)->Publish(Epoch{1}, (*writer)->EndEpoch(Epoch{1})->rows).ok());
  EXPECT_EQ(Ask(Path("out.db"), "SELECT net, json_extract(place, '$.km') FROM daily"), "ci|5");
}

}  // namespace
}  // namespace tidemark
