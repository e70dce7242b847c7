// CommitNote: how far the last commit went, in a second place (STATE_DIR/COMMITTED).
//
// A log that is cut, or in whose last record one bit is flipped, looks like one whose last write
// never finished: the store opens at an earlier epoch, and what was committed behind it would be
// lost without a word. So the number of each committed epoch is noted beside the store as well. The
// note is not synced: the log is, so a note that a power cut takes away names an earlier epoch or
// none, and never a later one.
//
// It tells nothing of an older copy that was put in the directory's place, which has the older
// note; what is beside every output does (docs/formats/output-owner.md). A copy that lies beside
// its original is known by the directory that the note names.
#pragma once

#include <cstdint>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

struct CommitNote {
  std::string run_line = {};
  uint64_t epoch = 0;  // 0: none is known
  // The state has gone back to `epoch` from this one because of damage, and nothing was committed
  // since: outputs may stand up to there. 0: it has not.
  uint64_t went_back_from = 0;
  // The directory that was committed to, by its real path; empty where that is not known. A copy
  // has that of its original until its own first commit.
  std::string directory = {};
  bool operator==(const CommitNote&) const = default;
};

absl::StatusOr<CommitNote> ReadCommitNote(Files& files, const std::string& directory);
// Durable when it returns: of a state that has gone back, or begins.
absl::Status WriteCommitNote(Files& files, const std::string& directory, const CommitNote& note);
// As it was read: an empty one is none.
absl::Status PutBackCommitNote(Files& files, const std::string& directory, const CommitNote& note);

// DataLoss when the note knows of a later epoch of the store's line than the store stands at. A
// store without a line has lost all that it held, the line as well: each has one from the start on.
absl::Status CheckCommitNote(const CommitNote& note, const std::string& store_path,
                             const std::string& store_line, uint64_t store_epoch);

// Behind each commit.
absl::Status NoteCommitted(Files& files, const std::string& directory, const CommitNote& note);

// The directory of which `directory`, at `run_line`, is a copy: another one, which is still there
// and whose state is of the same line. Empty: of none, or it was moved here.
absl::StatusOr<std::string> OriginalOf(Files& files, const std::string& directory,
                                       const std::string& run_line);

}  // namespace tidemark
