// SkipLog: input that a run did not read, and notices of its sources for the user.
//
// A source or step whose `on_error` is "skip" drops a bad item and reports it here: counted, with
// the first few examples. A source that leaves an unfinished end of its input to the next run
// reports that as well. Nothing is left out without passing through a SkipLog, so the run's summary
// can show all of it.
//
// Thread rule: safe from any thread.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"

namespace tidemark {

class SkipLog {
 public:
  static constexpr size_t kExamplesMax = 3;  // kept per place
  static constexpr size_t kLinesMax = 100;   // of notes, and of input left unread

  // `keeps_state`: the run has a state, so input that it leaves unread is read by the next one.
  explicit SkipLog(bool keeps_state = false) : keeps_state_(keeps_state) {}

  bool keeps_state() const { return keeps_state_; }

  // `place` is the source or step; `what` names the item and the reason
  // ("quakes.jsonl:17: not JSON: …").
  void Skip(std::string_view place, std::string_view what) {
    absl::MutexLock lock(&mutex_);
    Entry& entry = entries_[std::string(place)];
    ++entry.count;
    if (entry.examples.size() < kExamplesMax) entry.examples.emplace_back(what);
  }

  // A notice that is not a fault: "in.jsonl: is another file, …".
  void Note(std::string_view line) {
    absl::MutexLock lock(&mutex_);
    if (notes_.size() < kLinesMax) notes_.emplace_back(line);
  }
  // The notes since the last call.
  std::vector<std::string> TakeNotes() {
    absl::MutexLock lock(&mutex_);
    return std::exchange(notes_, {});
  }

  // The end of an input that stays unread: "in.jsonl:17: the last line has no line end, …".
  void Leave(std::string_view line) {
    absl::MutexLock lock(&mutex_);
    if (left_.size() < kLinesMax) left_.emplace_back(line);
  }
  std::vector<std::string> Left() const {
    absl::MutexLock lock(&mutex_);
    return left_;
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
  const bool keeps_state_;
  mutable absl::Mutex mutex_;
  std::map<std::string, Entry> entries_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> notes_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::string> left_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
