#include "jobs/field_sample.h"

#include <simdjson.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "base/status.h"
#include "connectors/rows/input_kind.h"

namespace tidemark {
namespace {

// Beyond these a field is not looked for; rows with more are data rather than records.
constexpr size_t kNamesMax = 2000;
constexpr int kDepthMax = 4;

// What a field was, over all rows.
struct Kinds {
  bool container = false;
  bool single = false;
  bool null = false;
};
using FieldKinds = std::map<std::string, Kinds>;

void AddFields(const simdjson::dom::object& object, const std::string& prefix, int depth,
               FieldKinds& fields) {
  for (const auto& field : object) {
    const std::string name = Cat(prefix, field.key);
    Kinds& kinds = fields[name];
    const bool is_container = field.value.is_object() || field.value.is_array();
    kinds.container |= is_container;
    kinds.null |= field.value.is_null();
    kinds.single |= !is_container && !field.value.is_null();
    simdjson::dom::object inner;
    if (depth < kDepthMax && field.value.get_object().get(inner) == simdjson::SUCCESS) {
      AddFields(inner, name + ".", depth + 1, fields);
    }
  }
}

SourceFields Summary(const FieldKinds& fields, std::set<std::string> columns,
                     std::vector<std::string> rows) {
  SourceFields summary{.rows = std::move(rows)};
  for (const auto& [name, kinds] : fields) {
    summary.names.push_back(name);
    if (kinds.container && !kinds.single && !kinds.null) summary.containers.push_back(name);
    if (kinds.single && !kinds.container && !kinds.null) summary.singles.push_back(name);
  }
  summary.columns.assign(columns.begin(), columns.end());
  return summary;
}

std::optional<SourceFields> FieldsIn(std::string_view bytes) {
  FieldKinds fields;
  std::set<std::string> columns;
  std::vector<std::string> rows;
  simdjson::dom::parser parser;
  while (!bytes.empty() && rows.size() < kSampledRows && fields.size() <= kNamesMax) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    simdjson::dom::object object;
    // What is not JSON, or was cut by the sample's end, is not judged here.
    const std::string_view row = RowText(bytes.substr(0, end));
    if (parser.parse(row.data(), row.size()).get_object().get(object) == simdjson::SUCCESS) {
      AddFields(object, "", 1, fields);
      for (const auto& field : object) columns.insert(std::string(field.key));
      rows.emplace_back(row);
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  if (rows.empty() || fields.size() > kNamesMax) return std::nullopt;
  return Summary(fields, std::move(columns), std::move(rows));
}

}  // namespace

void SampleFields(Files& files, JobSpec& job) {
  for (SourceSpec& source : job.sources) {
    const std::string path = InputFileOf(source);
    if (path.empty() || source.format != RowFormat::kJson || source.fields.has_value()) continue;
    // To open a pipe would block, and what was read from it would be gone.
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) continue;
    const auto opened = files.OpenRead(path);
    std::string bytes;
    if (!opened.ok() || !(*opened)->Read(0, kSampledBytes, bytes).ok()) continue;
    source.fields = FieldsIn(bytes);
  }
}

}  // namespace tidemark
