// SinkStep and SinkTarget: a sink as the engine sees it, without its item type.
//
// tidemark/sink.h has the typed interface that connectors and users write against, and says what
// the guarantees mean.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/ids.h"
#include "engine/batch.h"
#include "engine/position.h"
#include "engine/skip_log.h"

namespace tidemark {

enum class SinkGuarantee { kCutBack, kPublish, kAtLeastOnce };

// What a sink hands to the commit of an epoch.
struct EpochOutput {
  // Where the sink stands at the end of the epoch; given back to Open() on resume.
  Position position;
  // Makes everything up to `position` durable (fsync). Runs on the committer's thread before the
  // commit, while the worker goes on; may be empty.
  std::function<absl::Status()> make_durable;
  // Publish sinks: the epoch's rows, stored inside the commit. Others leave it empty.
  std::string rows;
};

// How a sink is opened. Everything pointed to outlives the writer.
struct SinkContext {
  Files* files = nullptr;
  // Names the line of runs that owns the output; empty when the run keeps no state.
  std::string run_line;
  // The line of an earlier start in the same state directory that `--fresh` replaces; may be empty.
  std::string replaced_line;
  // Says one line to the operator (what was moved aside, cut back …).
  std::function<void(const std::string&)> say = [](const std::string&) {};
  // Counts items that the sink leaves out; null where nobody would see them.
  SkipLog* skips = nullptr;
};

// One open sink. Write and EndEpoch on its worker, Publish on the committer.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;
  virtual absl::Status Write(AnyBatch& items) = 0;
  virtual absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) = 0;
  virtual absl::Status Publish(Epoch epoch, const std::string& rows) = 0;
};

class SinkStep {
 public:
  virtual ~SinkStep() = default;
  // As SinkFactory::Check().
  virtual absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) {
    (void)resume, (void)context;
    return absl::OkStatus();
  }
  virtual absl::StatusOr<std::unique_ptr<SinkTarget>> Open(const std::optional<Position>& resume,
                                                           const SinkContext& context) = 0;
  virtual SinkGuarantee guarantee() const = 0;
  virtual std::string Describe() const = 0;
};

}  // namespace tidemark
