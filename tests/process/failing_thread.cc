// A shared object to be loaded in front of a program (LD_PRELOAD): its n-th thread cannot be
// started, as where a limit of processes is reached (`ulimit -u`, which root does not have).
//
//   FAIL_THREAD=3     the third thread of the process and every one after it

#include <dlfcn.h>
#include <pthread.h>

#include <atomic>
#include <cerrno>
#include <cstdlib>

extern "C" int pthread_create(pthread_t* thread, const pthread_attr_t* attributes,
                              void* (*run)(void*), void* argument) noexcept {
  static std::atomic<int> asked{0};
  const char* words = std::getenv("FAIL_THREAD");
  if (words != nullptr && ++asked >= std::atoi(words)) return EAGAIN;
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto create = reinterpret_cast<Create>(dlsym(RTLD_NEXT, "pthread_create"));
  return create(thread, attributes, run, argument);
}
