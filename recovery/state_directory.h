// StateDirectory: one job's state on disk, held by one process at a time.
//
//   STATE_DIR/
//     LOCK                 an flock; its text (pid and host) is information only
//     store/               the live RocksDB
//     staging/             table files on their way into the store; emptied at open
//     snapshots/<epoch>/   manifest + store/ (hard links), see recovery/snapshot.h
//     requests/            what a running job is asked for, see recovery/requests.h
//     COMMITTED            how far the last commit went, see recovery/commit_note.h
//     START                a start that has not committed yet, see recovery/start_note.h
//     DAMAGED              why the store is not trusted; the next start looks at all of it
//     store.damaged-<n>/   a damaged store that a snapshot has replaced; for people
//
// Opening takes the lock, opens the store and reads the epoch record: nothing else, so it takes the
// same time whatever the state weighs.
//
// Thread rule: store() as state/store.h says; the rest from one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "recovery/commit_note.h"
#include "recovery/directory_guard.h"
#include "recovery/open_plan.h"
#include "recovery/start_note.h"
#include "state/rocksdb_store.h"
#include "state/run.h"
#include "state/store.h"

namespace tidemark {

// The file in a state directory that says why its store is not trusted.
inline constexpr char kDamagedMark[] = "DAMAGED";

std::string StorePath(const std::string& directory);
std::string StagingPath(const std::string& directory);
std::string SnapshotsPath(const std::string& directory);
// Where the store waits that a start replaces, until that start's first commit.
std::string ReplacedStorePath(const std::string& directory);
// The path of the snapshot with the highest epoch, or else of any; empty when there is none.
absl::StatusOr<std::string> NewestSnapshotPath(Files& files, const std::string& directory);
// Whether there is anything in `directory` that a job could go on from. True where that cannot be
// told.
bool HoldsState(Files& files, const std::string& directory);
// Why `directory` cannot be looked at, in the same words wherever one is named: it is not there, a
// file, or has neither a store nor snapshots.
absl::Status CheckHoldsState(Files& files, const std::string& directory);
// Whether `name` is an entry that a state directory has. Any other makes it somebody's folder.
bool IsPartOfState(std::string_view name);
// FailedPrecondition, with what to do, when `directory` has an entry that is not part of a state.
absl::Status CheckHoldsOnlyState(Files& files, const std::string& directory);
// FailedPrecondition when `directory` would be inside another state directory or a snapshot: the
// job that owns that one would find an entry there that is not part of its state.
absl::Status CheckOutsideOtherStates(Files& files, const std::string& directory);
// FailedPrecondition where there is a store already, so that none can be put there.
absl::Status CheckHoldsNoStore(Files& files, const std::string& directory);
// How the directory of a store looks from outside.
absl::StatusOr<StoreFiles> LookAtStore(Files& files, const std::string& store);
// Whether a snapshot is called by its epoch ("0000000042"); others have been named by somebody.
bool IsEpochName(std::string_view name);

// How a state that is a copy beside its original goes on: as a fork of it.
struct ForkOfCopy {
  std::string original;  // the directory
  StartNote start;       // with the line that an earlier start has begun; empty: a new one
};
// Nothing where `directory`, whose state stands at `record`, is no such copy. `begun`: its START.
absl::StatusOr<std::optional<ForkOfCopy>> LookForOriginal(Files& files,
                                                          const std::string& directory,
                                                          const EpochRecord& record,
                                                          const std::optional<StartNote>& begun);

// A name for a new line of runs: unique, printable.
std::string NewRunLine();

class StateDirectory {
 public:
  struct Options {
    std::string directory;
    // Replace what is there, see Committed(). The caller has asked the user.
    bool fresh = false;
    // A run that starts from a snapshot: its line and epoch, and how the store is put in its place,
    // as the given line of runs. Called under the lock, before the store is opened.
    struct From {
      std::string run_line;
      uint64_t epoch = 0;
      std::function<absl::Status(const std::string& run_line)> restore;
    };
    std::optional<From> from = {};
    // Names the line of runs of a new state, of one that is replaced, and of a fork.
    std::function<std::string()> new_line = NewRunLine;
    // Called under the lock when the store is damaged: puts another one in its place, which is then
    // opened, or says why not.
    std::function<absl::Status(const absl::Status& damage)> on_damaged =
        [](const absl::Status& damage) { return damage; };
    std::function<void(const std::string&)> say = [](const std::string&) {};
    // How the store is opened; its two directories are filled in. For simulations, which bring a
    // file system of their own.
    RocksStoreOptions store{};
  };
  // Unavailable when another process holds it (says who), InvalidArgument when a file is in its
  // place, FailedPrecondition when it is another kind of directory, when a stranger has put
  // something into it, and when the store is gone although there are snapshots, PermissionDenied
  // when it cannot be written, DataLoss when the store is damaged; the state stays as it was.
  static absl::StatusOr<std::unique_ptr<StateDirectory>> Open(Files& files, const Options& options);
  ~StateDirectory();

