#include "jobs/field_sample.h"

#include <simdjson.h>

#include <filesystem>
#include <optional>
#include <set>
#include <string_view>
#include <system_error>
#include <utility>
#include <variant>

#include "base/status.h"

namespace tidemark {
namespace {

// Beyond these a field is not looked for; rows with more are data rather than records.
constexpr size_t kNamesMax = 2000;
constexpr int kDepthMax = 4;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

void AddNames(const simdjson::dom::object& object, const std::string& prefix, int depth,
              std::set<std::string>& names) {
  for (const auto& field : object) {
    const std::string name = Cat(prefix, field.key);
    names.insert(name);
    simdjson::dom::object inner;
    if (depth < kDepthMax && field.value.get_object().get(inner) == simdjson::SUCCESS) {
      AddNames(inner, name + ".", depth + 1, names);
    }
  }
}

std::optional<SourceFields> FieldsIn(std::string_view bytes) {
  std::set<std::string> names;
  SourceFields fields;
  simdjson::dom::parser parser;
  if (bytes.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    bytes.remove_prefix(kByteOrderMark.size());
  }
  while (!bytes.empty() && fields.sampled_rows < kSampledRows && names.size() <= kNamesMax) {
    const size_t end = std::min(bytes.find('\n'), bytes.size());
    simdjson::dom::object object;
    // What is no JSON, or was cut by the sample's end, is not judged here.
    if (parser.parse(bytes.data(), end).get_object().get(object) == simdjson::SUCCESS) {
      AddNames(object, "", 1, names);
      ++fields.sampled_rows;
    }
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  if (fields.sampled_rows == 0 || names.size() > kNamesMax) return std::nullopt;
  fields.names.assign(names.begin(), names.end());
  return fields;
}

}  // namespace

void SampleFields(Files& files, JobSpec& job) {
  for (SourceSpec& source : job.sources) {
    const auto* file = std::get_if<FileSourceSpec>(&source.connector);
    if (file == nullptr || source.format != RowFormat::kJson || source.fields.has_value()) continue;
    // To open a pipe would block, and what was read from it would be gone.
    std::error_code error;
    if (!std::filesystem::is_regular_file(file->path, error)) continue;
    const auto opened = files.OpenRead(file->path);
    std::string bytes;
    if (!opened.ok() || !(*opened)->Read(0, kSampledBytes, bytes).ok()) continue;
    source.fields = FieldsIn(bytes);
  }
}

}  // namespace tidemark
