// The list of connectors is whole, and the reference in docs/jobs.md says what it says.

#include "jobs/connectors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "connectors/connector.h"
#include "tests/support/pages.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

std::string PlainCell(std::string_view cell) {
  std::string plain(absl::StripAsciiWhitespace(ToAbsl(cell)));
  // [duration](#values) -> duration
  for (size_t open = plain.find('['); open != plain.npos; open = plain.find('[', open + 1)) {
    const size_t middle = plain.find("](", open);
    const size_t end = plain.find(')', middle == plain.npos ? open : middle);
    if (middle == plain.npos || end == plain.npos) continue;
    plain =
        plain.substr(0, open) + plain.substr(open + 1, middle - open - 1) + plain.substr(end + 1);
  }
  return absl::StrReplaceAll(plain, {{"`", ""}});
}

struct Row {
  std::string key;
  std::string second;
  std::string third;
};

// The rows of the table that has this first line, without Markdown.
std::vector<Row> TableOf(const std::string& page, const std::string& first_line) {
  std::vector<Row> rows;
  size_t at = page.find(first_line + "\n");
  EXPECT_NE(at, page.npos) << "docs/jobs.md has no table " << first_line;
  if (at == page.npos) return rows;
  const std::vector<std::string> lines = absl::StrSplit(page.substr(at), '\n');
  for (size_t i = 2; i < lines.size() && lines[i].starts_with("| "); ++i) {
    const std::vector<std::string> cells = absl::StrSplit(lines[i], '|');
    EXPECT_EQ(cells.size(), 5u) << lines[i];
    if (cells.size() != 5) continue;
    rows.push_back({PlainCell(cells[1]), PlainCell(cells[2]), PlainCell(cells[3])});
  }
  return rows;
}

std::optional<Row> RowOf(const std::vector<Row>& rows, const std::string& key) {
  const auto found =
      std::find_if(rows.begin(), rows.end(), [&](const Row& row) { return row.key == key; });
  return found == rows.end() ? std::nullopt : std::optional(*found);
}

// The options of a map, as a source and as a sink.
std::vector<ConnectorOption> MapOptions(const ConnectorType& type) {
  std::vector<ConnectorOption> all;
  if (type.source.has_value()) all = type.source->options;
  const SinkType sink = type.sink.value_or(SinkType());
  for (const ConnectorOption& option : sink.options) {
    if (std::none_of(all.begin(), all.end(),
                     [&](const ConnectorOption& other) { return other.name == option.name; })) {
      all.push_back(option);
    }
  }
  std::erase_if(all, [&](const ConnectorOption& option) { return option.name == type.name; });
  return all;
}

class ConnectorReference : public ::testing::Test {
 protected:
  const std::string page_ = ReadWorkingCopy("docs/jobs.md");
};

TEST_F(ConnectorReference, NamesEachSourceAndSinkWithItsHelp) {
  const size_t sinks_at = page_.find("\n### Sinks\n");
  ASSERT_NE(sinks_at, page_.npos);
  const std::vector<Row> sources =
      TableOf(page_.substr(page_.find("\n### Sources\n")), "| Key | Value | Default |");
  const std::vector<Row> sinks = TableOf(page_.substr(sinks_at), "| Key | Value | Default |");
  for (const ConnectorType* type : SourceConnectors()) {
    const auto row = RowOf(sources, type->name);
    ASSERT_TRUE(row.has_value()) << "the table of sources lacks " << type->name;
    EXPECT_THAT(row->second, StartsWith(type->source->help));
  }
  for (const ConnectorType* type : SinkConnectors()) {
    const auto row = RowOf(sinks, type->name);
    ASSERT_TRUE(row.has_value()) << "the table of sinks lacks " << type->name;
    EXPECT_THAT(row->second, StartsWith(type->sink->help));
  }
}

