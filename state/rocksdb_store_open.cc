#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/sst_file_reader.h"
#include "state/rocksdb_store_setup.h"

namespace tidemark {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool IsTable(std::string_view name) { return EndsWith(name, ".sst"); }

// NotFound when the directory holds no store. RocksDB takes a directory without the file CURRENT
// for a new database and would begin an empty one over the tables that are there.
absl::Status LookForStore(rocksdb::Env* env, const std::string& directory) {
  if (env->FileExists(JoinPath(directory, "CURRENT")).ok()) return absl::OkStatus();
  std::vector<std::string> names;
  const rocksdb::Status listed = env->GetChildren(directory, &names);
  if (!listed.IsNotFound() && !listed.IsPathNotFound()) {
    TM_RETURN_IF_ERROR(RocksError(listed, directory, "list the store"));
  }
  // A database that was just being created has none of these yet, or an empty log. A second
  // manifest comes behind CURRENT.
  const auto holds_rows = [&](const std::string& name) {
    uint64_t bytes = 0;
    if (name.rfind("MANIFEST-", 0) == 0) return name != "MANIFEST-000001";
    if (!EndsWith(name, ".log")) return IsTable(name);
    return !env->GetFileSize(JoinPath(directory, name), &bytes).ok() || bytes > 0;
  };
  if (std::any_of(names.begin(), names.end(), holds_rows)) {
    return absl::DataLossError(
        Cat(directory,
            ": cannot open the store: its file CURRENT is missing; the store is damaged, "
            "resume from a snapshot"));
  }
  return absl::NotFoundError(Cat(directory, ": no store is there"));
}

// Durably: RocksDB syncs files into its directory, but not the directory's own name.
absl::Status MakeDirectory(rocksdb::Env* env, const std::string& directory) {
  TM_RETURN_IF_ERROR(
      RocksError(env->CreateDirIfMissing(directory), directory, "create the directory"));
  std::unique_ptr<rocksdb::Directory> parent;
  rocksdb::Status synced = env->NewDirectory(ParentDirectory(directory), &parent);
  if (synced.ok()) synced = parent->Fsync();
  return RocksError(synced, directory, "sync the directory above");
}

// Removes what a crash left there. Requires the open store: its lock says that nobody else is
// building a table there.
absl::Status EmptyStaging(rocksdb::Env* env, const std::string& staging) {
  std::vector<std::string> names;
  TM_RETURN_IF_ERROR(RocksError(env->GetChildren(staging, &names), staging, "list staged files"));
  for (const std::string& name : names) {
    if (!IsTable(name)) continue;
    const std::string path = JoinPath(staging, name);
    TM_RETURN_IF_ERROR(RocksError(env->DeleteFile(path), staging, Cat("remove ", name)));
  }
  return absl::OkStatus();
}

// The file to look at, where RocksDB's words do not name it: they blame the manifest for a table
// that is cut off, and name nothing for damage in the log. Empty when they say enough.
std::string DamagedFile(const rocksdb::Options& rocks, const std::string& directory,
                        const std::string& words) {
  const auto names_a = [&](const char* part) { return words.find(part) != std::string::npos; };
  if (names_a(".sst") || names_a(".ldb") || names_a(".log")) return "";
  std::vector<std::string> names;
  // On purpose: this only adds to an error that is reported in any case.
  rocks.env->GetChildren(directory, &names).PermitUncheckedError();
  std::sort(names.begin(), names.end());
  std::string logs;
  for (const std::string& name : names) {
    rocksdb::SstFileReader reader(rocks);
    if (IsTable(name) && !reader.Open(JoinPath(directory, name)).ok()) return name;
    if (EndsWith(name, ".log")) logs += (logs.empty() ? "" : " or ") + name;
  }
  return names_a("MANIFEST") || names_a("CURRENT") ? "" : logs;
}

absl::Status OpenError(const rocksdb::Status& status, const rocksdb::Options& rocks,
                       const std::string& directory) {
  std::string action = "open the store";
  if (status.IsCorruption()) {
    const std::string file = DamagedFile(rocks, directory, status.ToString());
    if (!file.empty()) action = Cat(action, " (damaged: ", file, ")");
  }
  return RocksError(status, directory, action);
}

// ---- the table of a failed commit ------------------------------------------------------------

// The name of the table that RocksDB cannot find, by its words (it asks for the ending .ldb last);
// empty when something else is wrong.
std::string MissingTable(const rocksdb::Status& status) {
  const std::string words = status.ToString();
  if (words.find("No such file") == words.npos) return "";
  for (const char* ending : {".sst", ".ldb"}) {
    const size_t end = words.find(ending);
    size_t begin = end == words.npos ? 0 : end;
    while (begin > 0 && begin != words.npos && words[begin - 1] >= '0' && words[begin - 1] <= '9') {
      --begin;
    }
    if (end != words.npos && begin < end) return Cat(words.substr(begin, end - begin), ".sst");
  }
  return "";
}

rocksdb::Status CopyDurably(const rocksdb::Options& rocks, const std::string& from,
                            const std::string& to) {
  const rocksdb::EnvOptions how(rocks);
  std::unique_ptr<rocksdb::SequentialFile> source;
  std::unique_ptr<rocksdb::WritableFile> target;
  rocksdb::Status done = rocks.env->NewSequentialFile(from, &source, how);
  if (done.ok()) done = rocks.env->NewWritableFile(to, &target, how);
  std::string buffer(size_t{1} << 20, '\0');
  for (bool more = true; done.ok() && more;) {
    rocksdb::Slice read;
    done = source->Read(buffer.size(), &read, buffer.data());
    more = !read.empty();
    if (done.ok() && more) done = target->Append(read);
  }
  if (done.ok()) done = target->Sync();
  return done.ok() ? target->Close() : done;
}

// Where there are no links, a copy that gets the name when it is whole: a crash in between leaves
// the table missing, as it was.
rocksdb::Status LinkOrCopy(const rocksdb::Options& rocks, const std::string& from,
                           const std::string& to) {
  const rocksdb::Status linked = rocks.env->LinkFile(from, to);
  if (!linked.IsNotSupported()) return linked;
  const std::string partial = Cat(to, ".partial");
  const rocksdb::Status copied = CopyDurably(rocks, from, partial);
  return copied.ok() ? rocks.env->RenameFile(partial, to) : copied;
}

// When the manifest cannot be synced, RocksDB gives a commit up and removes its table; but what it
// wrote into the manifest may be there all the same, and names the table. Without it the store
// would never open again. CommitLarge() leaves the table where it was staged, one at most. True
// when it is in its place again; RocksDB then compares its size and its unique id with the
// manifest's.
bool PutBackStaged(const rocksdb::Options& rocks, const RocksStoreOptions& options,
                   const rocksdb::Status& opened) {
  const std::string missing = MissingTable(opened);
  if (missing.empty()) return false;
  const std::string path = JoinPath(options.directory, missing);
  rocksdb::Env* const env = rocks.env;
  if (!env->FileExists(path).IsNotFound()) return false;
  std::vector<std::string> names;
  // On purpose: what cannot be put back is reported as missing.
  env->GetChildren(options.staging_directory, &names).PermitUncheckedError();
  names.erase(std::remove_if(names.begin(), names.end(),
                             [](const std::string& name) { return !IsTable(name); }),
              names.end());
  if (names.size() != 1) return false;
  if (!LinkOrCopy(rocks, JoinPath(options.staging_directory, names[0]), path).ok()) return false;
  std::unique_ptr<rocksdb::Directory> store;
  return env->NewDirectory(options.directory, &store).ok() && store->Fsync().ok();
}

// ---- reading beside a writer -----------------------------------------------------------------

// Tells whether the manifest has changed in between: each change makes it grow or replaces it.
struct ManifestState {
  std::string name;
  uint64_t bytes = 0;
  bool operator==(const ManifestState&) const = default;
};

ManifestState LookAtManifest(rocksdb::Env* env, const std::string& directory) {
  ManifestState state;
  // On purpose: when one of them cannot be read, opening the store says so.
  rocksdb::ReadFileToString(env, JoinPath(directory, "CURRENT"), &state.name)
      .PermitUncheckedError();
  while (!state.name.empty() && state.name.back() == '\n') state.name.pop_back();
  env->GetFileSize(JoinPath(directory, state.name), &state.bytes).PermitUncheckedError();
  return state;
}

// RocksDB reads the manifest first and the logs second. Commits in between are mixed up: one may
// have left the logs for a table that the manifest did not name yet, while a later one is in the
// logs. So what was read counts only if the manifest has stayed as it was. Then no table has come,
// no log has gone, and what was added to the logs are whole commits in their order.
absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenForReading(const rocksdb::Options& rocks,
                                                            const std::string& directory) {
  constexpr int kTries = 50;
  constexpr int kFailuresAtRest = 3;
  rocksdb::Status opened;
  ManifestState failed_at;
  int failures = 0;
  for (int i = 0; i < kTries && failures < kFailuresAtRest; ++i) {
    const ManifestState before = LookAtManifest(rocks.env, directory);
    rocksdb::DB* raw = nullptr;
    opened = rocksdb::DB::OpenForReadOnly(rocks, directory, &raw);
    std::unique_ptr<rocksdb::DB> db(raw);
    const bool at_rest = before == LookAtManifest(rocks.env, directory);
    if (opened.ok() && at_rest) return db;
    if (!opened.ok() && at_rest) {
      // A file that the manifest had given up already may go between being listed and being opened,
      // so it takes more than one failure to tell damage from that.
      failures = before == failed_at ? failures + 1 : 1;
      failed_at = before;
    }
  }
  if (failures == kFailuresAtRest) return OpenError(opened, rocks, directory);
  return absl::UnavailableError(Cat(directory, ": cannot open the store: ", kTries,
                                    " times it changed while it was read; try again, or read a "
                                    "snapshot"));
}

}  // namespace

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenRocksDirectory(const RocksStoreOptions& options,
                                                                const rocksdb::Options& rocks) {
  const std::string& directory = options.directory;
  if (absl::Status found = LookForStore(rocks.env, directory); !found.ok()) {
    const bool create = options.create_if_missing && !options.read_only;
    if (!absl::IsNotFound(found) || !create) return found;
  }
  if (options.read_only) return OpenForReading(rocks, directory);
  TM_RETURN_IF_ERROR(MakeDirectory(rocks.env, directory));
  TM_RETURN_IF_ERROR(MakeDirectory(rocks.env, options.staging_directory));
  rocksdb::DB* raw = nullptr;
  rocksdb::Status opened = rocksdb::DB::Open(rocks, directory, &raw);
  if (!opened.ok() && PutBackStaged(rocks, options, opened)) {
    opened = rocksdb::DB::Open(rocks, directory, &raw);
  }
  std::unique_ptr<rocksdb::DB> db(raw);
  if (!opened.ok()) return OpenError(opened, rocks, directory);
  TM_RETURN_IF_ERROR(EmptyStaging(rocks.env, options.staging_directory));
  return db;
}

}  // namespace tidemark
