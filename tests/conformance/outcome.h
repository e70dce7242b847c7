// Outcome: what a case came to, in the terms in which cases say what they expect.
#pragma once

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "tests/conformance/json.h"

namespace tidemark::conformance {

// The committed rows of one execution.
struct Execution {
  Json::List down;
  Json::List late;
  Json::List meta;
  Json::List falses;
  // For each row of `down`: the index of the input entry that was being processed, "EOF", or
  // "START" for what was due before the first entry.
  Json::List down_at;
};

// How the order of rows can be compared.
enum class RowOrder {
  kAsTheyCome,   // unit level: every row at its place
  kPerKey,       // rows begin with their key
  kOfOneWorker,  // in order with one worker, as multisets with several
  kNone,         // as multisets
};

struct Outcome {
  std::vector<Execution> executions;
  RowOrder order = RowOrder::kOfOneWorker;
  std::optional<Json> state;  // of operators whose state can be expected
  // Why the last execution ended early, if it did.
  absl::Status error;
};

}  // namespace tidemark::conformance
