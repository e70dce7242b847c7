// The steps `where` and `select` of a job file.
#pragma once

#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/yaml_tree.h"

namespace tidemark {

WhereSpec ParseWhere(const YamlEntry& entry, Problems& problems);
SelectSpec ParseSelect(const YamlEntry& entry, Problems& problems);

}  // namespace tidemark
