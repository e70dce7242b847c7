#include "engine/sink_step.h"

#include <set>

#include "base/status.h"

namespace tidemark {

std::function<absl::Status(const std::string&)> ClaimOutputs() {
  return [taken = std::make_shared<std::set<std::string>>()](
             const std::string& output) -> absl::Status {
    if (taken->insert(output).second) return absl::OkStatus();
    return absl::InvalidArgumentError(
        Cat(output, ": another sink of this job writes to it; give each an output of its own"));
  };
}

}  // namespace tidemark
