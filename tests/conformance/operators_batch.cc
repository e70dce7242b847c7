// collect: lists of a key's items.

#include "tests/conformance/operators.h"
#include "tidemark/batch.h"

namespace tidemark::conformance {
namespace {

absl::Duration OrInfinite(const std::optional<Span>& span) {
  return span ? span->ToAbsl() : absl::InfiniteDuration();
}

// Bytewax's timeout counts from the newest item.
absl::Status BuildCollect(FlowCase& c) {
  BatchOptions options;
  options.max_items = c.params().Integer("max_size");
  options.idle_timeout = OrInfinite(c.params().Seconds("timeout"));
  options.max_wait = OrInfinite(c.params().Seconds("max_wait"));
  c.Down(c.Keyed().Batch("collect", options));
  return absl::OkStatus();
}

constexpr Operator kOperators[] = {
    {.name = "collect", .build = BuildCollect},
};

}  // namespace

std::span<const Operator> BatchOperators() { return kOperators; }

}  // namespace tidemark::conformance