TEST_F(ConnectorReference, HasEachOptionWithItsHelpAndItsDefaultAndNoOther) {
  for (const ConnectorType* type : AllConnectors()) {
    const std::vector<ConnectorOption> options = MapOptions(*type);
    if (options.empty()) continue;
    const std::vector<Row> rows =
        TableOf(page_, Cat("| Key of `", type->name, "` | Value | Default |"));
    EXPECT_EQ(rows.size(), options.size()) << type->name;
    for (const ConnectorOption& option : options) {
      const auto row = RowOf(rows, option.name);
      ASSERT_TRUE(row.has_value()) << type->name << " lacks " << option.name;
      EXPECT_THAT(row->second, StartsWith(Cat(option.required() ? "required: " : "", option.help)));
      EXPECT_EQ(row->third, DefaultText(option)) << type->name << ": " << option.name;
    }
  }
}

TEST_F(ConnectorReference, SaysWhatACrashDoes) {
  const std::vector<Row> rows = TableOf(page_, "| Connector | As a source | As a sink |");
  EXPECT_EQ(rows.size(), AllConnectors().size());
  for (const ConnectorType* type : AllConnectors()) {
    const auto row = RowOf(rows, type->name);
    ASSERT_TRUE(row.has_value()) << type->name;
    EXPECT_EQ(row->second, type->source.value_or(SourceType()).guarantee);
    EXPECT_EQ(row->third, type->sink.value_or(SinkType()).guarantee);
  }
}

bool IsOption(const std::vector<ConnectorOption>& options, const std::string& name) {
  return std::any_of(options.begin(), options.end(),
                     [&](const ConnectorOption& option) { return option.name == name; });
}

void CheckOptions(const std::vector<ConnectorOption>& options, const std::string& example,
                  const std::string& name) {
  std::set<std::string> names;
  for (const ConnectorOption& option : options) {
    EXPECT_TRUE(names.insert(option.name).second) << name << " has two options " << option.name;
    EXPECT_FALSE(option.help.empty()) << name << ": " << option.name;
    const bool has_fallback = !std::holds_alternative<std::monostate>(option.fallback);
    EXPECT_FALSE(option.required() && has_fallback) << name << ": " << option.name;
  }
  EXPECT_LE(std::count_if(options.begin(), options.end(),
                          [](const ConnectorOption& option) { return option.is_place; }),
            1);
  const bool is_map = !options.empty() && options[0].name != name;
  EXPECT_EQ(is_map, !example.empty()) << name << ": an example is for messages about a map";
}

TEST(Connectors, AreWhole) {
  std::set<std::string> names;
  for (const ConnectorType* type : AllConnectors()) {
    EXPECT_TRUE(names.insert(type->name).second) << type->name << " is there twice";
    EXPECT_FALSE(type->title.empty());
    EXPECT_TRUE(type->source.has_value() || type->sink.has_value()) << type->name;
    if (type->source.has_value()) {
      const SourceType& source = *type->source;
      CheckOptions(source.options, source.example, type->name);
      EXPECT_TRUE(source.make_rows && source.reads) << type->name;
      EXPECT_EQ(source.make_lines == nullptr, !source.no_lines.empty()) << type->name;
      EXPECT_EQ(source.always_good.empty(), source.fields.empty()) << type->name;
      EXPECT_FALSE(source.guarantee.empty() || source.help.empty()) << type->name;
    }
    if (type->sink.has_value()) {
      const SinkType& sink = *type->sink;
      CheckOptions(sink.options, sink.example, type->name);
      EXPECT_TRUE(sink.make_rows && sink.writes) << type->name;
      EXPECT_TRUE(sink.path_option.empty() || IsOption(sink.options, sink.path_option));
      const Endpoint endpoint = sink.writes(ConnectorConfig::OfSink(*type));
      EXPECT_TRUE(endpoint.part_option.empty() || IsOption(sink.options, endpoint.part_option));
      EXPECT_FALSE(sink.guarantee.empty() || sink.help.empty()) << type->name;
    }
  }
  EXPECT_THAT(NamesOf(SourceConnectors()), ElementsAre("file", "stdin", "generator", "kafka"));
  EXPECT_THAT(NamesOf(SinkConnectors()), ElementsAre("file", "stdout", "sqlite", "kafka"));
}

}  // namespace
}  // namespace tidemark
