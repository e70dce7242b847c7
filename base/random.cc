#include "base/random.h"

#include <sys/random.h>

#include <cerrno>

#include "base/check.h"

namespace tidemark {

uint64_t FreshSeed() {
  uint64_t seed = 0;
  ssize_t got = 0;
  do {
    got = getrandom(&seed, sizeof seed, 0);
  } while (got < 0 && errno == EINTR);
  TM_CHECK(got == sizeof seed, "the kernel gives random bytes");
  return seed;
}

}  // namespace tidemark
