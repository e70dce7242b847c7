// The examples in the headers of connectors/, as a user would write them: header_examples_test
// finds every line of theirs here, and this unit compiles them.
// Lines are broken as they are in the headers.
// clang-format off

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/numbers.h"
#include "absl/time/time.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "connectors/file/csv_source.h"
#include "connectors/file/dir_sink.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/json_lines.h"
#include "connectors/file/line_file_source.h"
#include "connectors/made/generator_source.h"
#include "connectors/made/polling_source.h"
#include "connectors/made/testing_source.h"
#include "connectors/rows/json_row.h"
#include "connectors/sqlite/sqlite_json.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "connectors/stdio/stdin_source.h"
#include "connectors/stdio/stdout_sink.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

struct Sale {
  std::string customer;
};
struct Peak {
  std::string sensor;
};
struct Reading {
  double celsius = 0;
};
struct Day { std::string net; absl::Time open; int64_t quakes; };

absl::Status Parse(std::string_view line, Reading& out) {
  const bool is_number = absl::SimpleAtod(std::string(line), &out.celsius);
  return is_number ? absl::OkStatus() : absl::InvalidArgumentError("no number");
}
double Ask() { return 20.5; }

void Sources(Flow& flow) {
  const absl::Time midnight = absl::UnixEpoch();
  flow.From("sales", CsvFile({.path = "sales.csv"}, ';'))
      .FilterMap([](const CsvRow& row) { return row.Get("price"); });
  flow.From("logs", DirLines<std::string>({.path = "logs", .glob = "*.log"}, TextDecoder()));
  flow.From("web", DirLines<std::string>(
      {.path = "logs", .glob = "*.log", .files = {.follow = true}}, TextDecoder()));
  flow.From("made_up", Generator({.items = 1'000'000, .keys = 1000, .seed = 7}));
  flow.From("quakes", JsonLines({.path = "quakes.jsonl"})).To("out", JsonLineFile("out.jsonl"));
  flow.From("log", Lines("app.log"));
  flow.From("readings", FileLines<Reading>({.path = "readings.txt", .on_error = OnError::kSkip},
      [](std::string_view line, const LineOrigin&, Reading& out) { return Parse(line, out); }));
  flow.From("prices", SimplePollingSource<double>(
      {.interval = absl::Minutes(30), .align_to = midnight},
      [](Timestamp) -> absl::StatusOr<PollAnswer<double>> {
        return PollAnswer<double>{.items = {Ask()}};
      }));
  flow.From("events", StdinLines<JsonRow>({}, JsonLineDecoder()));
  Source<int> numbers = TestingSource<int>({0, 1, 2, TestingEof(), 3, 4});
}

absl::StatusOr<JsonScalar> Magnitude(const JsonRow& row) {
  JsonFieldReader reader;                                  // one per worker
  TM_RETURN_IF_ERROR(reader.Load(row.raw));                // parses once
  TM_ASSIGN_OR_RETURN(JsonScalar magnitude, reader.Get("mag"));
  return magnitude;
}

template <class T>
Stream<T> None(Flow& flow, std::string name) {
  return flow.From(std::move(name), TestingSource<T>({}));
}

void SinksOfFiles(Flow& flow) {
  const auto encode = [](const Sale& sale, std::string& out) { out += sale.customer; };
  auto stream = None<Sale>(flow, "sales");
  stream.To("parts", DirFiles<Sale>({.path = "out", .file_count = 8},
      [](const Sale& sale) { return StableHash(sale.customer); }, encode));
  auto lines = None<std::string>(flow, "lines");
  lines.To("lines", LineFile("out/lines.txt"));
  auto peaks = None<Peak>(flow, "peaks");
  peaks.To("peaks", LineFile<Peak>("out/peaks.txt", [](const Peak& peak, std::string& out) {
    out += peak.sensor;
  }));
}

void SinksOfTables(Flow& flow) {
  auto days = None<Day>(flow, "days");
  days.To("days", SqliteTable<Day>({.path = "out/quakes.db",
                                    .table = "daily",
                                    .key = {"net", "day"}},
                                   [](const Day& day) -> SqliteRow {
                                     return {{"net", day.net},
                                             {"day", absl::FormatTime(day.open)},
                                             {"quakes", day.quakes}};
                                   }));
}

void SinksOfRows(Flow& flow) {
  auto days = None<JsonRow>(flow, "days");
  days.To("days", JsonTable({.path = "out/quakes.db", .table = "daily", .key = {"net", "day"}}));
  auto stream = None<std::string>(flow, "lines");
  stream.To("show", StdoutLines<std::string>({}, TextEncoder()));
}

// Each is a flow without a mistake.
TEST(HeaderExamples, Compile) {
  for (const auto build : {Sources, SinksOfFiles, SinksOfTables, SinksOfRows}) {
    Flow flow("examples");
    build(flow);
  }
  JsonRow row;
  row.raw = R"({"mag": 2.5})";
  EXPECT_TRUE(Magnitude(row).ok());
}

}  // namespace
}  // namespace tidemark
