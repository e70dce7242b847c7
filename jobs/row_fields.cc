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
    const SourceType* type = SourceOf(source);
    if (type != nullptr && !type->fields.empty()) {
      rows.fields.names = type->fields;
      rows.fields.columns = rows.fields.names;
    } else if (source.fields.has_value()) {
      rows.fields = *source.fields;
      rows.file = InputFileOf(source);
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
  for (const KeyBySpec::Field& field : key_by.fields) rows.fields.names.push_back(field.path);
  rows.fields.columns = rows.fields.names;
  rows.fields.columns.push_back(batch.as);
  RowFields fields;
  fields.known_.push_back(std::move(rows));
  return fields;
}

RowFields RowFields::Behind(const WindowSpec& window, const KeyBySpec& key_by) {
  Rows rows{.maker = "window"};
  std::vector<std::string>& names = rows.fields.names;
  for (const KeyBySpec::Field& field : key_by.fields) names.push_back(field.path);
  names.push_back(kWindowOpen);
  names.push_back(kWindowClose);
  rows.fields.columns = names;
  for (const AggregateSpec& aggregate : window.aggregates) {
    const bool is_list = aggregate.kind == AggregateKind::kCollect;
    (is_list ? rows.lists : names).push_back(aggregate.name);
    rows.fields.columns.push_back(aggregate.name);
  }
  RowFields fields;
  fields.known_.push_back(std::move(rows));
  return fields;
}

// ---- after a select ----------------------------------------

void RowFields::Rows::Remove(std::string_view name) {
  const std::string inside = Cat(name, ".");
  const auto is_it = [&](const std::string& other) {
    return other == name || other.starts_with(inside);
  };
  for (auto* names :
       {&fields.names, &fields.containers, &fields.singles, &fields.columns, &lists}) {
    std::erase_if(*names, is_it);
  }
}

void RowFields::Rows::Add(const Selected& field, const Rows& before) {
  const bool is_list = field.source && before.HasList(*field.source);
  (is_list ? lists : fields.names).push_back(field.name);
  fields.columns.push_back(field.name);
  if (field.is_single) fields.singles.push_back(field.name);
  if (!field.source) return;
  // What is known of a field is known of it under its new name.
  const std::string inside = Cat(*field.source, ".");
  const auto copy = [&](const std::vector<std::string>& from, std::vector<std::string>& to,
                        bool with_itself) {
    for (const std::string& name : from) {
      const bool is_itself = with_itself && name == *field.source;
      if (!is_itself && !name.starts_with(inside)) continue;
      to.push_back(Cat(field.name, std::string_view(name).substr(field.source->size())));
    }
  };
  copy(before.fields.names, fields.names, false);
  copy(before.fields.containers, fields.containers, true);
  copy(before.fields.singles, fields.singles, true);
}

RowFields RowFields::After(const std::vector<Selected>& selected, bool has_others) const {
  RowFields after;
  after.is_complete_ = is_complete_ || !has_others;
  std::vector<Rows> known = known_;
  // Of unknown rows, the fields of the select are all that is known.
  if (known.empty() && !has_others) known.emplace_back();
  for (const Rows& before : known) {
    Rows rows = has_others ? before : Rows{.maker = before.maker};
    const bool is_declared = has_others && rows.fields.columns.empty();
    for (const Selected& field : selected) rows.Remove(field.name);
    for (const Selected& field : selected) rows.Add(field, before);
    if (is_declared) rows.fields.columns.clear();  // the names are all of them
    after.known_.push_back(std::move(rows));
  }
  return after;
}

std::optional<std::string> RowFields::MissingValue(std::string_view path) const {
  if (known_.empty() || !is_complete_) return std::nullopt;
  const std::string name = Resolve(std::string(path));
  for (const Rows& rows : known_) {
    if (rows.Has(name) || rows.HasList(name)) return std::nullopt;
  }
  return Describe(known_.front(), path, "value");
}

bool RowFields::Rows::HasList(std::string_view path) const { return Contains(lists, path); }

bool RowFields::Rows::HasContainer(std::string_view path) const {
  return Contains(fields.containers, path);
}

