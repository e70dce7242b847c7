// SimDisk: one disk in memory that remembers what would survive a power cut, and fails on demand.
//
// What a real disk hides until the worst day: a file's content is safe only once the file has been
// synced, its name only once the directory has; a failed sync may have thrown the pages away and
// says so once; a write may be short. SimDisk keeps both truths, what the operating system shows
// and what is durable, and takes the first away on request. Two faces look at it: tidemark::Files
// (sim_files.h) and a file system for RocksDB (sim_env.h), so that a whole job lives on it.
//
//   SimDisk disk(seed);
//   disk.Boot();                                        // a process begins
//   disk.Inject({.kind = FaultKind::kPowerCut, .at_op = 40});
//   … run a job until it fails …
//   disk.EndProcess(SimDisk::End::kPowerCut);           // and what was not synced is gone
//   disk.Boot();
//
// A process that has ended can do nothing any more: every handle belongs to the process that opened
// it, and answers kGone behind its end. So a dead job may be destroyed at leisure.
//
// What a power cut takes: of a file's bytes behind the last sync, all or some or none; of the
// changes of names that no sync of their directory has made durable, all but the first so many, as
// a file system with a journal does it. Content and names know nothing of each other: a file that
// was renamed durably may be empty.
//
// The root directory and what was there at MakeDurable() are durable.
//
// Thread rule: safe from any thread (RocksDB flushes on one of its own).
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "base/random.h"

namespace tidemark::sim {

// What an operation says: a few words of errno.
enum class DiskError {
  kOk,
  kNotFound,
  kExists,
  kNotEmpty,
  kWrongKind,  // a directory where a file is wanted, or the other way round
  kIo,
  kNoSpace,
  kGone,  // the process has ended
  // No hard link here, as HardLinks has it.
  kOtherDisk,
  kNotPermitted,
  kTooManyLinks,
};

// What there is of hard links.
enum class HardLinks {
  kAny,
  kNotAcross,  // each name would lie in another file system than the file
  kNone,       // the file system has none, as FAT
  kTwo,        // at most two names for a file
};

// The kinds of operations a fault can meet; one bit each.
enum OpKind : unsigned {
  kOpOpen = 1,
  kOpRead = 2,
  kOpAppend = 4,
  kOpTruncate = 8,
  kOpSync = 16,
  kOpSyncDirectory = 32,
  kOpName = 64,  // create, rename, link, remove
  kOpLook = 128,
  kOpAny = 255,
};

enum class FaultKind {
  kNone,
  kError,        // the operation fails, nothing has happened
  kShortWrite,   // an append leaves its first half, and fails
  kNoSpace,      // from here on nothing new fits, until the process has ended
  kSyncOnce,     // a sync fails, and what it should have made durable never becomes so
  kSyncForEver,  // the same for every sync until the process has ended
  kPowerCut,     // the process is gone, with all that was not synced
  kKill,         // the process is gone; the operating system keeps what it wrote
};
const char* NameOf(FaultKind kind);

struct Fault {
  FaultKind kind = FaultKind::kNone;
  // The operation since Boot() that it meets, counted from 0. Kinds that need an operation of some
  // sort (an append, a sync) do nothing at another one, but for those that last.
  uint64_t at_op = 0;
};

// Operations that no fault meets: reads of files whose path holds the first text, looks at paths
// that end like the second.
struct Spared {
  std::string reads_of;
  std::string looks_at_suffix;
};

// Ways in which a disk breaks its word, for planted bugs.
struct Lies {
  bool directory_syncs = false;  // directories are not synced, and say they are
  std::string sync_of_suffix;    // neither are files whose name ends like this
  std::string renames_to;        // what is renamed to a path that holds this is gone
  std::string hides_suffix;      // files whose name ends like this are not there for a reader
  bool locks = false;            // a lock that is taken is given to the next one, too
};

class SimDisk {
 public:
  struct Node;
  using NodePtr = std::shared_ptr<Node>;
  enum class End { kKill, kPowerCut };

  explicit SimDisk(uint64_t seed);

  // ---- the life of a process ----
  // Ends what runs (as killed), forgets the fault, counts operations from 0. Returns the process.
  uint64_t Boot();
  void EndProcess(End end);
  // The injected fault has ended the process; how.
  std::optional<End> ended_by_fault() const;
  void Inject(Fault fault);
  // The fault has met its operation.
  bool fault_hit() const;
  uint64_t ops() const;
  std::vector<OpKind> op_kinds() const;  // of each
  // Of the operations since Boot(): their kinds and paths. The same run gives the same.
  uint64_t trace_hash() const;
  void set_lies(Lies lies);
  void set_spared(Spared spared);
  void set_hard_links(HardLinks hard_links);
  // No file grows when all of them together hold this; 0: no limit.
  void set_limit_bytes(uint64_t limit);
  // So many more than there are now.
  void LimitTo(uint64_t more);

