// Retention: which snapshots go. A pure function over facts, and the hand that removes them.
//
//   const RetentionPlan plan = PlanRetention(facts, {.keep = 5, .keep_for = Span::Hours(24)}, now);
//
// A snapshot goes when it is neither among the `keep` newest nor younger than `keep_for`. One that
// was given a name stays. A damaged one goes when a newer one is whole: until then it may be the
// best that is left. What does not look like ours is left alone.
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/ids.h"
#include "base/timestamp.h"

namespace tidemark {

struct RetentionRule {
  size_t keep = 5;                  // at least 1: the newest always stays
  Span keep_for = Span::Micros(0);  // by the time at which its epoch closed
};

struct SnapshotFacts {
  std::string path;
  bool damaged = false;
  bool named = false;
  Epoch epoch;       // of a damaged one by its name
  Timestamp closed;  // of a damaged one unknown
  // Tells which of two is newer; unlike the epoch it does so across a way back, too. Of a damaged
  // one unknown.
  Timestamp order = {};
};

struct RetentionPlan {
  std::vector<std::string> outlived;
  std::vector<std::string> damaged;
};

RetentionPlan PlanRetention(std::vector<SnapshotFacts> facts, const RetentionRule& rule,
                            Timestamp now);

// Carries it out for a state directory. Returns a line for each damaged one that was removed.
absl::StatusOr<std::vector<std::string>> ApplyRetention(Files& files,
                                                        const std::string& state_directory,
                                                        const RetentionRule& rule, Timestamp now);

}  // namespace tidemark
