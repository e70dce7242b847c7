// NOT and the tests with IS: kernels of one argument.
#pragma once

#include <string_view>

#include "rows/expr/kernel.h"

namespace tidemark {

// "not", "is true", "is false" of a boolean; "is null", "is not null" of any value; "is unknown" is
// "is null".
Kernel TruthTestNamed(std::string_view name);

}  // namespace tidemark
