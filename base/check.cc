#include "base/check.h"

#include <cstdio>
#include <cstdlib>

namespace tidemark {

void CheckFailed(const char* file, int line, const char* condition, const char* message) {
  std::fprintf(stderr,
               "tidemark: internal error at %s:%d: %s (%s does not hold). Nothing after the last "
               "committed epoch was kept; please report this line.\n",
               file, line, message, condition);
  std::fflush(stderr);
  std::abort();
}

}  // namespace tidemark
