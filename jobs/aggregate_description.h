// DescribeAggregates: the aggregates of a window as they are stored with its step, so that whoever
// looks at the windows from outside knows what their parts mean (StepRecord::results).
//
//   DescribeAggregates({{"top", kMax, "mag"}, {"n", kCount}})
//     // [{"name":"top","kind":"max","field":"mag"},{"name":"n","kind":"count"}]
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/aggregate_spec.h"

namespace tidemark {

std::string DescribeAggregates(const std::vector<AggregateSpec>& aggregates);
// Reads it back, without places; nothing where the text is not a description or has a kind that is
// not known here.
std::optional<std::vector<AggregateSpec>> ReadAggregates(std::string_view description);

}  // namespace tidemark
