// The benchmarks: one function and one file each, listed in bench_main.cc.
#pragma once

#include "bench/harness.h"

namespace tidemark::bench {

// Batch by key against a loop that fills a vector per key (batch_by_key.cc).
void MeasureBatchByKey(Bench& bench);
// Tumbling, sliding and session windows against a loop with one window per key (windows.cc).
void MeasureWindows(Bench& bench);
// What an epoch does to the hot path, by the number of keys that changed (epoch_pause.cc).
void MeasureEpochPause(Bench& bench);
// What an epoch writes for one key, by the number of values that the key holds (held_values.cc).
void MeasureHeldValues(Bench& bench);
// From nothing to the first item of a resumed job, by the number of stored keys (resume.cc).
void MeasureResume(Bench& bench);

}  // namespace tidemark::bench
