// TM_CHECK: what must hold unless Tidemark itself is wrong.
//
// The world's errors (a missing file, a malformed line, a full disk) are absl::Status. A failed
// check is a bug of ours: continuing would put a wrong result into a user's state, so the process
// stops at once, names the place, and leaves the last committed epoch as it was. Checks stay on in
// every build.
//
//   TM_CHECK(epoch > last_epoch, "epochs only grow");
#pragma once

namespace tidemark {

[[noreturn]] void CheckFailed(const char* file, int line, const char* condition,
                              const char* message);

}  // namespace tidemark

#define TM_CHECK(condition, message)                                    \
  do {                                                                  \
    if (!(condition)) [[unlikely]]                                      \
      ::tidemark::CheckFailed(__FILE__, __LINE__, #condition, message); \
  } while (false)
