// Generator: made-up JSON objects as a source, for demonstrations, benchmarks and tests.
//
//   flow.From("made_up", Generator({.items = 1'000'000, .keys = 1000, .seed = 7}));
//
//   {"seq": 0, "key": "k17", "value": 12.34, "time": 1640995200000}
//
// Object number n is a pure function of the options and n, so the source can seek, and the same
// options give the same objects everywhere. `key` is one of k0 … k<keys-1>, `value` is between 0
// and 100 with two decimals, `time` is in milliseconds since 1970: object n has start_time + n ·
// interval, minus a random part of max_out_of_orderness.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "connectors/rows/json_row.h"
#include "tidemark/source.h"

namespace tidemark {

struct GeneratorOptions {
  uint64_t items = 0;  // 0 = endless
  uint64_t keys = 100;
  uint64_t seed = 1;
  absl::Time start_time = absl::FromUnixSeconds(1'640'995'200);  // 2022-01-01T00:00:00Z
  absl::Duration interval = absl::Milliseconds(1);
  absl::Duration max_out_of_orderness = absl::ZeroDuration();
};

// Object number `seq`. Requires: CheckGenerator(options) is OK.
std::string GeneratedObject(const GeneratorOptions& options, uint64_t seq);
// Appends it to `out`, for callers that reuse a buffer.
void AppendGeneratedObject(const GeneratorOptions& options, uint64_t seq, std::string& out);

absl::Status CheckGenerator(const GeneratorOptions& options);

// Position: {next, options}; a resumed run with options that make other objects is refused. `items`
// may change.
Source<JsonRow> Generator(GeneratorOptions options);

}  // namespace tidemark
