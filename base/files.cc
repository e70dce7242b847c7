#include "base/files.h"

#include "base/status.h"

namespace tidemark {

absl::StatusOr<std::string> ReadSmallFile(Files& files, const std::string& path,
                                          size_t limit_bytes) {
  TM_ASSIGN_OR_RETURN(auto file, files.OpenRead(path));
  TM_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.size_bytes > limit_bytes) {
    return absl::ResourceExhaustedError(
        Cat(path, ": ", info.size_bytes, " bytes, more than the ", limit_bytes, " expected here"));
  }
  std::string bytes;
  TM_RETURN_IF_ERROR(file->Read(0, limit_bytes + 1, bytes));
  return bytes;
}

absl::Status WriteFileAtomically(Files& files, const std::string& path, std::string_view bytes) {
  const std::string temporary = Cat(path, ".partial");
  if (absl::Status removed = files.Remove(temporary); !removed.ok() && !absl::IsNotFound(removed)) {
    return removed;
  }
  {
    TM_ASSIGN_OR_RETURN(auto file, files.OpenAppend(temporary));
    TM_RETURN_IF_ERROR(file->Append(bytes));
    TM_RETURN_IF_ERROR(file->Sync());
  }
  TM_RETURN_IF_ERROR(files.Rename(temporary, path));
  return files.SyncDirectory(ParentDirectory(path));
}

absl::Status CreateDirectoriesDurably(Files& files, const std::string& directory) {
  const std::string parent = ParentDirectory(directory);
  const auto info = files.Stat(directory);
  // From the top, each durable before the next one: then what is there has a durable path.
  if (absl::IsNotFound(info.status()) && parent != directory && parent != ".") {
    TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, parent));
  }
  TM_RETURN_IF_ERROR(files.CreateDirectories(directory));
  // It may have made parents, too, and nobody knows which.
  if (!info.ok() && !absl::IsNotFound(info.status())) return info.status();
  absl::Status synced = files.SyncDirectory(parent);
  // On purpose: a directory that was given to us may lie in one that we may not read.
  if (info.ok() && absl::IsPermissionDenied(synced)) return absl::OkStatus();
  return synced;
}

absl::Status CopyFile(Files& files, const std::string& from, const std::string& to) {
  constexpr size_t kChunkBytes = size_t{1} << 20;
  TM_ASSIGN_OR_RETURN(auto source, files.OpenRead(from));
  TM_ASSIGN_OR_RETURN(auto target, files.OpenAppend(to));
  std::string chunk;
  for (uint64_t offset = 0;; offset += chunk.size()) {
    TM_RETURN_IF_ERROR(source->Read(offset, kChunkBytes, chunk));
    if (chunk.empty()) break;
    TM_RETURN_IF_ERROR(target->Append(chunk));
  }
  return target->Sync();
}

absl::StatusOr<bool> Exists(Files& files, const std::string& path) {
  const absl::Status found = files.Stat(path).status();
  if (!found.ok() && !absl::IsNotFound(found)) return found;
  return found.ok();
}

// Removing comes before looking: a look would follow a symbolic link, and what it leads to is not
// ours.
absl::Status RemoveTree(Files& files, const std::string& path) {
  const absl::Status removed = files.Remove(path);
  if (removed.ok() || absl::IsNotFound(removed)) return absl::OkStatus();
  const auto info = files.Stat(path);
  if (absl::IsPermissionDenied(removed) || !info.ok() || !info->is_directory) return removed;
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(path));
  for (const std::string& name : names) {
    TM_RETURN_IF_ERROR(RemoveTree(files, JoinPath(path, name)));
  }
  return files.Remove(path);
}

std::string ParentDirectory(std::string_view path) {
  const size_t slash = path.find_last_of('/');
  if (slash == std::string_view::npos) return ".";
  if (slash == 0) return "/";
  return std::string(path.substr(0, slash));
}

std::string JoinPath(std::string_view directory, std::string_view name) {
  if (directory.empty() || directory.back() == '/') return Cat(directory, name);
  return Cat(directory, "/", name);
}

}  // namespace tidemark
