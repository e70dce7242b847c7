#include "rows/expr/functions.h"

#include <algorithm>
#include <array>

#include "absl/strings/ascii.h"

namespace tidemark {
namespace {

std::array<std::span<const Function>, 4> Tables() {
  return {NumberFunctions(), TextFunctions(), TimeFunctions(), JsonFunctions()};
}

// Forms of the grammar, which the binder handles (rows/expr/binder.cc).
constexpr std::array<std::string_view, 5> kForms = {"coalesce", "greatest", "least", "nullif",
                                                    "try_cast"};

}  // namespace

std::vector<const Function*> FunctionsNamed(std::string_view name) {
  std::vector<const Function*> found;
  for (const auto table : Tables()) {
    for (const Function& function : table) {
      if (function.name == name) found.push_back(&function);
    }
  }
  return found;
}

std::vector<std::string_view> FunctionNames() {
  std::vector<std::string_view> names(kForms.begin(), kForms.end());
  for (const auto table : Tables()) {
    for (const Function& function : table) {
      if (absl::ascii_islower(function.name.front())) names.push_back(function.name);
    }
  }
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

}  // namespace tidemark
