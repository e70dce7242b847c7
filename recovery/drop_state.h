// DropState: removes what a step kept that the flow no longer has.
//
//   TM_ASSIGN_OR_RETURN(record, DropState(store, record, "old_counts"));
//
// Until then it stays: a step that was renamed by mistake gets its state back under its old name.
#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "proto/epoch_record.h"
#include "state/store.h"

namespace tidemark {

// The record without the step. InvalidArgument names the steps that are there.
absl::StatusOr<EpochRecord> RecordWithout(const EpochRecord& record, const std::string& step);

// One commit: the step's rows, its timers and its place in the record are gone together. Returns
// the record as it is then, of the same epoch.
absl::StatusOr<EpochRecord> DropState(StateStore& store, const EpochRecord& record,
                                      const std::string& step);

}  // namespace tidemark
