// SinkStep and SinkTarget: a sink as the engine sees it, without its item type.
//
// tidemark/sink.h has the typed interface that connectors and users write against, and says what
// the guarantees mean.
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

// What a sink hands to the commit of an epoch.
struct EpochOutput {
  // Where the sink stands at the end of the epoch; given back to Open() on resume.
  Position position;
  // Makes everything up to `position` durable (fsync). Runs on the committer's thread before the
  // commit, while the worker goes on; may be empty.
  std::function<absl::Status()> make_durable;
  // Transactional sinks: the epoch's rows in pieces that each can be read by itself, stored inside
  // the commit (recovery/outbox.h). Others leave it empty. Some 100 KiB a piece; any size works.
  std::vector<std::string> rows;
  // Called behind the commit, on the committer's thread; not for an epoch that is not written,
  // since it holds nothing. May be empty.
  std::function<absl::Status()> committed;
};

// What a sink writes to, as far as it is files.
struct OutputPlace {
  std::string name;                      // what no two sinks share: a path, a table of a database
  std::string file;                      // that it is, or is in
  std::vector<std::string> beside = {};  // files that go with it
};

// How a sink is opened. Everything pointed to outlives the writer.
struct SinkContext {
  Files* files = nullptr;
  // Names the line of runs that owns the output; empty when the run keeps no state.
  std::string run_line = {};
  // The line of an earlier start in the same state directory that `--fresh` replaces; may be empty.
  std::string replaced_line = {};
  // The line of a start that was never finished (recovery/start_note.h): what it took without a
  // commit goes back to whose it was. Mostly empty.
  std::string abandoned_line = {};
  // For people and for the owner's record beside the output: the flow, its state directory
  // (absolute, without links; empty when that is not known) and the sink's name.
  std::string job = {};
  std::string state_directory = {};
  std::string sink = {};
  // The epoch that the run resumes behind; 0: none.
  uint64_t resume_epoch = 0;
  // The epoch that the state stood at before damage made it go back; 0: it has not.
  uint64_t went_back_from = 0;
  // What belongs to another job may be taken from it.
  bool take_over = false;
  // The output so far is kept under another name, and a new one begins.
  bool new_output = false;
  // Whether a directory holds a job's state.
  std::function<bool(const std::string& directory)> holds_state = [](const std::string&) {
    return false;
  };
  // Called by Check() with what will be written; refuses what another sink of this job writes, what
  // a source of it reads, and the state directory.
  std::function<absl::Status(const OutputPlace& place)> claim = [](const OutputPlace&) {
    return absl::OkStatus();
  };
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
  // Whether SinkContext::new_output means anything to it.
  virtual bool can_begin_anew() const { return false; }
  virtual std::string Describe() const = 0;
};

}  // namespace tidemark
