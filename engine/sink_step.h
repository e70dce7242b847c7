// SinkStep and SinkTarget: a sink as the engine sees it, without its item type.
//
// tidemark/sink.h has the typed interface that connectors and users write against, and defines the
// guarantees.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/ids.h"
#include "engine/batch.h"
#include "engine/position.h"
#include "engine/skip_log.h"
#include "recovery/outbox_reader.h"

namespace tidemark {

enum class SinkGuarantee { kCutBack, kPublish, kAtLeastOnce };

// The part of a sink in the commit of an epoch.
struct EpochOutput {
  // The sink's position at the end of the epoch; given back to Open() on resume.
  Position position;
  // Makes everything up to `position` durable (fsync). Runs on the committer's thread before the
  // commit, while the worker continues; may be empty.
  std::function<absl::Status()> make_durable;
  // Transactional sinks: the epoch's rows, stored inside the commit (recovery/outbox.h), in pieces
  // that can each be read by itself. Other sinks leave it empty. A piece has about 100 KiB; any
  // size works.
  std::vector<std::string> rows;
  // Called after the commit, on the committer's thread; not for an epoch that is not written,
  // since it holds nothing. May be empty.
  std::function<absl::Status()> committed;
};

// The files that a sink writes to.
struct OutputPlace {
  std::string name;                      // unique to the sink: a path, a table of a database
  std::string file;                      // the output itself, or the file that contains it
  std::vector<std::string> beside = {};  // files that belong to it
  std::string sink = {};                 // the sink's name, as in SinkContext
};

// How a sink is opened. Everything pointed to outlives the writer.
struct SinkContext {
  Files* files = nullptr;
  // The lineage id that owns the output; empty if the run keeps no state.
  std::string run_line = {};
  // The lineage of an earlier start in the same state directory that `--fresh` replaces; may be
  // empty.
  std::string replaced_line = {};
  // The lineage of a start that was never finished (recovery/start_note.h): outputs that it took
  // without a commit return to their owners. Usually empty.
  std::string abandoned_line = {};
  // For people and for the ownership record beside the output: the flow, its state directory
  // (absolute, without links; empty if it is not known) and the sink's name.
  std::string job = {};
  std::string state_directory = {};
  std::string sink = {};
  // The epoch after which the run resumes; 0: none.
  uint64_t resume_epoch = 0;
  // The epoch from which the state fell back because of damage; 0: it has not.
  uint64_t went_back_from = 0;
  // Outputs that belong to another job may be taken from it.
  bool take_over = false;
  // The current output is kept under another name, and a new one begins.
  bool new_output = false;
  // True if a directory holds a job's state.
  std::function<bool(const std::string& directory)> holds_state = [](const std::string&) {
    return false;
  };
  // Called by Check() with the place to be written; refuses a place that another sink of this job
  // writes, that a source of it reads, and the state directory.
  std::function<absl::Status(const OutputPlace& place)> claim = [](const OutputPlace&) {
    return absl::OkStatus();
  };
  // Reports one line to the operator (for example, that a file was moved aside or truncated, or,
  // from Check() when nothing is started, that a server could not be asked).
  std::function<void(const std::string&)> say = [](const std::string&) {};
  // True: a stop was requested, so a Check() or Open() that waits returns Cancelled.
  std::function<bool()> stop_wanted = [] { return false; };
  // Counts items that the sink leaves out; null if the count would not be shown.
  SkipLog* skips = nullptr;
};

// One open sink. Write and EndEpoch on its worker, Publish on the committer.
class SinkTarget {
 public:
  virtual ~SinkTarget() = default;
  virtual absl::Status Write(AnyBatch& items) = 0;
  virtual absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) = 0;
  virtual absl::Status Publish(Epoch epoch, OutboxReader& rows) = 0;
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
  // True if the sink supports SinkContext::new_output.
  virtual bool can_begin_anew() const { return false; }
  virtual std::string Describe() const = 0;
};

}  // namespace tidemark
