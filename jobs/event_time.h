// ReadEventTime: the value of a field as the time of its row.
//
//   ReadEventTime(int64_t{1517365101235}, std::nullopt, "time")   // 2018-01-31T02:18:21.235Z
//
// Without a unit a number counts milliseconds since 1970 and a text is ISO-8601 with a zone. Whole
// numbers are converted exactly (what lies between two microseconds is rounded down), those with a
// fraction to the nearest microsecond.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/timestamp.h"
#include "connectors/json_row.h"
#include "jobs/time_unit.h"

namespace tidemark {

// InvalidArgument says what is wrong with "field '<field>'": null, no time, or outside the years 1
// to 9999.
absl::StatusOr<Timestamp> ReadEventTime(const JsonScalar& value, std::optional<TimeUnit> unit,
                                        std::string_view field);

}  // namespace tidemark
