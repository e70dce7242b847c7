// SkipLog: what was left out on purpose, counted, with the first few examples.
//
// A source or step whose `on_error` is "skip" drops a bad item and says so here. Nothing is dropped
// without passing through a SkipLog, so the run's summary can show all of it.
//
// Thread rule: safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace tidemark {

class SkipLog {
 public:
  static constexpr size_t kExamplesMax = 3;  // kept per place

  // `place` is the source or step; `what` names the item and the reason
  // ("quakes.jsonl:17: not JSON: …").
  void Skip(std::string_view place, std::string_view what) {
    absl::MutexLock lock(&mutex_);
    Entry& entry = entries_[std::string(place)];
    ++entry.count;
    if (entry.examples.size() < kExamplesMax) entry.examples.emplace_back(what);
  }

  struct Entry {
    uint64_t count = 0;
    std::vector<std::string> examples;
  };
  std::map<std::string, Entry> Entries() const {
    absl::MutexLock lock(&mutex_);
    return entries_;
  }
  uint64_t total() const {
    absl::MutexLock lock(&mutex_);
    uint64_t sum = 0;
    for (const auto& [place, entry] : entries_) sum += entry.count;
    return sum;
  }

 private:
  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
