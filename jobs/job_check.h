// The rules that connect the parts of a job: names, paths, and what each step needs from those
// before it.
//
// ParseJob applies them to what it could read, BuildJob to jobs of any origin. Each function
// reports all it finds.
#pragma once

#include "absl/status/status.h"
#include "jobs/job_spec.h"
#include "jobs/problems.h"

namespace tidemark {

// Sources, sinks and steps with state have names of their own: state is found by name.
void CheckNames(const JobSpec& job, Problems& problems);
// No path is written twice, or read and written, or part of the state directory; standard input is
// read once, standard output written once.
void CheckPaths(const JobSpec& job, Problems& problems);
// Rows have the form and the fields that the steps work on, as far as that can be known.
void CheckSteps(const JobSpec& job, Problems& problems);

// The rows that sinks get have the fields that those need, as far as that can be known.
void CheckSinks(const JobSpec& job, Problems& problems);

// All of them, and that there is something to run; messages begin with "job '<name>'".
absl::Status CheckJob(const JobSpec& job);

}  // namespace tidemark
