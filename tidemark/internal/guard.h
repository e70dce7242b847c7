// Guarded: runs user code and turns an exception into a status. The step's name is put in front by
// the worker, which knows it.
#pragma once

#include <exception>

#include "absl/status/status.h"
#include "base/status.h"

namespace tidemark::internal {

template <class Call>
absl::Status Guarded(Call&& call) {
  try {
    call();
    return absl::OkStatus();
  } catch (const std::exception& e) {
    return absl::AbortedError(Cat("the step's own code threw: ", e.what()));
  } catch (...) {
    return absl::AbortedError("the step's own code threw something that is no std::exception");
  }
}

}  // namespace tidemark::internal
