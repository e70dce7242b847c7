// Taking a file for an output: what is found at its path, and the hands that carry out what
// PlanSink() decides (sink_owner.h): moving aside, keeping what is cut off, giving back what an
// abandoned start took. The format is docs/formats/output-owner.md.
//
// Every step can be broken off and done again: the record beside the output says how far it came.
// Used by CutBackFile alone.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/sink_owner.h"
#include "engine/position.h"
#include "engine/sink_step.h"

namespace tidemark {

// A file and its owner's name, found at `path` or beside the link that leads to it.
struct FoundFile {
  SinkFacts facts;
  std::string owner_beside;  // the path whose owner file was read
  // The owner file says that a start took this file and has come to nothing: what the facts say is
  // how things stand once it is undone.
  std::optional<SinkOwner> undone;
};

// The sink's part of the last commit; an error where the position is not that of a file.
absl::StatusOr<std::optional<SinkFacts::Committed>> CommittedIn(
    const std::optional<Position>& resume);

absl::StatusOr<FoundFile> FindFile(const std::string& link, const std::optional<Position>& resume,
                                   const SinkContext& context);
// Afterwards the file at the path is this job's, or nobody's, and so is the owner file. `plan` gets
// the names that were chosen.
absl::Status TakeFile(const FoundFile& found, SinkPlan& plan, const SinkContext& context);

// "; the rest had not been committed": what was cut off the file, of which that is not always true.
std::string WhatWasCut(const SinkFacts& facts, const SinkPlan& plan);

}  // namespace tidemark
