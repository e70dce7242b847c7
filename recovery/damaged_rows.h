// DescribeDamagedRows: whose state lies in the table that an error names, for people.
//
//   "000012.sst holds rows from step 'daily', key ci, key group 3, to step 'daily', key us, key
//    group 90"
//
// Rows are sorted by key group first, so a table of several groups may hold any key of theirs.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "proto/epoch_record.h"

namespace tidemark {

// `record` names the steps; without it they are numbers. Empty when the error names no table, or
// the store's manifest cannot be read either.
std::string DescribeDamagedRows(const std::string& store_path, const absl::Status& damage,
                                const std::optional<EpochRecord>& record);

}  // namespace tidemark
