// BuildJob: a JobSpec as a tidemark::Flow, through the public API alone.
//
//   TM_ASSIGN_OR_RETURN(JobSpec job, ParseJob(text, "job.yaml"));
//   TM_ASSIGN_OR_RETURN(BuiltJob built, BuildJob(job, {.rate = 100}));
//   TM_ASSIGN_OR_RETURN(Plan plan, built.flow.Compile());
//
// Between steps everything is a JSON row with its source bytes, so a row that no step changes is
// written as it was read, and each step works on what any other one gives. Nothing is opened here:
// a file that is missing is found when the flow runs.
#pragma once

#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/stdio/stdout_sink.h"
#include "jobs/job_spec.h"
#include "tidemark/flow.h"

namespace tidemark {

struct BuildOptions {
  // Instead of the sources' own rates; a finite number, 0 (as fast as possible) or more.
  std::optional<double> rate = std::nullopt;
  // Go on in an input file that is not the one that was read.
  bool accept_changed_input = false;
  // What `stdin` and `stdout` are.
  int stdin_fd = 0;
  ByteWriter write_stdout = WriteToDescriptor(1);
};

struct BuiltJob {
  Flow flow;
};

// InvalidArgument for a job that CheckJob() refuses, or options that make no sense.
absl::StatusOr<BuiltJob> BuildJob(const JobSpec& job, const BuildOptions& options);

// The same into a flow that is there, whose name is its maker's business (the test kit's).
absl::Status AddJob(const JobSpec& job, const BuildOptions& options, Flow& flow);

}  // namespace tidemark
