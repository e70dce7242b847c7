#include "connectors/file/dir_source.h"

#include <fnmatch.h>

#include <algorithm>
#include <set>

namespace tidemark {

bool MatchesGlob(const std::string& glob, const std::string& name) {
  return fnmatch(glob.c_str(), name.c_str(), FNM_PERIOD) == 0;
}

namespace {

// Perhaps none.
absl::StatusOr<std::vector<std::string>> ListMatching(Files& files, const std::string& directory,
                                                      const std::string& glob) {
  const absl::StatusOr<FileInfo> info = files.Stat(directory);
  if (absl::IsNotFound(info.status())) {
    return absl::NotFoundError(Cat(directory, ": input directory does not exist"));
  }
  TM_RETURN_IF_ERROR(info.status());
  if (!info->is_directory) {
    return absl::InvalidArgumentError(
        Cat(directory, ": input directory is not a directory; name a file with a file source"));
  }
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> names, files.List(directory));
  std::vector<std::string> matching;
  for (const std::string& name : names) {
    if (!MatchesGlob(glob, name)) continue;
    const absl::StatusOr<FileInfo> file = files.Stat(JoinPath(directory, name));
    // A link that leads nowhere is listed, so that opening it says which.
    if (file.ok() && file->is_directory) continue;
    matching.push_back(name);
  }
  return matching;
}

}  // namespace

absl::StatusOr<std::vector<std::string>> ListInputFiles(Files& files, const std::string& directory,
                                                        const std::string& glob) {
  TM_ASSIGN_OR_RETURN(std::vector<std::string> matching, ListMatching(files, directory, glob));
  if (matching.empty()) {
    return absl::NotFoundError(Cat(directory, ": no file in it matches '", glob, "'"));
  }
  return matching;
}

absl::StatusOr<std::vector<std::string>> ListLogs(Files& files, const std::string& directory,
                                                  const std::string& glob,
                                                  const std::vector<std::string>& known) {
  TM_ASSIGN_OR_RETURN(std::vector<std::string> names, ListMatching(files, directory, glob));
  std::set<std::string> logs(known.begin(), known.end());
  logs.insert(names.begin(), names.end());
  std::erase_if(names, [&](const std::string& name) {
    for (size_t length = 1; length < name.size(); ++length) {
      const std::string base = name.substr(0, length);
      if (logs.count(base) > 0 && IsRotationOf(name, base)) return true;
    }
    return false;
  });
  return names;
}

Source<CsvRow> DirCsv(DirSourceOptions options, char delimiter) {
  return Source<CsvRow>(
      std::make_shared<DirSource<CsvRow>>(std::move(options), CsvOpener(delimiter)));
}

}  // namespace tidemark
