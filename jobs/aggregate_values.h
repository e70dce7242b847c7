// AggregateValues: what the windows of a job hold, as the aggregates that they would give now.
//
// It folds what is stored exactly as the job would (jobs/aggregates.h), so a dump shows what a
// result would have. Which aggregates in which order stands with the step
// (jobs/aggregate_description.h); where an older state does not say so, what a window has folded
// tells its aggregates by name, and what it holds unfolded stays as it is.
#pragma once

#include <optional>

#include "absl/status/statusor.h"
#include "tidemark/window_values.h"

namespace tidemark {

class AggregateValues final : public WindowValues {
 public:
  absl::StatusOr<std::optional<Result>> ResultOf(const KeptByWindow& kept) const override;
};

}  // namespace tidemark
