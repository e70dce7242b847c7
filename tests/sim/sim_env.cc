#include "tests/sim/sim_env.h"

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "rocksdb/file_system.h"
#include "state/rocksdb_links.h"

namespace tidemark::sim {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

IOStatus ToStatus(DiskError error, const std::string& what, const std::string& path) {
  const std::string place = Cat(what, ": ", path);
  switch (error) {
    case DiskError::kOk:
      return IOStatus::OK();
    case DiskError::kNotFound:
      return IOStatus::PathNotFound(place, "No such file or directory");
    case DiskError::kExists:
      return IOStatus::IOError(place, "File exists");
    case DiskError::kNotEmpty:
      return IOStatus::IOError(place, "Directory not empty");
    case DiskError::kWrongKind:
      return IOStatus::IOError(place, "Not a directory, or is one");
    case DiskError::kNoSpace: {
      IOStatus status = IOStatus::NoSpace(place, "No space left on device");
      status.SetRetryable(true);
      return status;
    }
    case DiskError::kIo:
      return IOStatus::IOError(place, "Input/output error");
    case DiskError::kGone:
      return IOStatus::IOError(place, "the process has ended");
    case DiskError::kOtherDisk:
      return IOStatus::NotSupported("No cross FS links allowed");
    case DiskError::kNotPermitted:
      return IOStatus::IOError(place, "Operation not permitted");
    case DiskError::kTooManyLinks:
      return IOStatus::IOError(place, "Too many links");
  }
  return IOStatus::IOError(place);
}

// An open file of one process; all file classes hold one.
struct Handle {
  SimDisk& disk;
  const uint64_t process;
  const std::string path;
  const SimDisk::NodePtr node;

  IOStatus Read(uint64_t offset, size_t n, Slice* result, char* scratch) const {
    std::string bytes;
    const DiskError error = disk.Read(process, node, offset, n, bytes);
    std::memcpy(scratch, bytes.data(), bytes.size());
    *result = Slice(scratch, bytes.size());
    return ToStatus(error, "While reading", path);
  }
};

class SimSequential final : public rocksdb::FSSequentialFile {
 public:
  explicit SimSequential(Handle handle) : handle_(std::move(handle)) {}
  IOStatus Read(size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) override {
    const IOStatus status = handle_.Read(offset_, n, result, scratch);
    if (status.ok()) offset_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t n) override {
    offset_ += n;
    return IOStatus::OK();
  }

 private:
  const Handle handle_;
  uint64_t offset_ = 0;
};

class SimRandomAccess final : public rocksdb::FSRandomAccessFile {
 public:
  explicit SimRandomAccess(Handle handle) : handle_(std::move(handle)) {}
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    return handle_.Read(offset, n, result, scratch);
  }

 private:
  const Handle handle_;
};

class SimAppendable final : public rocksdb::FSWritableFile {
 public:
  SimAppendable(Handle handle, uint64_t size) : handle_(std::move(handle)), size_(size) {}
  using rocksdb::FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    size_ += data.size();
    return ToStatus(handle_.disk.Append(handle_.process, handle_.node, {data.data(), data.size()}),
                    "While appending to file", handle_.path);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    if (size == size_) return IOStatus::OK();  // as it is closed
    size_ = size;
    return ToStatus(handle_.disk.Truncate(handle_.process, handle_.node, size),
                    "While truncating file", handle_.path);
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    return ToStatus(handle_.disk.Sync(handle_.process, handle_.node), "While fdatasync",
                    handle_.path);
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override { return size_; }

 private:
  const Handle handle_;
  uint64_t size_;
};

class SimDirectory final : public rocksdb::FSDirectory {
 public:
  SimDirectory(SimDisk& disk, uint64_t process, std::string path)
      : disk_(disk), process_(process), path_(std::move(path)) {}
  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    return ToStatus(disk_.SyncDirectory(process_, path_), "While fsync", path_);
  }

 private:
  SimDisk& disk_;
  const uint64_t process_;
  const std::string path_;
};

