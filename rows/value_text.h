// Values as text and as JSON: the only home of both forms.
//
//   AppendText(Value::Of(2.5), out);                  // 2.5
//   AppendText(Value::Of(Interval{.days = 1}), out);  // 1 day
//   AppendJson(Value::Text("a"), out);                // "a"
//   ParseTime("2018-01-31 08:13");                    // UTC if the text has no zone
//
// Integers are exact; doubles have the shortest digits that read back as the same double, written
// as PostgreSQL writes them (3, 0.1, 1e+20). Timestamps are ISO-8601 in UTC, intervals have
// PostgreSQL's form (1 mon 2 days 03:00:00); in JSON both are strings.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/timestamp.h"
#include "rows/value.h"

namespace tidemark {

// Nothing for null.
void AppendText(const Value& value, std::string& out);
// One JSON value.
void AppendJson(const Value& value, std::string& out);

// A date, or a date and a time separated by T or blanks, with an optional zone (Z, +01:00, +0100,
// +01). Nothing if `text` is not such a time, or if it is outside of the years 1 to 9999.
std::optional<Timestamp> ParseTime(std::string_view text);

// "1 day 02:03:04.5", "-3 hours", "1 year 2 mons". Nothing if `text` is not an interval.
std::optional<Interval> ParseInterval(std::string_view text);

// A whole number in the range of int64_t, with blanks around it and a sign.
std::optional<int64_t> ParseInt(std::string_view text);
// A finite decimal number, with blanks around it and a sign.
std::optional<double> ParseDouble(std::string_view text);
// As PostgreSQL reads booleans: t, true, y, yes, on, 1 and their opposites.
std::optional<bool> ParseBool(std::string_view text);

}  // namespace tidemark
