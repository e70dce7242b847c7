// Record: what a round of the torture sends, and what must come out, worked out by the plainest
// means from the rows alone.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"

namespace tidemark::torture {

// Event times lie so far from every edge of a window that the seconds for which a round runs, by
// which an idle key's watermark moves, decide nothing.
struct Row {
  std::string key;
  int64_t number = 0;        // of the row, from 0
  int64_t time_ms = 0;       // since 1970
  std::string Line() const;  // as JSON
};

struct RoundSpec {
  uint64_t seed = 1;
  int64_t rows = 20'000;
  int64_t keys = 50;
};

std::vector<Row> MakeRows(const RoundSpec& spec);

// The job over them: lists of 7 for each key, and hourly windows, an hour out of order allowed.
std::string JobText(const std::string& name, bool windows);

// What is in an output file against what must be. The status says what is lost, repeated or wrong.
absl::Status CheckLists(const std::vector<Row>& rows, const std::string& output);
absl::Status CheckWindows(const std::vector<Row>& rows, const std::string& output,
                          const std::string& late);

}  // namespace tidemark::torture
