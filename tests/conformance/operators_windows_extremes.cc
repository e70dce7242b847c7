// max_window and min_window.

#include "tests/conformance/operators_windows_parts.h"

namespace tidemark::conformance {
namespace {

template <class Add>
absl::Status BuildExtreme(FlowCase& c, Add add) {
  const UnaryFunction by = c.params().Unary("by", "identity");
  return WithWindows(c, [&](const auto& windows) {
    const auto value = [by](const Item& item) { return by(item.value); };
    AddRows(c, add(windows, value), [](const Item& item) { return item.value; });
  });
}

}  // namespace

absl::Status BuildMaxWindow(FlowCase& c) {
  return BuildExtreme(c, [](const auto& windows, auto value) { return windows.Max("max", value); });
}

absl::Status BuildMinWindow(FlowCase& c) {
  return BuildExtreme(c, [](const auto& windows, auto value) { return windows.Min("min", value); });
}

}  // namespace tidemark::conformance
