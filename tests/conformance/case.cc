#include "tests/conformance/case.h"

#include <cmath>

#include "base/files.h"
#include "base/status.h"

namespace tidemark::conformance {
namespace {

absl::Status Wrong(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, what);
}

absl::Status TakeText(const Json& json, std::string_view field, std::string& out) {
  const Json* value = json.Find(field);
  if (value == nullptr || !value->is_string()) return Wrong(Cat("'", field, "' is not a text"));
  out = value->string();
  return absl::OkStatus();
}

void TakeAny(const Json& json, std::string_view field, std::optional<Json>& out) {
  if (const Json* value = json.Find(field)) out = *value;
}

// Expectations that no check reads would pass whatever they say.
absl::Status RefuseOtherExpectations(const Json& json) {
  constexpr std::string_view kRead[] = {"expect_down",   "expect_late",  "expect_meta",
                                        "expect_falses", "expect_state", "expect_error"};
  for (const JsonField& field : json.map()) {
    if (!field.name.starts_with("expect_")) continue;
    bool read = false;
    for (const std::string_view name : kRead) read |= field.name == name;
    if (!read) return Wrong(Cat("'", field.name, "' is not an expectation that can be checked"));
  }
  return absl::OkStatus();
}

absl::StatusOr<Case> CaseFrom(const Json& json) {
  if (!json.is_map()) return Wrong(Cat("is ", KindOf(json), " and not a map"));
  Case c;
  TM_RETURN_IF_ERROR(TakeText(json, "name", c.name));
  TM_RETURN_IF_ERROR(TakeText(json, "operator", c.operator_name));
  if (const Json* params = json.Find("params")) c.params = *params;
  if (!c.params.is_map()) return Wrong("'params' is not a map");
  const Json* input = json.Find("input");
  if (input == nullptr || !input->is_list()) return Wrong("'input' is not a list");
  c.input = input->list();
  if (const Json* executions = json.Find("executions"); executions && !executions->is_null()) {
    if (!executions->is_integer() || executions->integer() < 1) {
      return Wrong("'executions' is not a number of at least 1");
    }
    c.executions = executions->integer();
  }
  if (const Json* error = json.Find("expect_error"); error != nullptr && !error->is_null()) {
    if (!error->is_string()) return Wrong("'expect_error' is not a text");
    c.expect_error = error->string();
  }
  TakeAny(json, "expect_down", c.expect_down);
  TakeAny(json, "expect_late", c.expect_late);
  TakeAny(json, "expect_meta", c.expect_meta);
  TakeAny(json, "expect_falses", c.expect_falses);
  TakeAny(json, "expect_state", c.expect_state);
  TakeAny(json, "emit_at", c.emit_at);
  if (!c.expect_down && !c.expect_error) return Wrong("there is no 'expect_down'");
  TM_RETURN_IF_ERROR(RefuseOtherExpectations(json));
  return c;
}

absl::StatusOr<Entry> ControlEntry(const Json::List& parts) {
  if (parts.empty() || !parts[0].is_string()) return Wrong("is no item and has no name");
  Entry entry;
  entry.name = parts[0].string();
  entry.kind = Entry::Kind::kOther;
  if (entry.name == "EOF" || entry.name == "ABORT") {
    entry.kind = entry.name == "EOF" ? Entry::Kind::kEof : Entry::Kind::kAbort;
    if (parts.size() != 1) return Wrong(Cat(entry.name, " takes no argument"));
  } else if (entry.name == "SYSTEM_TIME" || entry.name == "PAUSE") {
    if (parts.size() != 2) return Wrong(Cat(entry.name, " takes one argument"));
    if (entry.name == "PAUSE") {
      entry.kind = Entry::Kind::kPause;
      TM_ASSIGN_OR_RETURN(entry.span, ParseSeconds(parts[1]));
    } else {
      entry.kind = Entry::Kind::kSystemTime;
      TM_ASSIGN_OR_RETURN(entry.at, ParseTime(parts[1]));
    }
  } else if (entry.name != "BATCH" && entry.name != "NOTIFY" && entry.name != "MERGED") {
    return Wrong(Cat("there is no control entry '", entry.name, "'"));
  }
  return entry;
}

absl::StatusOr<Entry> ItemEntry(const Json::List& parts) {
  Entry entry;
  if (parts[0] == Json("SET_LOOKUP")) {
    // As long as an item, but what stands at the place of its timestamp is a key.
    entry.kind = Entry::Kind::kSetLookup;
    entry.name = parts[0].string();
    if (!parts[1].is_string()) return Wrong("SET_LOOKUP needs a text as key");
    entry.item = {.key = parts[1].string(), .at = {}, .value = parts[2]};
    return entry;
  }
  if (!parts[0].is_null()) {
    if (!parts[0].is_string()) return Wrong(Cat("the key is ", KindOf(parts[0])));
    entry.item.key = parts[0].string();
  }
  if (!parts[1].is_null()) {
    TM_ASSIGN_OR_RETURN(entry.item.at, ParseTime(parts[1]));
  }
  entry.item.value = parts[2];
  return entry;
}

}  // namespace

