// Comparison of values: SQL's order, and which values can be compared at all.
//
//   CompareValues(Value::Of(int64_t{2}), Value::Of(2.5));   // less
//   CompareValues(Value::Text("2"), Value::Of(2.5));        // nothing: a text and a number
//
// Integers and doubles are compared as the numbers they are, without rounding. Texts are ordered by
// their bytes, which for UTF-8 is the order of their characters' numbers. false is less than true;
// in an interval a month counts as 30 days and a day as 24 hours.
#pragma once

#include <optional>

#include "rows/expr/kernel.h"
#include "rows/value.h"

namespace tidemark {

// Less than, equal to, greater than zero. Requires that neither is null.
std::optional<int> CompareValues(const Value& a, const Value& b);

// =, <>, <, <=, >, >= of two columns; nothing for another name.
std::optional<Kernel> ComparisonNamed(std::string_view name);

// "is distinct from", "in", "nullif", "greatest", "least".
std::optional<Kernel> ComparingFunctionNamed(std::string_view name);

}  // namespace tidemark
