#include "recovery/state_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_format.h"
#include "base/random.h"
#include "base/real_path.h"
#include "base/status.h"
#include "state/rocksdb_store.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

std::string HostName() {
  char name[256] = {};
  return gethostname(name, sizeof name - 1) == 0 ? name : "unknown host";
}

// A file where a directory has to be made: the path itself, or a part of it.
absl::Status CheckNoFileInPlace(Files& files, const std::string& directory) {
  for (std::string path = directory; path != "." && path != "/"; path = ParentDirectory(path)) {
    const auto info = files.Stat(path);
    if (!info.ok() || info->is_directory) continue;
    if (path == directory) {
      return absl::InvalidArgumentError(
          Cat(directory, ": is a file, and a state needs a directory; give --state another path"));
    }
    return absl::InvalidArgumentError(Cat(directory, ": cannot be made, because ", path,
                                          " is a file; give --state another path"));
  }
  return absl::OkStatus();
}

}  // namespace

std::string StorePath(const std::string& directory) { return JoinPath(directory, "store"); }
std::string StagingPath(const std::string& directory) { return JoinPath(directory, "staging"); }
std::string SnapshotsPath(const std::string& directory) { return JoinPath(directory, "snapshots"); }
std::string ReplacedStorePath(const std::string& directory) {
  return Cat(StorePath(directory), ".old");
}

absl::StatusOr<std::string> NewestSnapshotPath(Files& files, const std::string& directory) {
  const std::string snapshots = SnapshotsPath(directory);
  std::string newest;
  const auto names = files.List(snapshots);
  if (absl::IsNotFound(names.status())) return newest;
  TM_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ".partial")) continue;
    if (newest.empty() || IsEpochName(name) || !IsEpochName(newest)) newest = name;
  }
  return newest.empty() ? newest : JoinPath(snapshots, newest);
}

bool HoldsState(Files& files, const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status()) || (info.ok() && !info->is_directory)) return false;
  const std::string paths[] = {StorePath(directory), ReplacedStorePath(directory),
                               SnapshotsPath(directory)};
  return std::any_of(std::begin(paths), std::end(paths),
                     [&](const std::string& path) { return Exists(files, path).value_or(true); });
}

absl::Status CheckHoldsState(Files& files, const std::string& directory) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(Cat(directory, ": no such directory"));
  }
  TM_RETURN_IF_ERROR(info.status());
  if (!info->is_directory) {
    return absl::InvalidArgumentError(
        Cat(directory, ": is a file, and not a state directory or a snapshot"));
  }
  if (HoldsState(files, directory)) return absl::OkStatus();
  return absl::NotFoundError(
      Cat(directory, ": is neither a state directory nor a snapshot (it has no store/)"));
}

absl::Status CheckHoldsNoStore(Files& files, const std::string& directory) {
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files, StorePath(directory)));
  if (!there) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(StorePath(directory)));
  if (names.empty()) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(directory, ": holds a state already; give --state a new directory, or discard what is ",
          "there with --fresh"));
}

bool IsEpochName(std::string_view name) {
  return name.size() >= 10 &&
         std::all_of(name.begin(), name.end(), [](char c) { return absl::ascii_isdigit(c); });
}

absl::StatusOr<std::unique_ptr<StateDirectory>> StateDirectory::Open(Files& files,
                                                                     const Options& options) {
  TM_RETURN_IF_ERROR(CheckNoFileInPlace(files, options.directory));
  TM_RETURN_IF_ERROR(CheckOutsideOtherStates(files, options.directory));
  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, options.directory));
  TM_RETURN_IF_ERROR(CheckHoldsOnlyState(files, options.directory));
  if (const auto trusted = TrustedIn(options.directory)) {
    TM_RETURN_IF_ERROR(CheckTrusted(files, options.directory, *trusted));
  }
  std::unique_ptr<StateDirectory> directory(new StateDirectory(files, options));
  directory->real_path_ = RealPath(options.directory);
  TM_RETURN_IF_ERROR(directory->TakeLock());
  TM_RETURN_IF_ERROR(directory->OpenStore());
  directory->guard_->NoteStore(StorePath(options.directory));
  return directory;
}

StateDirectory::~StateDirectory() {
  // Where that cannot be told the next start looks at what is durable.
  const bool takes_back = replaces_ && CommittedEpoch() == 0;
  store_.reset();  // before the lock goes
  // On purpose: nobody is left to hear of it, and the next start finds all that it needs.
  if (takes_back) PutBack(ReplacedStorePath(options_.directory)).IgnoreError();
  if (way_back_) UndoGoBack().IgnoreError();
}

absl::Status StateDirectory::TakeLock() {
  const std::string path = JoinPath(options_.directory, "LOCK");
  // The directory first: a start that it refuses makes no LOCK where one was removed.
  auto guard = DirectoryGuard::Take(options_.directory);
  auto lock = guard.ok() ? files_.Lock(path, Cat("process ", getpid(), " on ", HostName()))
                         : absl::StatusOr<std::unique_ptr<FileLock>>(guard.status());
  if (absl::IsUnavailable(lock.status())) {
    const auto holder = ReadSmallFile(files_, path);
    return absl::UnavailableError(Cat(options_.directory, ": is in use by ",
                                      holder.ok() && !holder->empty() ? *holder : "another process",
                                      "; stop that run first, or give this one another --state"));
  }
  TM_RETURN_IF_ERROR(lock.status());
  guard_ = *std::move(guard);
  lock_ = *std::move(lock);
  guard_->NoteLock(path);
  return absl::OkStatus();
}

