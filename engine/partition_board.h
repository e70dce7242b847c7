// PartitionBoard: the partitions of one source whose partitions come and go, shared by the workers.
//
// One worker requests the list; each worker takes from the board what has come for it, at the
// boundary of an epoch, and removes what it has forgotten. Without the board, two workers could
// open the same partition, or one could end the source while another has not opened its last one.
//
//   PartitionBoard board({"a.log", "b.log"}, {.workers = 3, .interval = Span::Seconds(1)});
//   if (board.UntilDue(now) == Span()) changed = board.Put(*source.Discover(…), now);
//   for (const std::string& name : board.TakeNew(worker)) …   // after a barrier
//
// A partition belongs to the worker given by a hash of its name, so the assignment depends neither
// on the order of discovery nor on earlier runs.
//
// Thread rule: safe from any thread.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/timestamp.h"
#include "engine/source_step.h"

namespace tidemark {

class PartitionBoard {
 public:
  struct Options {
    int workers = 1;
    Span interval = Span::Seconds(1);  // between two lists, by the monotonic clock
  };
  // `open`: the partitions that the workers open at the start. `listed`: those in the first list.
  PartitionBoard(const std::vector<std::string>& open, std::vector<std::string> listed,
                 Options options, int64_t monotonic_us);

  int WorkerOf(const std::string& partition) const;

  // How long until the list is due; infinite after a final one.
  Span UntilDue(int64_t monotonic_us) const;
  // True if a worker has something to do at the next boundary: a partition is new, or no more come.
  bool Put(PartitionList list, int64_t monotonic_us);

  // The new partitions of the worker, in the order of their names; each is returned once.
  std::vector<std::string> TakeNew(int worker);
  // The worker will open no further partition.
  bool IsOver(int worker) const;
  // In the last list.
  bool IsListed(const std::string& partition) const;
  // The worker has forgotten it: if its name is listed again, it is a new partition.
  void Forget(const std::string& partition);
  // The partitions that are open on any worker, or about to be opened.
  std::vector<std::string> Known() const;
  // How many; the rate of the source is divided among them.
  size_t size() const;

 private:
  const Options options_;
  mutable absl::Mutex mutex_;
  std::set<std::string> known_ ABSL_GUARDED_BY(mutex_);  // open, or about to be
  std::set<std::string> listed_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::vector<std::string>> new_ ABSL_GUARDED_BY(mutex_);  // by worker
  int64_t due_us_ ABSL_GUARDED_BY(mutex_);
  bool is_final_ ABSL_GUARDED_BY(mutex_) = false;
};

}  // namespace tidemark
