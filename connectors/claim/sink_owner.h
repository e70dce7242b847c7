// SinkOwner: who owns an output file, and what may therefore be done to it.
//
// Truncating a file makes it exactly-once, and would destroy the output of another job: a job
// forked from a snapshot and its original both claim the file. Each file is therefore accompanied
// by `<path>.tidemark`, which names its owner (docs/formats/output-owner.md).
//
// PlanSink() decides over these facts alone; CutBackFile (file_sink.h) carries the decision out. A
// refusal advises only what PlanSink() would then accept.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/ids.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {

struct SinkOwner {
  // In place of the lineage, in the owner file of a run without state: the next such run may empty
  // the file, which it may not do with a file that it did not write.
  static constexpr char kStateless[] = "stateless";

  std::string run_line;     // empty if the owner file is damaged: owned, but the owner is unknown
  uint64_t from_bytes = 0;  // the bytes before it were written by an earlier owner
  std::string job = {};
  std::string state_directory = {};
  // How often --new-output has begun another file; nothing in records of older versions and of
  // users.
  std::optional<uint64_t> generation = {};
  // Of the previous generation: how many bytes were committed, and the name it was moved to.
  uint64_t after_bytes = 0;
  std::string before = {};
  // The file at the path has yet to be moved to `before`, or may be the one that was moved back
  // from there.
  bool moving = false;
  // Until its first commit an owner can be undone: what it took is kept in `undo`, in the same
  // directory, with the owner file of that time beside it.
  enum class Undo {
    kNone,
    kReplaced,  // the whole file, whose owner's state is replaced; goes with the first commit
    kAside,     // the whole file, which was moved aside and stays there
    kTail,      // the bytes after from_bytes; goes with the first commit
  };
  Undo undo_kind = Undo::kNone;
  std::string undo = {};
  // The epoch and length of the file at the last commit, if known: a state at an earlier epoch is
  // an older copy, or has lost the end of its log. Not compared.
  struct Committed {
    uint64_t epoch = 0;
    uint64_t bytes = 0;
  };
  std::optional<Committed> committed = {};

  bool operator==(const SinkOwner& other) const;
};

// "out.jsonl" -> "out.jsonl.tidemark"
std::string OwnerPath(std::string_view path);
// Nothing if there is no owner file.
absl::StatusOr<std::optional<SinkOwner>> ReadOwner(Files& files, const std::string& path);
absl::Status WriteOwner(Files& files, const std::string& path, const SinkOwner& owner);

// Updates the owner file after each commit. Not synced: it serves to detect a state that is older
// than its output, and a power cut that loses it loses nothing else.
//
// Thread rule: used on the committer's thread.
class OwnerNote {
 public:
  OwnerNote(Files& files, std::string path, SinkOwner owner)
      : files_(files), path_(std::move(path)), owner_(std::move(owner)) {}

  // The first call also ends the possibility of undoing.
  absl::Status Committed(Epoch epoch, uint64_t bytes);

 private:
  absl::Status EndUndo();

  Files& files_;
  const std::string path_;
  SinkOwner owner_;
};
// Removes what was kept so that `owner` could be undone, except for files that were only moved
// aside.
absl::Status RemoveUndo(Files& files, const std::string& path, const SinkOwner& owner);
// The path of SinkOwner::undo of the output at `path`.
std::string UndoPath(const std::string& path, const SinkOwner& owner);

// The facts known when a sink is opened.
struct SinkFacts {
  std::string path;
  std::optional<uint64_t> size_bytes = {};  // nothing if there is no such file
  std::optional<SinkOwner> owner = {};
  OwnerState owner_state = OwnerState::kUnknown;
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  std::string job = {};
  std::string state_directory = {};
  std::string sink = {};
  uint64_t resume_epoch = 0;
  uint64_t went_back_from = 0;
  bool take_over = false;
  bool new_output = false;
  // The sink's part of the last committed epoch; nothing on a fresh start.
  struct Committed {
    uint64_t bytes = 0;
    std::string run_line;
    uint64_t generation = 0;
  };
  std::optional<Committed> resume = {};
  // The path of the file when that epoch was committed, if different; and whether it is still
  // there.
  std::string was_at = {};
  bool is_still_there = false;
  // --new-output began another file after that epoch, and the file of that epoch is where the owner
  // file says.
  bool before_is_there = false;
};

struct SinkPlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // First truncate the existing file to this length, before it is moved aside.
  std::optional<uint64_t> cut_before = {};
  // Move the existing file to `<path>.old-N`, or to `<path>.replaced-N` until the first commit; the
  // file is then new.
  bool move_aside = false;
  // Keep the bytes after `length_bytes` as `<path>.tail-N` until the first commit.
  bool keep_tail = false;
  // Remove what an earlier start of this lineage kept: it has committed.
  bool ends_undo = false;
  // The file that is moved aside has output after this length that was committed later than the
  // epoch at which the run resumes, and that is written again.
  std::optional<uint64_t> repeated_after = {};
  // Then truncate the file, which is created if it is missing, to this length.
  uint64_t length_bytes = 0;
  uint64_t generation = 0;
  // The new owner file.
  std::optional<SinkOwner> owner = {};
};

SinkPlan PlanSink(const SinkFacts& facts);

// The content of the owner file, in words: "is written by job 'a', whose state is /srv/a.state".
std::string DescribeOwner(const SinkFacts& facts);

}  // namespace tidemark