absl::StatusOr<std::vector<Case>> LoadCases(const std::string& path) {
  const auto files = NewPosixFiles();
  TM_ASSIGN_OR_RETURN(const std::string text, ReadSmallFile(*files, path));
  auto json = ParseJson(text);
  if (!json.ok()) return Annotate(json.status(), path);
  if (!json->is_list()) return Wrong(Cat(path, ": is ", KindOf(*json), " and not a list of cases"));
  std::vector<Case> cases;
  for (const Json& element : json->list()) {
    auto one = CaseFrom(element);
    if (!one.ok()) {
      const Json* name = element.Find("name");
      return Annotate(one.status(), Cat(path, ": case ", cases.size() + 1, " (",
                                        name == nullptr ? "no name" : ToText(*name), ")"));
    }
    one->file = path.substr(path.rfind('/') + 1);
    cases.push_back(*std::move(one));
  }
  return cases;
}

absl::StatusOr<std::vector<std::string>> ListCaseFiles(const std::string& folder) {
  const auto files = NewPosixFiles();
  const auto info = files->Stat(folder);
  if (!info.ok()) return info.status();
  if (!info->is_directory) return Wrong(Cat(folder, ": is not a folder"));
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files->List(folder));
  std::vector<std::string> paths;
  for (const std::string& name : names) {
    if (name.ends_with(".json")) paths.push_back(JoinPath(folder, name));
  }
  if (paths.empty()) return absl::NotFoundError(Cat(folder, ": there is no *.json in it"));
  return paths;
}

absl::StatusOr<std::vector<Entry>> ParseEntries(const Json::List& input) {
  std::vector<Entry> entries;
  for (const Json& json : input) {
    if (!json.is_list()) {
      return Wrong(Cat("input entry ", entries.size(), " is ", KindOf(json), " and not a list"));
    }
    auto entry = json.list().size() == 3 ? ItemEntry(json.list()) : ControlEntry(json.list());
    if (!entry.ok()) {
      return Annotate(entry.status(), Cat("input entry ", entries.size(), " ", ToText(json)));
    }
    entries.push_back(*std::move(entry));
  }
  return entries;
}

absl::StatusOr<Timestamp> ParseTime(const Json& json) {
  if (!json.is_string()) return Wrong(Cat("a time is ", KindOf(json)));
  if (json.string() == "UTC_MIN") return Timestamp::Min();
  if (json.string() == "UTC_MAX") return Timestamp::Max();
  return ParseTimestamp(json.string());
}

absl::StatusOr<Span> ParseSeconds(const Json& json) {
  if (json == Json("MAX")) return Span::Infinite();
  if (!json.is_number()) return Wrong(Cat("seconds are ", KindOf(json)));
  const double us = json.number() * 1e6;
  if (std::abs(us) >= 9e18)
    return Wrong("more seconds than can be counted; the largest is \"MAX\"");
  return json.is_integer() ? Span::Seconds(json.integer())
                           : Span::Micros(static_cast<int64_t>(std::llround(us)));
}

}  // namespace tidemark::conformance
