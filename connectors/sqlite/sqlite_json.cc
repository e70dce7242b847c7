#include "connectors/sqlite/sqlite_json.h"

#include <charconv>
#include <cmath>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/check.h"
#include "base/status.h"
#include "connectors/rows/json_scan.h"

namespace tidemark {
namespace {

absl::StatusOr<SqliteValue> NumberValue(std::string_view number, std::string_view field) {
  int64_t whole = 0;
  const char* end = number.data() + number.size();
  const auto [stopped, error] = std::from_chars(number.data(), end, whole);
  if (error == std::errc() && stopped == end) return whole;
  const bool is_integer = number.find_first_of(".eE") == std::string_view::npos;
  double real = 0;
  TM_CHECK(absl::SimpleAtod(ToAbsl(number), &real), "the number is JSON");
  if (!is_integer && !std::isinf(real)) return real;
  constexpr size_t kShownBytes = 60;
  return absl::InvalidArgumentError(
      Cat("the field '", field, "' is ", number.substr(0, kShownBytes),
          is_integer ? ", an integer beyond 64 bits with a sign" : ", beyond the largest double",
          ", which a column would make another number; as a text it is kept"));
}

absl::StatusOr<SqliteValue> ToValue(std::string_view value, std::string_view field) {
  switch (value.front()) {
    case '"': {
      absl::StatusOr<std::string> text = JsonUnquoted(value);
      if (!text.ok()) return Annotate(text.status(), Cat("the field '", field, "'"));
      return *std::move(text);
    }
    case '{':
    case '[':
      return std::string(value);
    case 't':
      return int64_t{1};
    case 'f':
      return int64_t{0};
    case 'n':
      return SqliteValue();
    default:
      return NumberValue(value, field);
  }
}

}  // namespace

absl::StatusOr<SqliteRow> JsonToSqlite::operator()(const JsonRow& row) {
  TM_RETURN_IF_ERROR(reader_.Load(row.raw));
  SqliteRow columns;
  JsonFieldScanner fields(row.raw);
  std::string_view quoted, value;
  while (fields.Next(quoted, value)) {
    TM_ASSIGN_OR_RETURN(std::string name, JsonUnquoted(quoted));
    TM_ASSIGN_OR_RETURN(SqliteValue read, ToValue(value, name));
    columns.push_back({.name = std::move(name), .value = std::move(read)});
  }
  return columns;
}

Sink<JsonRow> JsonTable(SqliteTableOptions options, ItemWayOut<JsonRow> way_out) {
  const auto place = [](const JsonRow& row) { return row.file == nullptr ? "" : row.Where(); };
  return SqliteTable<JsonRow>(
      std::move(options),
      SqliteItems<JsonRow>{
          .encode = JsonToSqlite(), .place = place, .way_out = std::move(way_out)});
}

}  // namespace tidemark
