// ParseJob: a job file (docs/jobs.md) as a JobSpec, or everything that is wrong with it.
//
//   absl::StatusOr<JobSpec> job = ParseJob(text, "job.yaml");
//   // InvalidArgument:
//   //   job.yaml:9:16: max_items must be a whole number, found 'many'
//   //   job.yaml:12:5: unknown key 'max_item'; did you mean 'max_items'?
//
// The text is judged, and where `files` are given also whether the fields that it names are among
// those in the first rows of its input. Whether files are there is found when the job runs.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/timestamp.h"
#include "jobs/job_spec.h"

namespace tidemark {

// A larger text is not read.
inline constexpr size_t kJobBytesMax = 1 << 20;

struct ParseOptions {
  // For a look into the input, at fields and times; null: none is taken.
  Files* files = nullptr;
  // What times are compared with; nothing: those of the future are not noticed.
  std::optional<Timestamp> now = std::nullopt;
};

// `file_name` heads the messages. What is probably a mistake and can be run is in
// JobSpec::warnings.
absl::StatusOr<JobSpec> ParseJob(std::string_view text, const std::string& file_name,
                                 const ParseOptions& options);
absl::StatusOr<JobSpec> ParseJob(std::string_view text, const std::string& file_name,
                                 Files* files = nullptr);

}  // namespace tidemark
