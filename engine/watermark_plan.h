// How the watermark of a stream gets from step to step (SEMANTICS §3.1, "through steps"): decided
// once, when a flow is built, as a pure function of its plan.
//
// A watermark is measured behind sources, where an event time is declared. Stateless steps, maps
// with state and windows hand it on; nothing else does. So a windowed step behind other windows
// follows what they hand on, and a flow in which there is nothing right to follow is refused.
#pragma once

#include <vector>

#include "absl/status/status.h"
#include "engine/plan.h"

namespace tidemark {

// Sets `handed_on`, `hands_on` and `is_for_late` of the steps. InvalidArgument names the step whose
// watermark could not be right, why, and what to do.
absl::Status PlanWatermarks(Plan& plan);

// The watermark of `edge.from` goes along the edge. Late rows of a window have none.
bool HandsOn(const Plan& plan, const EdgePlan& edge);

// The sources in front of a step, in their order.
std::vector<int> SourcesInFrontOf(const Plan& plan, int step);

}  // namespace tidemark
