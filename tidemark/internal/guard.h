// Guarded: runs user code and turns an exception into a status. The step's name is put in front by
// the worker, which knows it.
//
// Memory that cannot be had is let through, and ends the process (base/last_words.h): what threw
// may as well be ours, called by the user's code, and a container that was left half changed must
// not be touched again, not even to be destroyed.
#pragma once

#include <exception>
#include <new>

#include "absl/status/status.h"
#include "base/status.h"

namespace tidemark::internal {

template <class Call>
absl::Status Guarded(Call&& call) {
  try {
    call();
    return absl::OkStatus();
  } catch (const std::bad_alloc&) {
    throw;
  } catch (const std::exception& e) {
    return absl::AbortedError(Cat("the step's own code threw: ", e.what()));
  } catch (...) {
    return absl::AbortedError("the step's own code threw something that is not a std::exception");
  }
}

}  // namespace tidemark::internal
