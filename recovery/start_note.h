// StartNote: a start that replaces something, until its first commit.
//
// `--fresh`, `--from` and both together give the job's outputs to a new line of runs while the old
// state, and the original's, may still be needed: any sink may turn out to be one that cannot be
// opened. So the start leaves word in STATE_DIR/START before it changes anything, and nothing is
// discarded before its first commit. Until then it can be carried on by the same command, which
// finds its line there, or taken back by the one before. The word of a fork stays, so that the same
// command goes on in its directory instead of being refused.
//
// What becomes of a start that died is decided in recovery/open_plan.h.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

struct StartNote {
  std::string run_line;       // that begins
  std::string replaces = {};  // the line whose state stands aside; empty: none, or not known
  // The snapshot that it begins from: its line and epoch; empty and 0 without one.
  std::string from_line = {};
  uint64_t from_epoch = 0;
  bool discards = false;  // what the directory holds, the snapshots included (--fresh)

  // Whether `other` wants the same of the same state.
  bool IsSameCommand(const StartNote& other) const {
    return replaces == other.replaces && from_line == other.from_line &&
           from_epoch == other.from_epoch;
  }
  bool operator==(const StartNote&) const = default;
};

// Nothing when there is none.
absl::StatusOr<std::optional<StartNote>> ReadStartNote(Files& files, const std::string& directory);
// Durable when it returns.
absl::Status WriteStartNote(Files& files, const std::string& directory, const StartNote& note);
absl::Status RemoveStartNote(Files& files, const std::string& directory);

}  // namespace tidemark
