#include "engine/partition_board.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/stable_hash.h"

namespace tidemark {

PartitionBoard::PartitionBoard(const std::vector<std::string>& open,
                               std::vector<std::string> listed, Options options,
                               int64_t monotonic_us)
    : options_(options),
      known_(open.begin(), open.end()),
      listed_(std::make_move_iterator(listed.begin()), std::make_move_iterator(listed.end())),
      new_(static_cast<size_t>(options.workers)),
      due_us_(monotonic_us + options.interval.us) {
  TM_CHECK(options.workers > 0 && options.interval > Span(),
           "lists are requested by a worker, and not continuously");
}

int PartitionBoard::WorkerOf(const std::string& partition) const {
  return static_cast<int>(StableHash(partition) % static_cast<uint64_t>(options_.workers));
}

Span PartitionBoard::UntilDue(int64_t monotonic_us) const {
  absl::MutexLock lock(&mutex_);
  if (is_final_) return Span::Infinite();
  return std::max(Span(), Span::Micros(due_us_ - monotonic_us));
}

bool PartitionBoard::Put(PartitionList list, int64_t monotonic_us) {
  std::sort(list.names.begin(), list.names.end());
  absl::MutexLock lock(&mutex_);
  TM_CHECK(!is_final_, "after a final list there is no other");
  due_us_ = monotonic_us + options_.interval.us;
  is_final_ = list.is_final;
  bool changed = is_final_;
  for (const std::string& name : list.names) {
    if (!known_.insert(name).second) continue;
    new_[static_cast<size_t>(WorkerOf(name))].push_back(name);
    changed = true;
  }
  listed_ = {std::make_move_iterator(list.names.begin()),
             std::make_move_iterator(list.names.end())};
  return changed;
}

std::vector<std::string> PartitionBoard::TakeNew(int worker) {
  absl::MutexLock lock(&mutex_);
  return std::exchange(new_[static_cast<size_t>(worker)], {});
}

bool PartitionBoard::IsOver(int worker) const {
  absl::MutexLock lock(&mutex_);
  return is_final_ && new_[static_cast<size_t>(worker)].empty();
}

bool PartitionBoard::IsListed(const std::string& partition) const {
  absl::MutexLock lock(&mutex_);
  return listed_.count(partition) > 0;
}

void PartitionBoard::Forget(const std::string& partition) {
  absl::MutexLock lock(&mutex_);
  TM_CHECK(known_.erase(partition) == 1, "a partition is forgotten once");
}

std::vector<std::string> PartitionBoard::Known() const {
  absl::MutexLock lock(&mutex_);
  return {known_.begin(), known_.end()};
}

size_t PartitionBoard::size() const {
  absl::MutexLock lock(&mutex_);
  return known_.size();
}

}  // namespace tidemark
