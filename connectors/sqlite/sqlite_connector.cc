#include "connectors/sqlite/sqlite_connector.h"

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "connectors/sqlite/sqlite_json.h"
#include "connectors/sqlite/sqlite_output.h"

namespace tidemark {
namespace {

std::vector<ConnectorOption> Options() {
  return {
      {.name = "file", .help = "the database", .needed_as = "a file", .is_place = true},
      {.name = "table",
       .type = OptionType::kName,
       .help = "the table; created if missing, with the fields of its first rows as columns",
       .needed_as = "a table",
       .check =
           [](const OptionValue& value) { return CheckTableName(std::get<std::string>(value)); }},
      {.name = "key",
       .type = OptionType::kFields,
       .help = "a field, or a list of fields; a row replaces the row with the same key",
       .without = "rows are added",
       .check = [](const OptionValue& value) {
         return CheckTableKey(std::get<std::vector<std::string>>(value));
       }}};
}

Endpoint EndpointOf(const ConnectorConfig& config) {
  const std::string path = config.Text("file");
  const std::string table = config.Text("table");
  return {.name = Cat("the file '", path, "'"),
          .path = path,
          .part = absl::AsciiStrToLower(table),  // as SQLite compares them
          .part_name = Cat("the table '", table, "' of '", path, "'"),
          .part_option = "table"};
}

SinkType AsSink() {
  SinkType sink{.help = "a table of a SQLite database",
                .guarantee = "exactly once: rows and their epoch are one transaction",
                .example = "{file: out/quakes.db, table: daily}",
                .options = Options(),
                .make_rows = [](const ConnectorConfig& config, const SinkSettings& settings) {
                  return JsonTable({.path = config.Text("file"),
                                    .table = config.Text("table"),
                                    .key = config.Fields("key"),
                                    .on_error = settings.on_error},
                                   settings.way_out);
                }};
  sink.path_option = "file";
  sink.writes = EndpointOf;
  return sink;
}

}  // namespace

const ConnectorType& SqliteConnector() {
  static const ConnectorType type{.name = "sqlite", .title = "sqlite", .sink = AsSink()};
  return type;
}

}  // namespace tidemark
