// Sources and sinks of a job file. The schema is in docs/jobs.md; the connectors and their options
// are those of jobs/connectors.h.
//
// Each function gives nothing when it has reported why. `named` is the entry of a map of sources or
// sinks, whose key is the name; null where the name is a key of the part itself, or left out.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/yaml_reader.h"

namespace tidemark {

// Advice for several files.
inline constexpr std::string_view kEachFile =
    "name each file as a source of its own under 'sources'";

std::optional<SourceSpec> ParseSource(const YamlValue& value, const YamlEntry* named,
                                      Problems& problems);
// `default_name`: of a sink that gives itself none.
std::optional<SinkSpec> ParseSink(const YamlValue& value, const YamlEntry* named,
                                  Problems& problems, const std::string& default_name = "sink");

// The name of a job, source, step or sink: a text of one line.
std::optional<std::string> ReadName(const YamlEntry& entry, Problems& problems);

}  // namespace tidemark
