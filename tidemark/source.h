// Source: the origin of items.
//
// A source has named partitions. A partition returns batches without ever blocking, says when it
// wants to be polled again, and, if it can seek, reports the position of its NEXT item, so that a
// resumed run neither repeats nor skips an item.
//
// To write your own, derive from SourcePartition<T> and SourceFactory<T>:
//
//   class Ones final : public SourcePartition<int> {
//    public:
//     absl::StatusOr<PollResult> Poll(size_t, Timestamp, std::vector<int>& out) override {
//       out.push_back(1), ++next_;
//       return next_ == 10 ? PollResult::AtEnd() : PollResult::Again();
//     }
//     Position position() const override { return Position().Set("next", next_); }
//    private:
//     int64_t next_ = 0;
//   };
//
// Thread rule: a partition is used by one worker at a time; a factory is used before workers start.
// If its partitions come and go, one worker calls Discover() while others may call Open().
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "engine/position.h"
#include "engine/source_step.h"

namespace tidemark {

template <class T>
class SourcePartition {
 public:
  virtual ~SourcePartition() = default;
  // Appends at most `max` items to `out`. Never blocks; an empty answer is fine. An error stops the
  // run; nothing of the open epoch is kept. `now` is the run's clock reading.
  virtual absl::StatusOr<PollResult> Poll(size_t max, Timestamp now, std::vector<T>& out) = 0;
  // The position of the next item: given to Open() to continue exactly here.
  virtual Position position() const = 0;
  // `position`, which position() returned at the end of `epoch`, has been committed: for a source
  // that reports its progress to another system. Called on the partition's worker, in order, once
  // for each position that differs from the previous one. A crash may lose a call, so a resumed run
  // repeats the last one. Must not block; an error stops the run.
  virtual absl::Status Committed(Epoch /*epoch*/, const Position& /*position*/) {
    return absl::OkStatus();
  }
};

template <class T>
class SourceFactory {
 public:
  virtual ~SourceFactory() = default;
  // Stable names: a resumed run finds its positions by them. At least one.
  virtual absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) = 0;
  // For a source whose partitions come and go: the present ones, if any, and is_final = false.
  // Called at the start and then every discovery_interval(), until a list is final. A new name is
  // opened after the next epoch; a partition that has ended (PollResult::AtEnd) and is not listed
  // is forgotten with its position, and so is one that returned PollResult::Gone. A start also
  // opens the partitions in the record. `known`: the names of all that are open, at the start of
  // those in the record. Must not block. The default: the fixed list of Partitions().
  virtual absl::StatusOr<PartitionList> Discover(const std::vector<std::string>& /*known*/,
                                                 const SourceContext& context) {
    PartitionList list;
    TM_ASSIGN_OR_RETURN(list.names, Partitions(context));
    return list;
  }
  // By the monotonic clock; longer than zero.
  virtual Span discovery_interval() const { return Span::Seconds(1); }
  // `resume` is what position() gave when the last epoch committed; nothing on a fresh start.
  virtual absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(
      const std::string& partition, const std::optional<Position>& resume,
      const SourceContext& context) = 0;
  // For `explain`: describes what Open() with these arguments would find ("10,284 bytes to read"),
  // or returns the error with which it would refuse. Consumes nothing from the source. Empty:
  // nothing to report.
  virtual absl::StatusOr<std::string> Preview(const std::string& /*partition*/,
                                              const std::optional<Position>& /*resume*/,
                                              const SourceContext& /*context*/) {
    return std::string();
  }
  // Files that it reads, under all their names: no sink of the job may write to them.
  virtual absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext& /*context*/) {
    return std::vector<std::string>();
  }
  // A source that cannot seek loses items that were read but not committed: at-most-once, announced
  // at start.
  virtual bool can_seek() const { return true; }
  // True for a source that makes its items: under a rate limit, only items that the rate has made
  // due exist. For any other source, items held back by a rate limit count as a backlog.
  virtual bool makes_items() const { return false; }
  // One line for people: "file quakes.jsonl".
  virtual std::string Describe() const = 0;
};

// A source as a value: copies share the factory.
template <class T>
class Source {
 public:
  using Item = T;
  explicit Source(std::shared_ptr<SourceFactory<T>> factory) : factory_(std::move(factory)) {}

  // Items per second over all partitions, to replay at a human pace; 0 = as fast as possible.
  Source&& WithRate(double items_per_second) && {
    rate_ = items_per_second;
    return std::move(*this);
  }

  const std::shared_ptr<SourceFactory<T>>& factory() const { return factory_; }
  double rate() const { return rate_; }

 private:
  std::shared_ptr<SourceFactory<T>> factory_;
  double rate_ = 0;
};

}  // namespace tidemark