// Reads a path as JsonFieldReader does: dots can be in names, so every part of it may be one.
bool RowFields::Rows::Has(std::string_view path) const {
  const std::vector<std::string>& names = fields.names;
  if (Contains(names, path)) return true;
  // "place.country" may be there where "place" is and nothing more is known of it.
  for (size_t dot = path.find('.'); dot != std::string_view::npos; dot = path.find('.', dot + 1)) {
    const std::string_view object = path.substr(0, dot);
    const std::string inside = Cat(object, ".");
    const bool is_known = std::any_of(names.begin(), names.end(), [&](const std::string& name) {
      return name.starts_with(inside);
    });
    if (Contains(names, object) && !is_known && !Contains(fields.singles, object)) return true;
  }
  return false;
}

bool RowFields::Rows::HasColumn(std::string_view name) const {
  const bool declared = fields.columns.empty();
  const std::vector<std::string>& names = declared ? fields.names : fields.columns;
  const bool is_there = std::any_of(names.begin(), names.end(), [&](const std::string& other) {
    return absl::EqualsIgnoreCase(other, ToAbsl(name)) ||
           (declared && absl::StartsWithIgnoreCase(other, Cat(name, ".")));
  });
  return is_there;
}

std::string RowFields::Rows::Sample() const {
  const size_t count = fields.rows.size();
  return Cat("the first ", count == 1 ? "row" : Cat(count, " rows"), " of ", file);
}

std::string RowFields::Describe(const Rows& rows, std::string_view path,
                                std::string_view role) const {
  if (rows.HasList(path)) {
    return Cat("the field '", path, "' is the list of the ", rows.maker, " above, and a ", role,
               " is a single value");
  }
  std::vector<std::string_view> names;
  for (const std::string& name : rows.fields.names) {
    if (!rows.HasContainer(name)) names.push_back(name);
  }
  if (rows.HasContainer(path)) {
    const std::string inside = Cat(path, ".");
    const auto inner = std::find_if(names.begin(), names.end(), [&](std::string_view name) {
      return name.starts_with(inside);
    });
    return Cat("the field '", path, "' is an object or a list in ", rows.Sample(), ", and a ", role,
               " is a single value",
               inner == names.end() ? "" : Cat("; one of its fields is '", *inner, "'"));
  }
  const std::string what = rows.fields.rows.empty()
                               ? Cat("the rows have no field '", path, "' here")
                               : Cat("no field '", path, "' is in ", rows.Sample());
  if (const auto meant = ClosestWord(path, names)) {
    return Cat(what, "; did you mean '", *meant, "'?");
  }
  if (names.empty()) return what;
  const bool is_long = names.size() > kListedMax;
  if (is_long) names.resize(kListedMax);
  return Cat(what, "; what can be a ", role, " is: ", ListOf(names), is_long ? ", …" : "");
}

std::optional<std::string> RowFields::WhatIsWrong(const Rows& rows, std::string_view path,
                                                  std::string_view role) const {
  if (rows.Has(path) && !rows.HasContainer(path)) return std::nullopt;
  return Describe(rows, path, role);
}

std::optional<std::string> RowFields::MissingInSome(std::string_view path,
                                                    std::string_view role) const {
  for (const Rows& rows : known_) {
    if (auto what = WhatIsWrong(rows, path, role)) return what;
  }
  return std::nullopt;
}

std::optional<std::string> RowFields::MissingInAll(std::string_view path,
                                                   std::string_view role) const {
  if (known_.empty()) return std::nullopt;
  const std::string name = Resolve(std::string(path));
  bool is_there = false;
  for (const Rows& rows : known_) {
    if (rows.HasList(name) || rows.HasContainer(name)) return Describe(rows, name, role);
    is_there = is_there || rows.Has(name);
  }
  if (is_there || !is_complete_) return std::nullopt;
  return Describe(known_.front(), path, role);
}

std::optional<std::string> RowFields::MissingColumn(std::string_view name,
                                                    std::string_view role) const {
  for (const Rows& rows : known_) {
    if (rows.HasList(name)) return Describe(rows, name, role);
    if (rows.HasColumn(name)) continue;
    if (!rows.Has(name)) return Describe(rows, name, role);
    return Cat("the field '", name,
               "' is inside an object, and a column is a field of the row "
               "itself; a step can bring it there, as in 'key_by: ",
               name, "'");
  }
  return std::nullopt;
}

std::string RowFields::Resolve(const std::string& name) const {
  std::set<std::string> same;
  for (const Rows& rows : known_) {
    if (rows.Has(name)) return name;
    for (const auto* names : {&rows.fields.names, &rows.lists}) {
      for (const std::string& other : *names) {
        if (absl::EqualsIgnoreCase(other, name)) same.insert(other);
      }
    }
  }
  return same.size() == 1 ? *same.begin() : name;
}

}  // namespace tidemark
