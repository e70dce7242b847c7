// A shared object to be loaded in front of a program (LD_PRELOAD): the n-th call of a family fails
// without being made. The order comes in a FaultLedger, which also receives the counts.
//
// Only calls about something below the ledger's root count: neither the loader's reads nor what
// goes to a terminal. A descriptor is looked up in /proc each time it is used; that costs a system
// call and needs no table of open files, which threads and duplicated descriptors would confuse.
//
// What libc calls internally does not come through here; hence fopen, fread, fwrite and readdir are
// replaced themselves.

#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "tests/faults/fault_ledger.h"

namespace tidemark::faults {
namespace {

// System calls are made directly wherever the function is replaced below.
FaultLedger* MapLedger() {
  const char* path = std::getenv(kLedgerVariable);
  if (path == nullptr) return nullptr;
  const long fd = syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
  if (fd < 0) return nullptr;
  const long at =
      syscall(SYS_mmap, nullptr, sizeof(FaultLedger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
  syscall(SYS_close, fd);
  return at == -1 ? nullptr : reinterpret_cast<FaultLedger*>(at);
}

// Mapped by the first call, which may precede every initialiser of this library.
FaultLedger* Ledger() {
  static FaultLedger* const ledger = MapLedger();
  return ledger;
}

std::string Link(const std::string& path) {
  char text[4096];
  const long size = syscall(SYS_readlinkat, AT_FDCWD, path.c_str(), text, sizeof text);
  return size < 0 ? "" : std::string(text, static_cast<size_t>(size));
}

std::string Absolute(int directory, const char* path) {
  if (path == nullptr) return "";
  if (path[0] == '/') return path;
  const std::string base =
      Link(directory == AT_FDCWD ? "/proc/self/cwd" : "/proc/self/fd/" + std::to_string(directory));
  return base + "/" + path;
}

// By the letters alone: the driver gives a root without links, and jobs without "..".
bool IsBelow(const std::string& path, const char* root) {
  const size_t size = std::strlen(root);
  return path.compare(0, size, root) == 0 && (path.size() == size || path[size] == '/');
}

// Counts a call about `path`; true if it is the one to fail, and then errno is set.
bool Fails(Call call, const char* function, const std::string& path) {
  FaultLedger& ledger = *Ledger();
  if (!IsBelow(path, ledger.root)) return false;
  const uint64_t number = ++ledger.counts[static_cast<size_t>(call)];
  if (ledger.at == 0 || call != ledger.call) return false;
  if (ledger.every_later != 0 ? number < ledger.at : number != ledger.at) return false;
  if (ledger.delivered.fetch_add(1) == 0) {
    std::snprintf(ledger.function, sizeof ledger.function, "%s", function);
    std::snprintf(ledger.path, sizeof ledger.path, "%s", path.c_str());
  }
  errno = ledger.error;
  return true;
}

// errno must stay what it was where nothing fails.
bool FailsAt(Call call, const char* function, int directory, const char* path) {
  if (Ledger() == nullptr) return false;
  const int before = errno;
  if (Fails(call, function, Absolute(directory, path))) return true;
  errno = before;
  return false;
}

bool FailsOn(Call call, const char* function, int fd) {
  if (Ledger() == nullptr || fd < 0) return false;
  const int before = errno;
  if (Fails(call, function, Link("/proc/self/fd/" + std::to_string(fd)))) return true;
  errno = before;
  return false;
}

template <class Function>
Function* Real(const char* name) {
  return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
}

mode_t ModeOf(int flags, va_list rest) {
  return (flags & (O_CREAT | O_TMPFILE)) != 0 ? va_arg(rest, mode_t) : 0;
}

}  // namespace
}  // namespace tidemark::faults

using tidemark::faults::Call;
using tidemark::faults::FailsAt;
using tidemark::faults::FailsOn;
using tidemark::faults::ModeOf;
using tidemark::faults::Real;

// A function that is told where by a descriptor, and one that is told by a path.
#define ON_FD(call, result, name, failure, fd, parameters, ...)          \
  result name parameters {                                               \
    static auto* const real = Real<result parameters>(#name);            \
    return FailsOn(Call::call, #name, fd) ? failure : real(__VA_ARGS__); \
  }
#define AT_PATH(call, result, name, failure, directory, path, parameters, ...)        \
  result name parameters {                                                            \
    static auto* const real = Real<result parameters>(#name);                         \
    return FailsAt(Call::call, #name, directory, path) ? failure : real(__VA_ARGS__); \
  }

extern "C" {

ON_FD(kWrite, ssize_t, write, -1, fd, (int fd, const void* bytes, size_t n), fd, bytes, n)
ON_FD(kWrite, ssize_t, writev, -1, fd, (int fd, const iovec* parts, int n), fd, parts, n)
ON_FD(kPwrite, ssize_t, pwrite, -1, fd, (int fd, const void* bytes, size_t n, off_t at), fd, bytes,
      n, at)
ON_FD(kPwrite, ssize_t, pwrite64, -1, fd, (int fd, const void* bytes, size_t n, off64_t at), fd,
      bytes, n, at)
ON_FD(kRead, ssize_t, read, -1, fd, (int fd, void* bytes, size_t n), fd, bytes, n)
ON_FD(kRead, ssize_t, readv, -1, fd, (int fd, const iovec* parts, int n), fd, parts, n)
ON_FD(kPread, ssize_t, pread, -1, fd, (int fd, void* bytes, size_t n, off_t at), fd, bytes, n, at)
ON_FD(kPread, ssize_t, pread64, -1, fd, (int fd, void* bytes, size_t n, off64_t at), fd, bytes, n,
      at)
ON_FD(kSync, int, fsync, -1, fd, (int fd), fd)
ON_FD(kSync, int, fdatasync, -1, fd, (int fd), fd)
ON_FD(kTruncate, int, ftruncate, -1, fd, (int fd, off_t size) noexcept, fd, size)
ON_FD(kTruncate, int, ftruncate64, -1, fd, (int fd, off64_t size) noexcept, fd, size)
ON_FD(kTruncate, int, fallocate, -1, fd, (int fd, int mode, off_t at, off_t n), fd, mode, at, n)
ON_FD(kTruncate, int, posix_fallocate, errno, fd, (int fd, off_t at, off_t n), fd, at, n)
ON_FD(kMmap, void*, mmap, MAP_FAILED, fd,
      (void* where, size_t n, int protection, int flags, int fd, off_t at) noexcept, where, n,
      protection, flags, fd, at)
ON_FD(kMmap, void*, mmap64, MAP_FAILED, fd,
      (void* where, size_t n, int protection, int flags, int fd, off64_t at) noexcept, where, n,
      protection, flags, fd, at)
ON_FD(kRead, dirent*, readdir, nullptr, dirfd(directory), (DIR * directory), directory)
ON_FD(kRead, dirent64*, readdir64, nullptr, dirfd(directory), (DIR * directory), directory)

AT_PATH(kRename, int, rename, -1, AT_FDCWD, from, (const char* from, const char* to) noexcept, from,
        to)
AT_PATH(kRename, int, renameat, -1, from_fd, from,
        (int from_fd, const char* from, int to_fd, const char* to) noexcept, from_fd, from, to_fd,
        to)
AT_PATH(kRename, int, renameat2, -1, from_fd, from,
        (int from_fd, const char* from, int to_fd, const char* to, unsigned flags) noexcept,
        from_fd, from, to_fd, to, flags)
AT_PATH(kLink, int, link, -1, AT_FDCWD, to, (const char* from, const char* to) noexcept, from, to)
AT_PATH(kLink, int, linkat, -1, to_fd, to,
        (int from_fd, const char* from, int to_fd, const char* to, int flags) noexcept, from_fd,
        from, to_fd, to, flags)
AT_PATH(kUnlink, int, unlink, -1, AT_FDCWD, path, (const char* path) noexcept, path)
AT_PATH(kUnlink, int, unlinkat, -1, fd, path, (int fd, const char* path, int flags) noexcept, fd,
        path, flags)
AT_PATH(kUnlink, int, rmdir, -1, AT_FDCWD, path, (const char* path) noexcept, path)
AT_PATH(kUnlink, int, remove, -1, AT_FDCWD, path, (const char* path) noexcept, path)
AT_PATH(kMkdir, int, mkdir, -1, AT_FDCWD, path, (const char* path, mode_t mode) noexcept, path,
        mode)
AT_PATH(kMkdir, int, mkdirat, -1, fd, path, (int fd, const char* path, mode_t mode) noexcept, fd,
        path, mode)
AT_PATH(kTruncate, int, truncate, -1, AT_FDCWD, path, (const char* path, off_t size) noexcept, path,
        size)
AT_PATH(kTruncate, int, truncate64, -1, AT_FDCWD, path, (const char* path, off64_t size) noexcept,
        path, size)
AT_PATH(kOpen, int, creat, -1, AT_FDCWD, path, (const char* path, mode_t mode), path, mode)
AT_PATH(kOpen, int, creat64, -1, AT_FDCWD, path, (const char* path, mode_t mode), path, mode)
AT_PATH(kOpen, FILE*, fopen, nullptr, AT_FDCWD, path, (const char* path, const char* mode), path,
        mode)
AT_PATH(kOpen, FILE*, fopen64, nullptr, AT_FDCWD, path, (const char* path, const char* mode), path,
        mode)
AT_PATH(kOpen, DIR*, opendir, nullptr, AT_FDCWD, path, (const char* path), path)

// The mode of a file to be made comes as a variable argument.
#define OPEN(name)                                                                     \
  int name(const char* path, int flags, ...) {                                         \
    static auto* const real = Real<int(const char*, int, mode_t)>(#name);              \
    va_list rest;                                                                      \
    va_start(rest, flags);                                                             \
    const mode_t mode = ModeOf(flags, rest);                                           \
    va_end(rest);                                                                      \
    return FailsAt(Call::kOpen, #name, AT_FDCWD, path) ? -1 : real(path, flags, mode); \
  }
#define OPEN_AT(name)                                                                \
  int name(int fd, const char* path, int flags, ...) {                               \
    static auto* const real = Real<int(int, const char*, int, mode_t)>(#name);       \
    va_list rest;                                                                    \
    va_start(rest, flags);                                                           \
    const mode_t mode = ModeOf(flags, rest);                                         \
    va_end(rest);                                                                    \
    return FailsAt(Call::kOpen, #name, fd, path) ? -1 : real(fd, path, flags, mode); \
  }
OPEN(open)
OPEN(open64)
OPEN_AT(openat)
OPEN_AT(openat64)

// A stream that failed says so by ferror(), and only that tells the failure from the end of a file.
#define ON_STREAM(call, name, bytes_type)                                                 \
  size_t name(bytes_type bytes, size_t size, size_t n, FILE* stream) {                    \
    static auto* const real = Real<size_t(bytes_type, size_t, size_t, FILE*)>(#name);     \
    if (!FailsOn(Call::call, #name, fileno(stream))) return real(bytes, size, n, stream); \
    stream->_flags |= _IO_ERR_SEEN;                                                       \
    return 0;                                                                             \
  }
ON_STREAM(kRead, fread, void*)
ON_STREAM(kRead, fread_unlocked, void*)
ON_STREAM(kWrite, fwrite, const void*)
ON_STREAM(kWrite, fwrite_unlocked, const void*)

}  // extern "C"
