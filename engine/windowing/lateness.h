// Lateness: how many items were late for a step's windows, by how much, and of which keys.
// Committed with the epoch, so it is exact across restarts; `tidemark dump` shows it.
//
// The lateness of an item is the distance from its time to the watermark it was compared with.
//
//   CountLate(lateness, key, {.rows = 1, .late_by = watermark - item});
//   MergeLateness(total, of_one_worker);
//
// The samples are the keys with the greatest lateness; they do not depend on how keys are
// distributed over workers.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/timestamp.h"
#include "proto/epoch_record.h"

namespace tidemark {

inline constexpr size_t kLateSamples = 8;

// One late item.
struct LateItem {
  uint64_t rows = 0;  // windows it was late for
  Span late_by;
};

// The facts for the message about the first late item of a step in a run.
struct FirstLate {
  std::string place;  // "quakes.jsonl:17"; empty if it is not known
  std::string key;    // an encoded user key
  Timestamp at;
  Span late_by;  // watermark - at
  // The max_out_of_orderness that would have admitted it; infinite if no bound would have.
  Span needed_bound;
  // Without the time that passed while the key was quiet, it would not have been late.
  bool by_time = false;
};

// For people: "quakes.jsonl:17: a row of 2018-01-31T02:18:21Z (key "ci") is late by 2h; …".
// `after_end`: an earlier run ended with its input, which closed all windows.
std::string DescribeFirstLate(const FirstLate& late, bool after_end);

void CountLate(LatenessRecord& lateness, std::string_view key, const LateItem& item);
void MergeLateness(LatenessRecord& into, const LatenessRecord& from);

}  // namespace tidemark
