// WindowValues: what the parts that windows keep mean, for a dump.
//
// A state says by its schema what is in it, and not what it is for: the sum of an average, its
// count. Who made the fold knows, and gives a person what the window would give if it closed now.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "state/type_schema.h"
#include "state/value_parts.h"

namespace tidemark {

// What one window keeps, as it is stored. Borrows everything.
struct KeptByWindow {
  std::string_view step;     // its name
  std::string_view results;  // StepRecord::results
  const TypeSchema* schema = nullptr;
  std::vector<ValuePart> accs;  // accumulators: of its panes, or its one
  std::vector<ValuePart> held;  // values that wait to be folded, in their order
};

class WindowValues {
 public:
  virtual ~WindowValues() = default;

  struct Result {
    // Names with values as JSON, in the order in which the window gives them.
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<uint64_t> rows;  // where the state holds their number
  };
  // Nothing when it is not a window of this kind.
  virtual absl::StatusOr<std::optional<Result>> ResultOf(const KeptByWindow& kept) const = 0;
};

}  // namespace tidemark
