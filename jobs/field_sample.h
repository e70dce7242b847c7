// SampleFields: the first rows of a file, and the names of their fields.
//
// A job whose key is misspelt would fail at its first row, or, with `on_error: skip`, leave out
// every one; an aggregate over a misspelt field would be null for ever. A look at the input says so
// before anything runs.
#pragma once

#include <cstddef>
#include <string>

#include "base/files.h"
#include "jobs/job_spec.h"

namespace tidemark {

inline constexpr size_t kSampledRows = 100;
inline constexpr size_t kSampledBytes = 1 << 20;

// Fills in the fields of sources that read JSON from a file and declare none. A file that is not
// there, cannot be read or has no good row is left alone: that is found when the job runs.
void SampleFields(Files& files, JobSpec& job);

}  // namespace tidemark
