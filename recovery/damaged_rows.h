// DescribeDamagedRows: whose state cannot be read in the table that an error names, for people.
//
//   "000012.sst cannot be read between step 'daily', key ci, key group 3, and step 'daily', key us,
//    key group 3"
//
// Rows are sorted by key group first, so a range over several groups may hold any key of theirs.
#pragma once

#include <optional>
#include <string>

#include "absl/status/status.h"
#include "proto/epoch_record.h"

namespace tidemark {

// `record` names the steps; without it they are numbers. Reads the table. Empty when the error
// names no table, when all of it can be read, or when the store's manifest cannot.
std::string DescribeDamagedRows(const std::string& store_path, const absl::Status& damage,
                                const std::optional<EpochRecord>& record);

}  // namespace tidemark
