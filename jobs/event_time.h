// ReadEventTime: the value of a field as the time of its row.
//
//   ReadEventTime(int64_t{1517365101235}, std::nullopt, "time")   // 2018-01-31T02:18:21.235Z
//
// Without a unit a number counts milliseconds since 1970 and a text is ISO-8601 with a zone. All of
// it is exact: whole numbers are rounded down to a microsecond, those with a fraction to the
// nearest one, by the digits in the row.
#pragma once

#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/timestamp.h"
#include "connectors/rows/json_row.h"
#include "jobs/time_unit.h"

namespace tidemark {

// InvalidArgument says what is wrong with "field '<field>'": null, not a time, or outside the years
// 1 to 9999. `digits`: the number as it stands in the row (JsonFieldReader::NumberText), of which a
// double has only the first 15 to 17.
absl::StatusOr<Timestamp> ReadEventTime(const JsonScalar& value, std::optional<TimeUnit> unit,
                                        std::string_view field, std::string_view digits = {});

// The unit by which a number is a time of this age: from 1980 on, and not after `latest`. Nothing
// where there is none, or the value is not a number.
std::optional<TimeUnit> LikelyUnit(const JsonScalar& value, std::string_view digits,
                                   Timestamp latest);
// No computer counted before.
inline constexpr Timestamp kEarliestLikely{315'532'800'000'000};  // 1980-01-01T00:00:00Z

}  // namespace tidemark
