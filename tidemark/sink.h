// Sink: the destination of items, and the effect of a crash on it.
//
// A sink states its guarantee. Truncating sinks (kCutBack; files) append items as they arrive; at
// the end of an epoch they report their length, which is part of the commit: a resumed run
// truncates the file to it, so output of an epoch that never committed is gone. Transactional
// (outbox) sinks (kPublish; databases) hand the epoch's rows to the commit and write them
// afterwards in their own transaction. A sink that can do neither (kAtLeastOnce; standard output)
// is at-least-once, and the run says so at start. docs/cpp.md shows one of each, and
// tidemark/sink_contract.h checks yours.
//
// Thread rule: a writer is used by one worker, except for the work returned by EndEpoch() and for
// Publish(), which run on the committer's thread, one epoch after the other.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "engine/position.h"
#include "engine/sink_step.h"

namespace tidemark {

template <class T>
class SinkWriter {
 public:
  virtual ~SinkWriter() = default;
  // In order. An error stops the run; nothing of the open epoch is kept.
  virtual absl::Status Write(const std::vector<T>& items) = 0;
  // Everything written since the last call belongs to `epoch`. EpochOutput (engine/sink_step.h)
  // holds the position, the work to make it durable, and the rows of a transactional sink.
  virtual absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) = 0;
  // Transactional sinks: writes the pieces of EpochOutput::rows and the epoch's number in one
  // transaction; a second call for the same epoch has no effect, and need not read them.
  virtual absl::Status Publish(Epoch epoch, OutboxReader& rows) {
    (void)epoch, (void)rows;
    return absl::OkStatus();
  }
};

template <class T>
class SinkFactory {
 public:
  virtual ~SinkFactory() = default;
  // Returns the error with which Open() would refuse; changes nothing. All sinks are checked before
  // the first is opened: a start that one of them refuses has not truncated another one's output.
  // Called once for each start; a sink that writes to a file or a table names it here, and only
  // here, to context.claim(), which refuses a place that is already in use.
  virtual absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) {
    (void)resume, (void)context;
    return absl::OkStatus();
  }
  // `resume` is the position of the last committed epoch; nothing on a fresh start.
  virtual absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                              const SinkContext& context) = 0;
  virtual SinkGuarantee guarantee() const = 0;
  // Open() supports SinkContext::new_output (--new-output): the current output is kept under
  // another name, and a new one begins after the committed data.
  virtual bool can_begin_anew() const { return false; }
  // One line for people: "file out/peaks.jsonl".
  virtual std::string Describe() const = 0;
};

// A sink as a value: copies share the factory.
template <class T>
class Sink {
 public:
  using Item = T;
  explicit Sink(std::shared_ptr<SinkFactory<T>> factory) : factory_(std::move(factory)) {}
  const std::shared_ptr<SinkFactory<T>>& factory() const { return factory_; }

 private:
  std::shared_ptr<SinkFactory<T>> factory_;
};

}  // namespace tidemark
