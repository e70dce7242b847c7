// The owner of an output, in the terms shared by files and tables.
//
// Beside each output of a job with state, a record names the job that writes it and the location of
// that job's state. Another job is refused as long as that state exists, whether the job runs or
// not: it could continue in the output later.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "engine/sink_step.h"

namespace tidemark {

// The state that an output's record names.
enum class OwnerState {
  kUnknown,  // the record names none: an older version or a user wrote it
  kGone,     // nothing of it is left
  kOurs,     // it is the directory of this run
  kOther,    // another directory, and it holds a state
};

OwnerState StateOfOwner(const std::string& state_directory, const SinkContext& context);

// Of an output's record.
struct OwnerName {
  std::string run_line;  // empty if it is not known
  std::string job = {};  // empty in records of older versions
  std::string state_directory = {};
};

// True if the start that took an output was abandoned, so that the output returns to its former
// owner: it was abandoned in this directory, or its state is gone and it took what was ours.
// `taken_by` is the record's lineage and state; `taken_from` the previous lineage, empty if there
// was none.
bool CameToNothing(const OwnerName& taken_by, const std::string& taken_from,
                   const SinkContext& context);

// "is written by job 'quakes', whose state is /srv/quakes.state"
std::string DescribeOwner(const OwnerName& owner, OwnerState state);

// "a; b; or c": what a person can do. There are no commas that could end up in a copied command.
std::string JoinWays(const std::vector<std::string>& ways);

}  // namespace tidemark
