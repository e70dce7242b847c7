// SinkOwner: whose output a file is, and what may therefore be done to it.
//
// Cutting a file back is what makes it exactly-once, and what would destroy somebody else's output:
// a job forked from a snapshot and its original both believe that the file is theirs. So a file is
// accompanied by `<path>.tidemark`, which names the line of runs that owns it:
//
//   2f6c1d                       the line's id
//   from 1000                    the file's length when this line began to own it
//
// PlanSink() decides over these facts alone; CutBackFile (file_sink.h) carries the decision out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

struct SinkOwner {
  std::string run_line;  // empty when the owner file is damaged: somebody's, but nobody knows whose
  uint64_t from_bytes = 0;  // what lies before it was written by an earlier owner

  bool operator==(const SinkOwner&) const = default;
};

// "out.jsonl" -> "out.jsonl.tidemark"
std::string OwnerPath(std::string_view path);
// Nothing when no owner file is there.
absl::StatusOr<std::optional<SinkOwner>> ReadOwner(Files& files, const std::string& path);
absl::Status WriteOwner(Files& files, const std::string& path, const SinkOwner& owner);

// What is known when a sink is opened.
struct SinkFacts {
  std::string path;
  std::optional<uint64_t> size_bytes = {};  // nothing when there is no such file
  std::optional<SinkOwner> owner = {};
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  // The sink's part of the last committed epoch; nothing on a fresh start.
  struct Committed {
    uint64_t bytes = 0;
    std::string run_line;
  };
  std::optional<Committed> resume = {};
};

struct SinkPlan {
  // Not OK: the sink cannot be opened, and nothing was touched.
  absl::Status refusal;
  // Move what is there to `<path>.old-N` first; then the file is new.
  bool move_aside = false;
  // Then cut the file, which is created if it is missing, to this length.
  uint64_t length_bytes = 0;
  // What the owner file then says; nothing for a run without state, which owns nothing.
  std::optional<SinkOwner> owner;
};

SinkPlan PlanSink(const SinkFacts& facts);

}  // namespace tidemark
