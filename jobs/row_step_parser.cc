#include "jobs/row_step_parser.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "jobs/yaml_reader.h"

namespace tidemark {
namespace {

constexpr std::string_view kOthers = "*";
constexpr std::string_view kSelectForm =
    "a map of names and expressions, like {name: upper(net), total: price * quantity}";

// `true` and `7` are expressions too, although YAML has other types for them.
bool ReadExpression(std::string_view key, const YamlValue& value, ExpressionSpec& expression,
                    Problems& problems) {
  if (!value.is_text() || value.text().empty()) {
    ReportWrong(key, "an expression like mag >= 5 (in quotes if it begins like another YAML value)",
                value, problems);
    return false;
  }
  expression.text = value.text();
  expression.place = value.place;
  expression.text_place = value.node->text_place;
  return true;
}

// The number of entries over which the expression that begins at `first` goes: YAML takes a comma
// in {…} for the end of a value, so that `p: round(v, 2)` has a value `round(v` and a key `2)`.
size_t PartsOf(const std::vector<YamlEntry>& entries, size_t first) {
  const auto open = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '(') - std::count(text.begin(), text.end(), ')');
  };
  const YamlValue& value = entries[first].value;
  if (!value.is_text() || value.is_quoted()) return 1;
  auto depth = open(value.text());
  size_t parts = 1;
  for (; depth > 0 && first + parts < entries.size(); ++parts) {
    const YamlEntry& next = entries[first + parts];
    if (!next.value.is_nothing()) return 1;
    depth += open(next.key);
  }
  return depth == 0 ? parts : 1;
}

}  // namespace

WhereSpec ParseWhere(const YamlEntry& entry, Problems& problems) {
  WhereSpec where;
  ReadExpression("where", entry.value, where.condition, problems);
  return where;
}

SelectSpec ParseSelect(const YamlEntry& entry, Problems& problems) {
  SelectSpec select;
  if (!entry.value.is_map() || entry.value.entries().empty()) {
    ReportWrong("select", kSelectForm, entry.value, problems);
    return select;
  }
  const std::vector<YamlEntry>& entries = entry.value.entries();
  bool has_others = false;
  for (size_t i = 0; i < entries.size(); ++i) {
    const YamlEntry& one = entries[i];
    if (one.key == kOthers) {
      if (!one.value.is_nothing()) {
        ReportWrong("'*'", "alone: it stands for all other fields", one.value, problems);
      }
      if (has_others) problems.Add(one.place, "'*' is there twice");
      has_others = true;
      select.items.push_back({.is_others = true, .place = one.place});
    } else if (one.key.empty()) {
      problems.Add(one.place, "a field of a select needs a name");
    } else if (const size_t parts = PartsOf(entries, i); parts > 1) {
      std::string whole = one.value.text();
      for (size_t part = 1; part < parts; ++part) whole += Cat(", ", entries[i + part].key);
      problems.Add(one.value.place,
                   Cat("quotes are needed around a comma: ", one.key, ": \"", whole, "\""));
      i += parts - 1;
    } else {
      SelectSpec::Item item{.name = one.key, .place = one.place};
      if (ReadExpression(one.key, one.value, item.value, problems)) {
        select.items.push_back(std::move(item));
      }
    }
  }
  return select;
}

}  // namespace tidemark
