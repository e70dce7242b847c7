// WindowValues: the meaning of the stored parts of windows, for a dump.
//
// The schema of a state describes its contents but not their purpose, such as the sum and the count
// of an average. The author of the fold knows the purpose, and implements this to show the values
// that a window would emit if it closed now.
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

// The stored contents of one window. Borrows everything.
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
    // Names with values as JSON, in the order in which the window emits them.
    std::vector<std::pair<std::string, std::string>> fields;
    std::optional<uint64_t> rows;  // if the state stores their number
  };
  // Nothing if it is not a window of this kind.
  virtual absl::StatusOr<std::optional<Result>> ResultOf(const KeptByWindow& kept) const = 0;
};

}  // namespace tidemark