struct SimStoreLock final : public rocksdb::FileLock {
  std::string path;
};

class SimFileSystem final : public rocksdb::FileSystem {
 public:
  SimFileSystem(SimDisk& disk, uint64_t process) : disk_(disk), process_(process) {}
  const char* Name() const override { return "SimFileSystem"; }

  IOStatus NewSequentialFile(const std::string& path, const FileOptions&,
                             std::unique_ptr<rocksdb::FSSequentialFile>* out,
                             IODebugContext*) override {
    return OpenAs<SimSequential>(path, SimDisk::Mode::kRead, out);
  }
  IOStatus NewRandomAccessFile(const std::string& path, const FileOptions&,
                               std::unique_ptr<rocksdb::FSRandomAccessFile>* out,
                               IODebugContext*) override {
    return OpenAs<SimRandomAccess>(path, SimDisk::Mode::kRead, out);
  }
  IOStatus NewWritableFile(const std::string& path, const FileOptions&,
                           std::unique_ptr<rocksdb::FSWritableFile>* out,
                           IODebugContext*) override {
    return OpenAs<SimAppendable>(path, SimDisk::Mode::kReplace, out, uint64_t{0});
  }
  IOStatus ReopenWritableFile(const std::string& path, const FileOptions&,
                              std::unique_ptr<rocksdb::FSWritableFile>* out,
                              IODebugContext*) override {
    SimDisk::Look look;
    const DiskError error = disk_.Stat(process_, path, look);
    if (error != DiskError::kOk && error != DiskError::kNotFound) {
      return ToStatus(error, "While stat", path);
    }
    return OpenAs<SimAppendable>(path, SimDisk::Mode::kAppend, out, look.size);
  }
  IOStatus NewDirectory(const std::string& path, const IOOptions&,
                        std::unique_ptr<rocksdb::FSDirectory>* out, IODebugContext*) override {
    SimDisk::Look look;
    const DiskError error = disk_.Stat(process_, path, look);
    if (error == DiskError::kOk) *out = std::make_unique<SimDirectory>(disk_, process_, path);
    return ToStatus(error, "While open directory", path);
  }

