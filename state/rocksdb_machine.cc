#include "state/rocksdb_machine.h"

#include <sys/stat.h>

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "base/files.h"
#include "rocksdb/file_system.h"
#include "rocksdb/system_clock.h"
#include "state/rocksdb_links.h"

namespace tidemark {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;

// Takes away from a new file or directory what the one around it does not grant.
void Narrow(const std::string& path) {
  std::string plain = path;
  while (plain.size() > 1 && plain.back() == '/') plain.pop_back();
  struct stat made, around;
  if (lstat(plain.c_str(), &made) != 0 || S_ISLNK(made.st_mode)) return;
  if (stat(ParentDirectory(plain).c_str(), &around) != 0) return;
  const mode_t granted = made.st_mode & around.st_mode & 0777;
  // On purpose unchecked, because nobody enters the directory around it either way.
  if (granted != (made.st_mode & 0777)) [[maybe_unused]]
    const int done = chmod(plain.c_str(), granted);
}

class NarrowFileSystem final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "NarrowFileSystem"; }

  IOStatus NewWritableFile(const std::string& path, const FileOptions& options,
                           std::unique_ptr<rocksdb::FSWritableFile>* file,
                           IODebugContext* debug) override {
    return Made(path, target()->NewWritableFile(path, options, file, debug));
  }
  IOStatus CreateDir(const std::string& path, const IOOptions& options,
                     IODebugContext* debug) override {
    return Made(path, target()->CreateDir(path, options, debug));
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions& options,
                              IODebugContext* debug) override {
    struct stat there;
    const bool is_new = lstat(path.c_str(), &there) != 0;
    IOStatus made = target()->CreateDirIfMissing(path, options, debug);
    return is_new ? Made(path, std::move(made)) : made;
  }
  IOStatus LockFile(const std::string& path, const IOOptions& options, rocksdb::FileLock** lock,
                    IODebugContext* debug) override {
    return Made(path, target()->LockFile(path, options, lock, debug));
  }

 private:
  static IOStatus Made(const std::string& path, IOStatus status) {
    if (status.ok()) Narrow(path);
    return status;
  }
};

class ClockFrom1970 final : public rocksdb::SystemClockWrapper {
 public:
  using SystemClockWrapper::SystemClockWrapper;

  const char* Name() const override { return "ClockFrom1970"; }

  rocksdb::Status GetCurrentTime(int64_t* seconds) override {
    const rocksdb::Status read = SystemClockWrapper::GetCurrentTime(seconds);
    *seconds = std::max<int64_t>(*seconds, 0);
    return read;
  }
  uint64_t NowMicros() override {
    // Of a time before 1970 it is a very large number.
    const uint64_t now = SystemClockWrapper::NowMicros();
    return static_cast<int64_t>(now) < 0 ? 0 : now;
  }
};

// An Env that asks for files and time elsewhere, and has the default's threads.
class MachineEnvironment final : public rocksdb::EnvWrapper {
 public:
  MachineEnvironment(std::unique_ptr<rocksdb::Env> files,
                     std::shared_ptr<rocksdb::SystemClock> clock)
      : EnvWrapper(std::move(files)) {
    system_clock_ = std::move(clock);
  }

  const char* Name() const override { return "MachineEnvironment"; }

  rocksdb::Status GetCurrentTime(int64_t* seconds) override {
    return system_clock_->GetCurrentTime(seconds);
  }
  uint64_t NowMicros() override { return system_clock_->NowMicros(); }
};

}  // namespace

rocksdb::Env* MachineEnv() {
  static rocksdb::Env* const env = new MachineEnvironment(
      rocksdb::NewCompositeEnv(
          CopyWhereNoLinks(std::make_shared<NarrowFileSystem>(rocksdb::FileSystem::Default()))),
      std::make_shared<ClockFrom1970>(rocksdb::SystemClock::Default()));
  return env;
}

}  // namespace tidemark
