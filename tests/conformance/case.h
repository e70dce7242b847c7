// Case: one conformance case as its file has it, and the entries of its input.
//
// ../shared/conformance/README.md is the format. Loading checks only what every case has; what
// depends on the operator (entries, parameters) is read when the case is run, so that a case of an
// operator not yet supported is listed as such, whatever it holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/timestamp.h"
#include "tests/conformance/json.h"

namespace tidemark::conformance {

struct Case {
  std::string file;  // without its folder
  std::string name;
  std::string operator_name;
  Json params = Json::Map();
  Json::List input;
  // Nothing: one run, and the expectations are lists of rows instead of lists of such lists.
  std::optional<int64_t> executions;
  // Nothing where the case has no such field.
  std::optional<Json> expect_down, expect_late, expect_meta, expect_falses, expect_state, emit_at;
  std::optional<std::string> expect_error;
};

// All cases of one file, which is a JSON array. An error says what is wrong with which case.
absl::StatusOr<std::vector<Case>> LoadCases(const std::string& path);
// The paths of all *.json in the folder, sorted. NotFound when there is no folder or no such file.
absl::StatusOr<std::vector<std::string>> ListCaseFiles(const std::string& folder);

// An item on its way through a flow.
struct Item {
  std::optional<std::string> key;
  std::optional<Timestamp> at;
  Json value;
};

struct Entry {
  enum class Kind {
    kItem,
    kSystemTime,  // `at`
    kPause,       // `span`
    kEof,
    kAbort,
    kSetLookup,  // key and value in `item`
    kOther,      // BATCH, NOTIFY, MERGED: unit-level operators read `name`
  };
  Kind kind = Kind::kItem;
  Item item;
  Timestamp at;
  Span span;
  std::string name;
};

// InvalidArgument names the entry by its index.
absl::StatusOr<std::vector<Entry>> ParseEntries(const Json::List& input);

// "2022-01-01T00:00:00Z", "UTC_MIN", "UTC_MAX".
absl::StatusOr<Timestamp> ParseTime(const Json& json);
// Seconds, or "MAX" for an infinite span.
absl::StatusOr<Span> ParseSeconds(const Json& json);

}  // namespace tidemark::conformance