absl::Status StateDirectory::OpenStore() {
  TM_RETURN_IF_ERROR(SettleUnfinished());
  TM_ASSIGN_OR_RETURN(OpenFacts facts, LookForStore());
  OpenPlan plan = PlanOpen(facts);
  if (plan.kind == OpenPlan::Kind::kReadAll) {
    TM_ASSIGN_OR_RETURN(const std::string damage, ReadAll());
    facts.mark.reset();
    plan = damage.empty() ? PlanOpen(facts)
                          : OpenPlan{OpenPlan::Kind::kFallBack, absl::DataLossError(damage)};
  }
  if (plan.kind == OpenPlan::Kind::kReplace) {
    TM_RETURN_IF_ERROR(ReplaceStore());
    TM_RETURN_IF_ERROR(TryOpen());  // what lies beside it tells nothing about this one
    return NameLine();
  }
  if (plan.kind == OpenPlan::Kind::kOpen || plan.kind == OpenPlan::Kind::kCreate) {
    TM_ASSIGN_OR_RETURN(plan, OpenAndLook(facts));
  }
  if (plan.kind == OpenPlan::Kind::kFallBack) {
    TM_RETURN_IF_ERROR(GoBack(plan.why));
  } else {
    TM_RETURN_IF_ERROR(plan.why);
  }
  TM_RETURN_IF_ERROR(NameLine());
  return LeaveOriginal();
}

absl::StatusOr<OpenPlan> StateDirectory::OpenAndLook(const OpenFacts& facts) {
  OpenedFacts opened{.directory = options_.directory, .newest_snapshot = facts.newest_snapshot};
  opened.had_current = files_.Stat(JoinPath(StorePath(options_.directory), "CURRENT")).ok();
  opened.opened = TryOpen();
  if (opened.opened.ok()) {
    opened.run_line = record_.run_line;
    opened.epoch = record_.epoch.value;
    TM_ASSIGN_OR_RETURN(opened.committed, ReadCommitNote(files_, options_.directory));
    if (opened.committed.run_line == record_.run_line) {
      went_back_from_ = opened.committed.went_back_from;
    }
  }
  return PlanOpened(opened);
}

// From where is noted until the next commit, so that outputs which stand behind that epoch are
// known to be this state's own, also to a start that comes after a crash of this one.
absl::Status StateDirectory::GoBack(const absl::Status& damage) {
  TM_ASSIGN_OR_RETURN(const CommitNote note, ReadCommitNote(files_, options_.directory));
  WayBack way_back{.aside = {}, .damage = damage, .note = note};
  TM_ASSIGN_OR_RETURN(way_back.was_marked,
                      Exists(files_, JoinPath(options_.directory, kDamagedMark)));
  const std::vector<std::string> others = DamagedStores();
  store_.reset();  // another one takes its place
  TM_RETURN_IF_ERROR(options_.on_damaged(damage));
  for (const std::string& path : DamagedStores()) {
    if (std::find(others.begin(), others.end(), path) == others.end()) way_back.aside = path;
  }
  if (!way_back.aside.empty()) way_back_ = std::move(way_back);
  TM_RETURN_IF_ERROR(TryOpen());
  went_back_from_ = std::max(note.epoch, note.went_back_from);
  // The directory stays: a copy that is damaged is a copy all the same.
  return WriteCommitNote(files_, options_.directory,
                         {.run_line = record_.run_line,
                          .went_back_from = went_back_from_,
                          .directory = note.directory});
}

absl::Status StateDirectory::NameLine() {
  const bool has_line = !record_.run_line.empty();
  if (!has_line) record_.run_line = begins_ ? note_->run_line : options_.new_line();
  run_line_ = record_.run_line;
  return has_line ? absl::OkStatus() : CommitEpoch(*store_, record_, {});
}

absl::StatusOr<OpenFacts> StateDirectory::LookForStore() const {
  OpenFacts facts{.directory = options_.directory,
                  .fresh = options_.fresh,
                  .from = options_.from && !has_begun_from_,
                  .note = note_};
  if (facts.fresh) return facts;  // nothing that could be read there matters
  TM_ASSIGN_OR_RETURN(facts.store, LookAtStore(files_, StorePath(options_.directory)));
  TM_ASSIGN_OR_RETURN(facts.newest_snapshot, NewestSnapshotPath(files_, options_.directory));
  const auto mark = ReadSmallFile(files_, JoinPath(options_.directory, kDamagedMark));
  if (mark.ok()) facts.mark = mark->substr(0, mark->find('\n'));
  if (!mark.ok() && !absl::IsNotFound(mark.status())) return mark.status();
  return facts;
}

RocksStoreOptions StateDirectory::OptionsOfStore() const {
  RocksStoreOptions rocks = options_.store;
  rocks.directory = StorePath(options_.directory);
  rocks.staging_directory = StagingPath(options_.directory);
  return rocks;
}

absl::Status StateDirectory::TryOpen() {
  TM_ASSIGN_OR_RETURN(auto store, OpenRocksStore(OptionsOfStore()));
  auto record = ReadEpochRecord(*store);
  if (!record.ok()) return Annotate(record.status(), options_.directory);
  store_ = std::move(store);
  record_ = record->value_or(EpochRecord());
  return absl::OkStatus();
}

// A block that could not be read stopped an earlier run. Opening the store would not show it, so
// all of it is read once; what was repaired, or was no fault of the disk, is in use again.
absl::StatusOr<std::string> StateDirectory::ReadAll() {
  options_.say(
      Cat(options_.directory, ": the last run found the store damaged; reading all of it"));
  const std::vector<absl::Status> faults = CheckStore(files_, StorePath(options_.directory));
  if (!faults.empty()) return std::string(faults[0].message());
  options_.say(Cat(options_.directory, ": the store reads whole again, the run continues with it"));
  TM_RETURN_IF_ERROR(UnmarkDamaged(files_, options_.directory));
  return std::string();
}

}  // namespace tidemark
