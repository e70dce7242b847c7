// Strong ids: an Epoch is not a StepId, and neither is a number by accident.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace tidemark {

// Everything between two boundaries commits together. Counts from 1; 0 is "before the first".
struct Epoch {
  uint64_t value = 0;
  constexpr auto operator<=>(const Epoch&) const = default;
  constexpr Epoch Next() const { return {value + 1}; }
};

// Names a stateful step within one state directory; the epoch record maps it to the step's name.
struct StepId {
  uint32_t value = 0;
  constexpr auto operator<=>(const StepId&) const = default;
};

}  // namespace tidemark
