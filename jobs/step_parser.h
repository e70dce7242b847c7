// The steps of a job file. The schema is in docs/jobs.md; a new kind of step gets a key here, and
// what it needs from the steps before it goes into job_check.h.
#pragma once

#include <vector>

#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/yaml_reader.h"

namespace tidemark {

// The value of `steps:`, up to one whose kind is not known. `all_understood`: nothing was reported.
std::vector<StepSpec> ParseSteps(const YamlEntry& steps, bool& all_understood, Problems& problems);

}  // namespace tidemark
