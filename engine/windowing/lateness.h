// Lateness: how many items came too late for a step's windows, how late, and of which keys.
// Committed with the epoch, so it is exact across restarts; `tidemark dump` shows it.
//
// How late an item is: how far its time lies behind the watermark that judged it.
//
//   CountLate(lateness, key, {.rows = 1, .late_by = watermark - item});
//   MergeLateness(total, of_one_worker);
//
// The samples are the keys that were late by most; they do not depend on how keys are spread over
// workers.
#pragma once

#include <cstdint>
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

void CountLate(LatenessRecord& lateness, std::string_view key, const LateItem& item);
void MergeLateness(LatenessRecord& into, const LatenessRecord& from);

}  // namespace tidemark
