// fold_window and reduce_window.

#include <utility>

#include "tests/conformance/operators_windows_parts.h"

namespace tidemark::conformance {

absl::Status BuildFoldWindow(FlowCase& c) {
  const BuilderFunction init = c.params().Builder("builder");
  const BinaryFunction fold = c.params().Binary("folder");
  const BinaryFunction merge = c.params().Binary("merger");
  return WithWindows(c, [&](const auto& windows) {
    const auto streams = windows.Fold(
        "fold", [init] { return init(); },
        [fold](Json state, const Item& item) { return fold(std::move(state), item.value); },
        [merge](Json into, const Json& from) { return merge(std::move(into), from); });
    AddRows(c, streams, [](const Json& value) { return value; });
  });
}

absl::Status BuildReduceWindow(FlowCase& c) {
  const BinaryFunction reduce = c.params().Binary("reducer");
  return WithWindows(c, [&](const auto& windows) {
    const auto streams = windows.Reduce("reduce", [reduce](Item held, const Item& next) {
      held.value = reduce(std::move(held.value), next.value);
      return held;
    });
    AddRows(c, streams, [](const Item& item) { return item.value; });
  });
}

}  // namespace tidemark::conformance
