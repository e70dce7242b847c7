// The step `window` of a job file. The schema is in docs/jobs.md.
#pragma once

#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/yaml_reader.h"

namespace tidemark {

// `place` becomes that of the name, where it has one. What was not understood is reported.
WindowSpec ParseWindow(const YamlEntry& entry, Place& place, Problems& problems);

}  // namespace tidemark