  // ---- beside any process ----
  void MakeDurable();
  std::unique_ptr<SimDisk> Clone(uint64_t seed) const;
  std::vector<std::string> FilesBelow(const std::string& directory) const;  // sorted paths
  std::optional<std::string> Content(const std::string& path) const;
  // Replaces the content, durably, creating file and directories.
  void Put(const std::string& path, std::string_view content);
  // A second name for a file, a hard link, durably; its directory is made.
  void AddName(const std::string& path, const std::string& name);
  bool FlipBit(const std::string& path, uint64_t offset, int bit);

  // ---- operations of a process ----
  enum class Mode { kRead, kAppend, kReplace };
  struct Look {
    uint64_t size = 0;
    uint64_t inode = 0;
    uint64_t links = 0;
    bool is_directory = false;
  };
  DiskError Open(uint64_t process, const std::string& path, Mode mode, NodePtr& out);
  DiskError Read(uint64_t process, const NodePtr& node, uint64_t offset, size_t n,
                 std::string& out);
  DiskError Append(uint64_t process, const NodePtr& node, std::string_view bytes);
  DiskError Truncate(uint64_t process, const NodePtr& node, uint64_t size);
  DiskError Sync(uint64_t process, const NodePtr& node);
  DiskError LookAt(uint64_t process, const NodePtr& node, Look& out);
  DiskError Stat(uint64_t process, const std::string& path, Look& out);
  DiskError List(uint64_t process, const std::string& path, std::vector<std::string>& out);
  DiskError MakeDirectory(uint64_t process, const std::string& path);
  DiskError Rename(uint64_t process, const std::string& from, const std::string& to);
  DiskError Link(uint64_t process, const std::string& from, const std::string& to);
  DiskError Remove(uint64_t process, const std::string& path);
  DiskError SyncDirectory(uint64_t process, const std::string& path);
  // kExists when it is locked. Locks go with their process; they touch no file.
  DiskError Lock(uint64_t process, const std::string& path);
  DiskError Unlock(uint64_t process, const std::string& path);

 private:
  // A change of names that is not durable yet: `name` in `directory` becomes `node` (or nothing),
  // and where it was renamed, `from` goes in the same stroke.
  struct NameChange {
    NodePtr directory;
    std::string name;
    NodePtr node;
    NodePtr from_directory;
    std::string from;
  };
  // Where a path leads: its directory (null when that is missing), its last part, and what is
  // there.
  struct Place {
    NodePtr directory;
    std::string name;
    NodePtr node;
  };

  DiskError MayLink(const Node& node) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  DiskError Begin(uint64_t process, OpKind kind, std::string_view path)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  Place Find(const std::string& path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // What is at `path`, created where it is missing.
  NodePtr Make(const std::string& path, bool is_directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  NodePtr NewNode(bool is_directory) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Change(NameChange change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoseWhatIsNotDurable() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoseNames() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LoseContent(Node& node) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool IsSpared(OpKind kind, std::string_view path) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool SyncIsALie(const Node& node) const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t UsedBytes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  uint64_t RoomFor(uint64_t bytes) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::vector<NodePtr> AllNodes() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  mutable absl::Mutex mutex_;
  Random random_ ABSL_GUARDED_BY(mutex_);
  NodePtr root_ ABSL_GUARDED_BY(mutex_);
  std::vector<NameChange> changes_ ABSL_GUARDED_BY(mutex_);  // in their order
  std::set<std::string> locks_ ABSL_GUARDED_BY(mutex_);
  uint64_t next_inode_ ABSL_GUARDED_BY(mutex_) = 2;
  uint64_t limit_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t used_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // at most; what is removed counts on
  Lies lies_ ABSL_GUARDED_BY(mutex_);
  Spared spared_ ABSL_GUARDED_BY(mutex_);
  HardLinks hard_links_ ABSL_GUARDED_BY(mutex_) = HardLinks::kAny;

  uint64_t process_ ABSL_GUARDED_BY(mutex_) = 0;
  bool running_ ABSL_GUARDED_BY(mutex_) = false;
  std::optional<End> ended_by_fault_ ABSL_GUARDED_BY(mutex_);
  Fault fault_ ABSL_GUARDED_BY(mutex_);
  bool fault_hit_ ABSL_GUARDED_BY(mutex_) = false;
  bool fault_now_ ABSL_GUARDED_BY(mutex_) = false;  // it meets the operation under way
  uint64_t ops_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<OpKind> op_kinds_ ABSL_GUARDED_BY(mutex_);
  uint64_t trace_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace tidemark::sim