  const std::string& path() const { return options_.directory; }
  // Absolute, without links.
  const std::string& real_path() const { return real_path_; }
  StateStore& store() { return *store_; }
  // Whether path, LOCK and store still are what this object holds, see recovery/directory_guard.h.
  // A run asks at each commit.
  absl::Status CheckHeld() const { return guard_->Check(); }
  bool StoreIsGone() const { return guard_->StoreIsGone(); }
  // Of the last committed epoch; epoch 0 when nothing was committed yet, and then only its line is
  // known: a new directory gets one that is kept from the first start on, so that what a run that
  // died before its first commit has written is known to be this line's own.
  const EpochRecord& record() const { return record_; }
  // The line of runs that commits here: the record's, but a copy beside its original begins one of
  // its own, like a fork. Outputs of the original are not taken for its own then, whatever becomes
  // of the two directories.
  const std::string& run_line() const { return run_line_; }
  // The directory of which this is such a copy; mostly empty.
  const std::string& original() const { return original_; }
  bool holds_epoch() const { return record_.epoch.value > 0; }
  // The line of runs that `fresh` replaces; may be empty.
  const std::string& replaced_line() const { return replaced_line_; }
  // That of an earlier start in this directory which was never finished, and is not this one: what
  // it took, its owner takes back. Mostly empty.
  const std::string& abandoned_line() const { return abandoned_line_; }
  // This line begins by replacing something, and has not committed.
  bool begins() const { return begins_; }

  // The outputs are open: nothing is left of an abandoned start, and a way back from damage stands.
  // Until then it is undone when this object goes: a start that is refused has changed nothing.
  absl::Status OutputsAreOpen();
  // The epoch that the state stood at before damage made it go back to a snapshot, until the next
  // commit; 0: it has not.
  uint64_t went_back_from() const { return went_back_from_; }
  // The epoch that this line of runs has committed, also where something failed behind that commit;
  // 0: none, since what it began from does not count. Nothing where the store cannot be read.
  std::optional<uint64_t> CommittedEpoch() const;
  // Behind each commit. With the first one of a line that begins() what it replaced, the old
  // snapshots included, goes for good. Until then it only stands aside, and comes back when this
  // object goes, or at the next start: a start that is refused has discarded nothing.
  absl::Status Committed(Epoch epoch);

 private:
  StateDirectory(Files& files, Options options) : files_(files), options_(std::move(options)) {}
  absl::Status TakeLock();
  absl::Status OpenStore();
  absl::Status ReplaceStore();
  absl::Status SettleStaged();
  RocksStoreOptions OptionsOfStore() const;
  absl::StatusOr<OpenFacts> LookForStore() const;
  // What is damaged; empty: it reads whole again.
  absl::StatusOr<std::string> ReadAll();
  absl::StatusOr<OpenPlan> OpenAndLook(const OpenFacts& facts);
  absl::Status TryOpen();
  absl::Status NameLine();
  absl::Status LeaveOriginal();
  absl::Status GoBack(const absl::Status& damage);
  absl::StatusOr<UnfinishedFacts> LookForUnfinished(const std::optional<StartNote>& note);
  absl::Status SettleUnfinished();
  absl::Status PutBack(const std::string& aside);
  std::vector<std::string> DamagedStores() const;
  absl::Status UndoGoBack();
  absl::Status Discard();

  Files& files_;
  const Options options_;
  std::string real_path_;
  std::unique_ptr<DirectoryGuard> guard_;
  std::unique_ptr<FileLock> lock_;
  std::unique_ptr<StateStore> store_;
  EpochRecord record_;
  std::string run_line_;
  std::string original_;
  uint64_t went_back_from_ = 0;
  // What a way back has changed, until it stands.
  struct WayBack {
    std::string aside;  // where the damaged store is
    absl::Status damage;
    CommitNote note;  // as it was
    bool was_marked = false;
  };
  std::optional<WayBack> way_back_;
  std::string replaced_line_;
  std::string abandoned_line_;
  std::optional<StartNote> note_;  // as the directory has it
  bool begins_ = false;
  bool has_begun_from_ = false;  // what is there was begun from the snapshot that is named again
  bool replaces_ = false;        // begins by what this object has done
};

// Who holds the directory, "process 7475 on vm"; nothing when nobody does, or there is no LOCK. For
// people and for waiting: what follows from it may be otherwise a moment later.
absl::StatusOr<std::optional<std::string>> HolderOf(Files& files, const std::string& directory);

// Leaves word for the next start that the store is damaged. Fine when there is such a word already.
absl::Status MarkDamaged(Files& files, const std::string& directory, const absl::Status& damage);
absl::Status UnmarkDamaged(Files& files, const std::string& directory);

// Reads every table of the store in `store_directory`, and the log. Returns every fault; each names
// its file. `on_table` is called behind each table with the bytes read so far.
std::vector<absl::Status> CheckStore(
    Files& files, const std::string& store_directory,
    const std::function<void(uint64_t bytes_read)>& on_table = [](uint64_t) {});

// The key under which a store keeps its epoch record.
std::string EpochRowKey();
// The epoch record of a store; nothing before the first commit.
absl::StatusOr<std::optional<EpochRecord>> ReadEpochRecord(const StateReader& store);

// Merges what the workers changed with the record and makes it durable, in one atomic step.
absl::Status CommitEpoch(StateStore& store, const EpochRecord& record,
                         std::vector<RunBuilder> builders);

}  // namespace tidemark
