// Where the border between small and large commits lies (RocksStoreOptions::large_commit_bytes):
// the time of one commit of so many bytes, by way of the log (way 0) and as a table file (way 1).
//
//   bazel run -c opt //state:rocksdb_store_benchmark
//
// Rows are 25 bytes of key and 40 of value, spread over a million keys, with the epoch record in
// each commit, as in a running job. Background compaction runs and competes, as it does there.
#include <cstdlib>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/files.h"
#include "base/random.h"
#include "benchmark/benchmark.h"
#include "state/rocksdb_store.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

SortedRun RandomRun(Random& random, size_t bytes) {
  std::vector<RunBuilder> builders(1);
  builders[0].Put(MetaRowKey("epoch"), std::to_string(random.Next()));
  std::string user_key;
  std::string row_key;
  std::string value(40, 'v');
  while (builders[0].bytes() < bytes) {
    user_key.clear();
    AppendKeyString("key-" + std::to_string(1'000'000 + random.Below(1'000'000)), user_key);
    MainRowKey(StepId{1}, user_key, row_key);
    for (size_t i = 0; i < 16; ++i) value[i] = static_cast<char>(random.Next());
    builders[0].Put(row_key, value);
  }
  return SortedRun::Merge(std::move(builders));
}

void BM_Commit(benchmark::State& state) {
  const auto bytes = static_cast<size_t>(state.range(0));
  const bool as_table = state.range(1) == 1;
  const char* base = std::getenv("TEST_TMPDIR");
  const std::string root = JoinPath(base != nullptr ? base : "/tmp", "tidemark_store_benchmark");
  const auto files = NewPosixFiles();
  TM_CHECK(RemoveTree(*files, root).ok(), "the benchmark's directory can be removed");
  TM_CHECK(files->CreateDirectories(root).ok(), "the benchmark's directory can be made");
  auto store = OpenRocksStore(
      {.directory = JoinPath(root, "store"), .large_commit_bytes = as_table ? 1 : SIZE_MAX});
  TM_CHECK(store.ok(), "the benchmark's store opens");
  Random random(7);
  size_t rows = 0;
  for (auto _ : state) {
    state.PauseTiming();
    const SortedRun run = RandomRun(random, bytes);
    rows += run.rows().size();
    state.ResumeTiming();
    TM_CHECK((*store)->Commit(run).ok(), "a commit of the benchmark succeeds");
  }
  state.counters["rows/s"] =
      benchmark::Counter(static_cast<double>(rows), benchmark::Counter::kIsRate);
  store->reset();
  TM_CHECK(RemoveTree(*files, root).ok(), "the benchmark's directory can be removed");
}

void Sizes(benchmark::internal::Benchmark* benchmark) {
  benchmark->ArgNames({"bytes", "way"})->UseRealTime()->Unit(benchmark::kMillisecond);
  for (int64_t bytes = 4 << 10; bytes <= 64 << 20; bytes *= 4) {
    for (const int64_t way : {0, 1}) benchmark->Args({bytes, way});
  }
}
BENCHMARK(BM_Commit)->Apply(Sizes);

}  // namespace
}  // namespace tidemark

BENCHMARK_MAIN();
