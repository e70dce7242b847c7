// Taking a file for an output: inspects its path, and carries out the decisions of PlanSink()
// (sink_owner.h): moving aside, keeping what is truncated, restoring what an abandoned start took.
// The format is docs/formats/output-owner.md.
//
// Every step can be interrupted and repeated: the record beside the output stores the progress.
// Used only by CutBackFile.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/claim/sink_owner.h"
#include "engine/position.h"
#include "engine/sink_step.h"

namespace tidemark {

// A file and its owner's name, found at `path` or beside the link that leads to it.
struct FoundFile {
  SinkFacts facts;
  std::string owner_beside;  // the path whose owner file was read
  // The owner file shows that a start took this file and was abandoned: the facts describe the
  // situation once that start is undone.
  std::optional<SinkOwner> undone;
};

// The sink's part of the last commit; an error if the position is not a file position.
absl::StatusOr<std::optional<SinkFacts::Committed>> CommittedIn(
    const std::optional<Position>& resume);

absl::StatusOr<FoundFile> FindFile(const std::string& link, const std::optional<Position>& resume,
                                   const SinkContext& context);
// Afterwards the file at the path belongs to this job or has no owner, and so does the owner file.
// `plan` receives the chosen names.
absl::Status TakeFile(const FoundFile& found, SinkPlan& plan, const SinkContext& context);

// "; the rest had not been committed": describes the truncated bytes, for which that is not always
// true.
std::string WhatWasCut(const SinkFacts& facts, const SinkPlan& plan);

}  // namespace tidemark
