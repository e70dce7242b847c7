// CheckSampledTimes: whether the times in the first rows of a file are read by the unit they have.
//
// Seconds read as milliseconds are all of January 1970, and every window over them is wrong without
// a word; milliseconds read as seconds are beyond the year 9999, and with `on_error: skip` every
// row is left out. Where another unit makes all of them times of this age, it was meant. Where no
// time can be read at all, the run would end at the first row.
#pragma once

#include <optional>

#include "base/timestamp.h"
#include "jobs/job_spec.h"
#include "jobs/problems.h"

namespace tidemark {

// Looks at the rows of SourceFields. A unit that is written and can be used is left with a warning.
// `now`: what is more than a day after it is of no time; nothing: all that has a year.
void CheckSampledTimes(const JobSpec& job, std::optional<Timestamp> now, Problems& problems);

}  // namespace tidemark
