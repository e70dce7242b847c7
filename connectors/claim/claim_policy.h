// DecideClaim: whose output a file, a table or a topic is, as seen by the run that starts.
//
// Its record names the lineage that wrote it last (docs/formats/output-owner.md). From that, from
// the lineage of this run and from the flags of the start follows one of the claims below, the same
// for every kind of output. The means differ by kind: a file is truncated, a table is renamed, a
// topic is left as it is; so PlanSink (sink_owner.h), PlanTable (sqlite/sqlite_owner.h) and
// PlanTopic (kafka/kafka_owner.h) turn the claim into a plan.
//
//   DecideClaim({.record = Record::kLineage, .owner = {.run_line = "B"}, .run_line = "A"});
//   // Claim::kNew; Claim::kForeign with .has_content = true
//
// Pure functions over facts, with a table test.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {

// The record beside an output.
enum class Record {
  kNone,       // nothing
  kUnknown,    // it cannot be read: the output is owned, but the owner is unknown
  kStateless,  // a run without state, which has no lineage, wrote it
  kLineage,
};

struct ClaimFacts {
  Record record = Record::kNone;
  OwnerName owner = {};  // of kLineage
  OwnerState owner_state = OwnerState::kUnknown;
  // There is something that may be another job's, even if it is empty; and something in it.
  bool exists = false;
  bool has_content = false;
  // As in SinkContext.
  std::string run_line = {};
  std::string replaced_line = {};
  bool take_over = false;
  // The lineage that committed the position of the sink; nothing on a fresh start.
  std::optional<std::string> resumed_line = {};
  // As in SinkContext.
  uint64_t resume_epoch = 0;
  uint64_t went_back_from = 0;
  // The epoch of the last content that the owner is known to have committed here.
  std::optional<uint64_t> committed_epoch = {};
};

enum class Claim {
  kCopy,      // this lineage writes it from another state, of which this one is a copy
  kOthers,    // another state writes it, and that state exists
  kForeign,   // it is not this run's, and no state that exists writes it
  kNew,       // nothing is there, or on a fresh start nothing in it
  kOwn,       // this lineage wrote it
  kReplaced,  // a fresh start replaces the state whose output it is
  kTaken,     // a resumed run takes it from the lineage that it replaces or, if allowed, continues
};

Claim DecideClaim(const ClaimFacts& facts);

// Another state writes it: another job's, or one that this state is a copy of.
inline bool IsOthers(Claim claim) { return claim == Claim::kCopy || claim == Claim::kOthers; }

// True if the run continues another lineage and has not committed since.
bool IsFork(const ClaimFacts& facts);
// True if the state has commits, this sink has none, and the output has content that this state
// committed: a sink of another name wrote it. Not if the state fell back to an epoch before that.
bool IsOfAnotherSink(const ClaimFacts& facts);
// True if --fresh would be accepted. Not for a fork: with --from the flag means something else.
bool FreshHelps(ClaimFacts facts);

// In words: "is written by job 'a', whose state is /srv/a.state".
std::string DescribeOwner(const ClaimFacts& facts);
// The refusal of kCopy and kOthers. `where` heads the message; `state_directory` is this run's.
absl::Status RefuseClaim(const std::string& where, const ClaimFacts& facts,
                         const std::string& state_directory);
// The refusal of an output for which IsOfAnotherSink() is true. `content`: "8 bytes", "rows".
absl::Status RefuseOtherSink(const std::string& where, const std::string& content,
                             const ClaimFacts& facts, const std::string& sink);

}  // namespace tidemark