  IOStatus FileExists(const std::string& path, const IOOptions&, IODebugContext*) override {
    SimDisk::Look look;
    return NotFoundOr(disk_.Stat(process_, path, look), "While access", path);
  }
  IOStatus GetChildren(const std::string& path, const IOOptions&, std::vector<std::string>* out,
                       IODebugContext*) override {
    return NotFoundOr(disk_.List(process_, path, *out), "While opendir", path);
  }
  IOStatus DeleteFile(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToStatus(disk_.Remove(process_, path), "while unlink() file", path);
  }
  IOStatus CreateDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToStatus(disk_.MakeDirectory(process_, path), "While mkdir", path);
  }
  IOStatus CreateDirIfMissing(const std::string& path, const IOOptions&, IODebugContext*) override {
    const DiskError error = disk_.MakeDirectory(process_, path);
    return ToStatus(error == DiskError::kExists ? DiskError::kOk : error, "While mkdir if missing",
                    path);
  }
  IOStatus DeleteDir(const std::string& path, const IOOptions&, IODebugContext*) override {
    return ToStatus(disk_.Remove(process_, path), "file rmdir", path);
  }
  IOStatus GetFileSize(const std::string& path, const IOOptions&, uint64_t* size,
                       IODebugContext*) override {
    SimDisk::Look look;
    const DiskError error = disk_.Stat(process_, path, look);
    *size = look.size;
    return ToStatus(error, "while stat a file for size", path);
  }
  IOStatus GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* time,
                                   IODebugContext*) override {
    *time = 0;
    return IOStatus::OK();
  }
  IOStatus RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                      IODebugContext*) override {
    return ToStatus(disk_.Rename(process_, from, to), Cat("While renaming a file to ", to), from);
  }
  IOStatus LinkFile(const std::string& from, const std::string& to, const IOOptions&,
                    IODebugContext*) override {
    return ToStatus(disk_.Link(process_, from, to), Cat("while link file to ", to), from);
  }
  IOStatus NumFileLinks(const std::string& path, const IOOptions&, uint64_t* count,
                        IODebugContext*) override {
    SimDisk::Look look;
    const DiskError error = disk_.Stat(process_, path, look);
    *count = look.links;
    return ToStatus(error, "while stat a file for num file links", path);
  }
  IOStatus AreFilesSame(const std::string& a, const std::string& b, const IOOptions&, bool* same,
                        IODebugContext*) override {
    SimDisk::Look first, second;
    DiskError error = disk_.Stat(process_, a, first);
    if (error == DiskError::kOk) error = disk_.Stat(process_, b, second);
    *same = first.inode == second.inode;
    return ToStatus(error, "stat file", a);
  }
  IOStatus IsDirectory(const std::string& path, const IOOptions&, bool* is_directory,
                       IODebugContext*) override {
    SimDisk::Look look;
    const DiskError error = disk_.Stat(process_, path, look);
    *is_directory = look.is_directory;
    return ToStatus(error, "While stat", path);
  }
  IOStatus LockFile(const std::string& path, const IOOptions&, rocksdb::FileLock** lock,
                    IODebugContext*) override {
    SimDisk::NodePtr node;
    DiskError error = disk_.Open(process_, path, SimDisk::Mode::kAppend, node);
    if (error == DiskError::kOk) error = disk_.Lock(process_, path);
    if (error != DiskError::kOk) return ToStatus(error, "While lock file", path);
    auto held = std::make_unique<SimStoreLock>();
    held->path = path;
    *lock = held.release();
    return IOStatus::OK();
  }
  IOStatus UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) override {
    const std::unique_ptr<SimStoreLock> held(static_cast<SimStoreLock*>(lock));
    return ToStatus(disk_.Unlock(process_, held->path), "unlock", held->path);
  }
  IOStatus GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) override {
    path->assign(1, '/');
    return IOStatus::OK();
  }
  IOStatus NewLogger(const std::string&, const IOOptions&, std::shared_ptr<rocksdb::Logger>*,
                     IODebugContext*) override {
    return IOStatus::NotSupported("a simulated disk keeps no log");
  }
  IOStatus GetAbsolutePath(const std::string& path, const IOOptions&, std::string* out,
                           IODebugContext*) override {
    *out = path;
    return IOStatus::OK();
  }
  IOStatus GetFreeSpace(const std::string&, const IOOptions&, uint64_t* free,
                        IODebugContext*) override {
    *free = uint64_t{1} << 40;
    return IOStatus::OK();
  }

 private:
  static IOStatus NotFoundOr(DiskError error, const std::string& what, const std::string& path) {
    return error == DiskError::kNotFound ? IOStatus::NotFound(Cat(what, ": ", path))
                                         : ToStatus(error, what, path);
  }
  template <class File, class Base, class... More>
  IOStatus OpenAs(const std::string& path, SimDisk::Mode mode, std::unique_ptr<Base>* out,
                  More... more) {
    SimDisk::NodePtr node;
    const DiskError error = disk_.Open(process_, path, mode, node);
    if (error == DiskError::kOk) {
      *out = std::make_unique<File>(Handle{disk_, process_, path, std::move(node)}, more...);
    }
    return ToStatus(error, "While open a file", path);
  }

  SimDisk& disk_;
  const uint64_t process_;
};

}  // namespace

std::unique_ptr<rocksdb::Env> NewSimEnv(SimDisk& disk, uint64_t process) {
  return rocksdb::NewCompositeEnv(CopyWhereNoLinks(std::make_shared<SimFileSystem>(disk, process)));
}

}  // namespace tidemark::sim
