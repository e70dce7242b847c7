// A shared object to be loaded in front of a program (LD_PRELOAD): no hard link can be made, as on
// a file system that has none (FAT, some network mounts).

#include <cerrno>

extern "C" int link(const char*, const char*) noexcept {
  errno = EPERM;
  return -1;
}

extern "C" int linkat(int, const char*, int, const char*, int) noexcept {
  errno = EPERM;
  return -1;
}
