// SourceStep and SourceReader: a source as the engine sees it, without its item type.
//
// tidemark/source.h has the typed interface that connectors and users write against, and the
// adapter between the two.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/batch.h"
#include "engine/position.h"
#include "engine/skip_log.h"

namespace tidemark {

// The result of a poll.
struct PollResult {
  // When to poll again: at once (the default), at this time, or never by time alone. The wait
  // counts from the `now` of the poll: it ends when the wall clock has reached the time, or when as
  // much monotonic time has passed.
  Timestamp ask_again = Timestamp::Min();
  // No more items will ever come; the partition is not polled again in this run.
  bool at_end = false;
  // At the end, and the origin of its items no longer exists: the partition is forgotten, with its
  // position. Only for sources with discovery.
  bool gone = false;
  // If not -1: poll again as soon as this descriptor is readable, or at `ask_again`.
  int ready_fd = -1;
  // True if more can be read at once, even if this poll brought no items: job time stands still
  // while it can (engine/job_time.h). Omitted: yes if there were items and it polls again at once.
  std::optional<bool> more_at_hand = {};

  static PollResult Again() { return {}; }
  // This poll brought nothing, but more is available.
  static PollResult MoreAtHand() { return {.more_at_hand = true}; }
  static PollResult At(Timestamp t) { return {.ask_again = t}; }
  static PollResult AtEnd() { return {.ask_again = Timestamp::Never(), .at_end = true}; }
  static PollResult Gone() {
    return {.ask_again = Timestamp::Never(), .at_end = true, .gone = true};
  }
  static PollResult WhenReadable(int fd, Timestamp at_the_latest = Timestamp::Never()) {
    return {.ask_again = at_the_latest, .ready_fd = fd};
  }
};

// The partitions of a source, by stable names.
struct PartitionList {
  std::vector<std::string> names;
  // False if partitions may still come or go, so that the list is requested again.
  bool is_final = true;
};

// The environment of a source; everything outlives the partition.
struct SourceContext {
  Files* files = nullptr;
  const Clock* clock = nullptr;
  SkipLog* skips = nullptr;
  // Says one line to the operator, such as that a server is waited for; from any thread. Empty for
  // a look from outside (`explain`), which waits for nothing.
  std::function<void(const std::string&)> say = {};
  // True: a stop was requested, so an Open() or Partitions() that waits returns Cancelled.
  std::function<bool()> stop_wanted = [] { return false; };
};

// One open partition. Used by one worker.
class SourceReader {
 public:
  virtual ~SourceReader() = default;
  // Replaces `out` by at most `max` items, or by null if there are none now.
  virtual absl::StatusOr<PollResult> Poll(size_t max, Timestamp now,
                                          std::unique_ptr<AnyBatch>& out) = 0;
  virtual Position position() const = 0;
  // `position` was part of the commit of `epoch`, which is durable.
  virtual absl::Status Committed(Epoch epoch, const Position& position) = 0;
};

class SourceStep {
 public:
  virtual ~SourceStep() = default;
  virtual absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) = 0;
  // While a run is in progress it is called by one worker; others may open partitions meanwhile.
  // `known`: the partitions that are open or recorded.
  virtual absl::StatusOr<PartitionList> Discover(const std::vector<std::string>& known,
                                                 const SourceContext& context) = 0;
  virtual Span discovery_interval() const = 0;
  virtual absl::StatusOr<std::unique_ptr<SourceReader>> Open(const std::string& partition,
                                                             const std::optional<Position>& resume,
                                                             const SourceContext& context) = 0;
  virtual absl::StatusOr<std::string> Preview(const std::string& partition,
                                              const std::optional<Position>& resume,
                                              const SourceContext& context) = 0;
  // Files that it reads; no sink may write to them.
  virtual absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext& context) = 0;
  virtual bool can_seek() const = 0;
  virtual double rate() const = 0;
  // It makes its items when they are due by the rate, so that none wait to be read.
  virtual bool makes_items() const = 0;
  virtual std::string Describe() const = 0;
};

}  // namespace tidemark
