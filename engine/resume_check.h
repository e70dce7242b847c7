// What of a flow has to agree with a stored epoch record before it may resume, beside the steps'
// own verdict (recovery/resume_plan.h). The run asks when it opens a job, `explain` without opening
// one.
//
//   const ResumePlan plan = PlanResume(record, DeclaredSteps(flow_plan), facts);
//   TM_RETURN_IF_ERROR(plan.verdict);
//   TM_RETURN_IF_ERROR(CheckSourcesAndSinks(flow_plan, record, "out/job.state"));
#pragma once

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "engine/plan.h"
#include "proto/epoch_record.h"
#include "recovery/resume_plan.h"

namespace tidemark {

// The steps with state, as the record knows them.
std::vector<DeclaredStep> DeclaredSteps(const Plan& plan);

// FailedPrecondition when the record has a source or sink that the flow has not: its input or
// output would be lost or come twice without a word.
absl::Status CheckSourcesAndSinks(const Plan& plan, const EpochRecord& record,
                                  const std::string& directory);

}  // namespace tidemark
