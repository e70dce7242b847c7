#include "connectors/sqlite_json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Walks over the fields of one JSON object, which was found to be one.
class FieldScanner {
 public:
  explicit FieldScanner(std::string_view object) : rest_(object) {
    SkipBlanks();
    Expect('{');
  }

  // False behind the last one; else the source bytes of its name, in quotes, and of its value.
  bool Next(std::string_view& name, std::string_view& value) {
    SkipBlanks();
    if (rest_.front() == '}') return false;
    if (rest_.front() == ',') {
      Expect(',');
      SkipBlanks();
    }
    name = Take(StringEnd(0));
    SkipBlanks();
    Expect(':');
    SkipBlanks();
    value = Take(ValueEnd());
    return true;
  }

 private:
  void SkipBlanks() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size()));
    TM_CHECK(!rest_.empty(), "the text is a JSON object");
  }
  void Expect(char c) {
    TM_CHECK(rest_.front() == c, "the text is a JSON object");
    rest_.remove_prefix(1);
  }
  std::string_view Take(size_t size) {
    const std::string_view taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  // Behind the quote that ends the string at `at`.
  size_t StringEnd(size_t at) const {
    for (++at; rest_[at] != '"'; ++at) {
      if (rest_[at] == '\\') ++at;
    }
    return at + 1;
  }
  size_t ValueEnd() const {
    const char first = rest_.front();
    if (first == '"') return StringEnd(0);
    if (first != '{' && first != '[') return rest_.find_first_of(",} \t\r\n");
    int depth = 0;
    for (size_t at = 0;; ++at) {
      const char c = rest_[at];
      if (c == '"') at = StringEnd(at) - 1;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) return at + 1;
    }
  }

  std::string_view rest_;
};

std::string Unquoted(std::string_view quoted) {
  if (quoted.find('\\') == std::string_view::npos) {
    return std::string(quoted.substr(1, quoted.size() - 2));
  }
  simdjson::dom::parser parser;
  std::string_view text;
  const auto error = parser.parse(quoted.data(), quoted.size()).get_string().get(text);
  TM_CHECK(error == simdjson::SUCCESS, "the quoted text is JSON");
  return std::string(text);
}

SqliteValue NumberValue(std::string_view number) {
  int64_t whole = 0;
  const char* end = number.data() + number.size();
  const auto [stopped, error] = std::from_chars(number.data(), end, whole);
  if (error == std::errc() && stopped == end) return whole;
  double real = 0;
  TM_CHECK(absl::SimpleAtod(ToAbsl(number), &real), "the number is JSON");
  // As everywhere for JSON rows: what lies beyond the largest double becomes that.
  if (std::isinf(real)) real = std::copysign(std::numeric_limits<double>::max(), real);
  return real;
}

SqliteValue ToValue(std::string_view value) {
  switch (value.front()) {
    case '"':
      return Unquoted(value);
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
      return NumberValue(value);
  }
}

}  // namespace

absl::StatusOr<SqliteRow> JsonToSqlite::operator()(const JsonRow& row) {
  if (const absl::Status loaded = reader_.Load(row.raw); !loaded.ok()) {
    return Annotate(loaded, row.Where());
  }
  SqliteRow columns;
  FieldScanner fields(row.raw);
  std::string_view name, value;
  while (fields.Next(name, value)) columns.push_back({Unquoted(name), ToValue(value)});
  return columns;
}

Sink<JsonRow> JsonTable(SqliteTableOptions options) {
  return SqliteTable<JsonRow>(std::move(options), JsonToSqlite(), [](const JsonRow& row) {
    return row.file == nullptr ? "" : row.Where();
  });
}

}  // namespace tidemark
