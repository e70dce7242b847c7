// Who an output belongs to, in the words that files and tables share.
//
// Beside each output of a job with state is recorded which job writes it and where that job's state
// is. Another job is refused as long as that state is there, whether the job runs or not: it would
// go on in the output one day.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/sink_step.h"

namespace tidemark {

// The state that an output's record names.
enum class OwnerState {
  kUnknown,  // the record names none: an older version or a person wrote it
  kGone,     // there is nothing left of it
  kOurs,     // it is the directory of this run
  kOther,    // another directory, and it holds a state
};

OwnerState StateOfOwner(const std::string& state_directory, const SinkContext& context);

// Of an output's record.
struct OwnerName {
  std::string run_line;  // empty when that is not known
  std::string job = {};  // empty in records of older versions
  std::string state_directory = {};
};

// Whether the start that took an output has come to nothing, so that the output goes back to whom
// it was taken from: it was abandoned in this directory, or its state is gone and it took what was
// ours. `taken_by` is the record's line of runs and its state; `taken_from` the line before, empty
// where there was none.
bool CameToNothing(const OwnerName& taken_by, const std::string& taken_from,
                   const SinkContext& context);

// "is written by job 'quakes', whose state is /srv/quakes.state"
std::string DescribeOwner(const OwnerName& owner, OwnerState state);

// "a; b; or c": what a person can do. No comma would end up in a command that is copied.
std::string JoinWays(const std::vector<std::string>& ways);

}  // namespace tidemark
