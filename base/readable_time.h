// Times as people read them in a report, in UTC: "2026-11-22 10:31:07.25".
//
//   ReadableTime(t);               // 2026-11-22 10:31:07
//   ReadableTime(t, near);         // 10:31:07, where `near` is of the same day
//   ReadableRange(open, close);    // 2026-11-22 10:00, 11:00
//
// Machines get ISO-8601 (FormatTimestamp).
#pragma once

#include <string>

#include "base/timestamp.h"

namespace tidemark {

// With as many digits of a second as it has, at most six; "never" for Never().
std::string ReadableTime(Timestamp t);
std::string ReadableTime(Timestamp t, Timestamp near);
// Without seconds where both have none.
std::string ReadableRange(Timestamp open, Timestamp close);
// For points that are not to be read more exactly than that; the first two round down.
Timestamp WholeSecond(Timestamp t);
Timestamp WholeMilli(Timestamp t);
Timestamp NextSecond(Timestamp t);

}  // namespace tidemark
