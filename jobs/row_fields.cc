#include "jobs/row_fields.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/match.h"
#include "base/spelling.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Names that a message lists.
constexpr size_t kListedMax = 20;

bool Contains(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

}  // namespace

RowFields RowFields::OfSources(const JobSpec& job) {
  RowFields fields;
  for (const SourceSpec& source : job.sources) {
    Rows rows;
    if (std::holds_alternative<GeneratorSourceSpec>(source.connector)) {
      rows.names = {"seq", "key", "value", "time"};
    } else if (source.fields.has_value()) {
      rows.names = source.fields->names;
      rows.sampled_rows = source.fields->sampled_rows;
      if (const auto* file = std::get_if<FileSourceSpec>(&source.connector)) rows.file = file->path;
    } else {
      fields.is_complete_ = false;
      continue;
    }
    fields.known_.push_back(std::move(rows));
  }
  return fields;
}

RowFields RowFields::Behind(const BatchSpec& batch, const KeyBySpec& key_by) {
  Rows rows{.lists = {batch.as}, .maker = "batch"};
  for (const KeyBySpec::Field& field : key_by.fields) rows.names.push_back(field.path);
  RowFields fields;
  fields.known_.push_back(std::move(rows));
  return fields;
}

RowFields RowFields::Behind(const WindowSpec& window, const KeyBySpec& key_by) {
  Rows rows{.maker = "window"};
  for (const KeyBySpec::Field& field : key_by.fields) rows.names.push_back(field.path);
  rows.names.push_back(kWindowOpen);
  rows.names.push_back(kWindowClose);
  for (const AggregateSpec& aggregate : window.aggregates) {
    const bool is_list = aggregate.kind == AggregateKind::kCollect;
    (is_list ? rows.lists : rows.names).push_back(aggregate.name);
  }
  RowFields fields;
  fields.known_.push_back(std::move(rows));
  return fields;
}

bool RowFields::Rows::HasList(std::string_view path) const { return Contains(lists, path); }

bool RowFields::Rows::Has(std::string_view path) const {
  if (Contains(names, path)) return true;
  // "place.country" may be there where "place" is and nothing more is known of it.
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const std::string_view object = path.substr(0, dot);
    const std::string inside = Cat(object, ".");
    const bool is_known = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.starts_with(inside);
    });
    if (Contains(names, object) && !is_known) return true;
  }
  return false;
}

std::string RowFields::Describe(const Rows& rows, std::string_view path,
                                std::string_view role) const {
  if (rows.HasList(path)) {
    return Cat("the field '", path, "' is the list of the ", rows.maker, " above, and a ", role,
               " is a single value");
  }
  std::string what = Cat("the rows have no field '", path, "' here");
  if (rows.sampled_rows > 0) {
    const std::string first = rows.sampled_rows == 1 ? "row" : Cat(rows.sampled_rows, " rows");
    what = Cat("no field '", path, "' is in the first ", first, " of ", rows.file);
  }
  std::vector<std::string_view> names(rows.names.begin(), rows.names.end());
  if (const auto meant = ClosestWord(path, names))
    return Cat(what, "; did you mean '", *meant, "'?");
  if (names.empty()) return what;
  const bool is_long = names.size() > kListedMax;
  if (is_long) names.resize(kListedMax);
  return Cat(what, "; what can be a ", role, " is: ", ListOf(names), is_long ? ", …" : "");
}

std::optional<std::string> RowFields::MissingInSome(std::string_view path,
                                                    std::string_view role) const {
  for (const Rows& rows : known_) {
    if (!rows.Has(path)) return Describe(rows, path, role);
  }
  return std::nullopt;
}

std::optional<std::string> RowFields::MissingInAll(std::string_view path,
                                                   std::string_view role) const {
  if (known_.empty()) return std::nullopt;
  const std::string name = Resolve(std::string(path));
  for (const Rows& rows : known_) {
    if (rows.Has(name)) return std::nullopt;
    if (rows.HasList(name)) return Describe(rows, name, role);
  }
  return is_complete_ ? std::optional(Describe(known_.front(), path, role)) : std::nullopt;
}

std::string RowFields::Resolve(const std::string& name) const {
  std::set<std::string> same;
  for (const Rows& rows : known_) {
    if (rows.Has(name)) return name;
    for (const auto* names : {&rows.names, &rows.lists}) {
      for (const std::string& other : *names) {
        if (absl::EqualsIgnoreCase(other, name)) same.insert(other);
      }
    }
  }
  return same.size() == 1 ? *same.begin() : name;
}

}  // namespace tidemark
