#include "recovery/new_directory.h"

#include <utility>
#include <vector>

#include "base/real_path.h"
#include "base/status.h"
#include "recovery/directory_guard.h"
#include "recovery/restore.h"
#include "recovery/state_directory.h"

namespace tidemark {

NewDirectory::NewDirectory(Files& files, std::string directory)
    : files_(files), directory_(std::move(directory)) {
  const auto names = files_.List(directory_);
  // Where it cannot be told what is there, nothing is removed.
  keep_ = names.ok() ? !names->empty() : !absl::IsNotFound(names.status());
  if (keep_ || names.ok()) return;
  for (std::string path = directory_; absl::IsNotFound(files_.Stat(path).status());
       path = ParentDirectory(path)) {
    first_missing_ = path;
    // A link that leads nowhere is somebody's, and nothing can be made there.
    if (FollowLinks(path) != path) keep_ = true;
  }
}

NewDirectory::~NewDirectory() {
  if (keep_) return;
  // The start may have been refused because another process was faster, and has the directory now.
  const auto guard = DirectoryGuard::Take(directory_);
  if (!guard.ok()) return;
  // First the store as a whole: one that has lost some of its files, because the removal did not
  // reach its end, would be damage to the next start. A partial one is nothing to it.
  const std::string store = StorePath(directory_), partial = PartialStorePath(directory_);
  if (files_.Stat(store).ok() &&
      !(RemoveTree(files_, partial).ok() && files_.Rename(store, partial).ok())) {
    return;
  }
  // Errors are ignored on purpose: what is left is an empty state, as if the start had been killed.
  const auto names = files_.List(directory_);
  if (names.ok()) {
    for (const std::string& name : *names) {
      if (IsPartOfState(name)) RemoveTree(files_, JoinPath(directory_, name)).IgnoreError();
    }
  }
  if (first_missing_.empty()) return;
  for (std::string path = directory_;; path = ParentDirectory(path)) {
    const absl::Status removed = files_.Remove(path);  // empty, or it stays
    const bool gone = removed.ok() || absl::IsNotFound(removed);
    if (!gone || path == first_missing_) return;
  }
}

}  // namespace tidemark
