// DirLines: the files of a directory as a source, each file a partition.
//
//   flow.From("logs", DirLines<std::string>({.path = "logs", .glob = "*.log"}, TextDecoder()));
//
// Partitions are the names of the files that match when the run starts; subdirectories are left
// out, and hidden files unless the glob begins with a dot. A resumed run reads new files from their
// beginning and continues in the others; there is no order between files. On resume each file is
// checked like a single one (file_input.h).
//
// With `files.follow` files may come, grow, be rotated (follow_partition.h) and go, and the input
// has no end. A new file is found within a second. A removed one is read to its end, as far as it
// can be, and forgotten. Rotated files that match the glob are read with their log, oldest first,
// when the log is read for the first time. On resume a file that was removed before it had been
// read to its end is refused.
//
//   flow.From("web", DirLines<std::string>(
//       {.path = "logs", .glob = "*.log", .files = {.follow = true}}, TextDecoder()));
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "base/status.h"
#include "connectors/file/csv_source.h"
#include "connectors/file/file_input.h"
#include "connectors/file/line_file_source.h"
#include "connectors/rows/lines.h"
#include "tidemark/source.h"

namespace tidemark {

struct DirSourceOptions {
  std::string path;
  std::string glob = "*";  // as in a shell: *, ?, [a-z]
  // For every file; its path is replaced.
  FileSourceOptions files = {};
};

// The names in `directory` that are partitions, sorted; an error if there are none.
absl::StatusOr<std::vector<std::string>> ListInputFiles(Files& files, const std::string& directory,
                                                        const std::string& glob);

bool MatchesGlob(const std::string& glob, const std::string& name);

// The same for a directory that is followed, in which there may be none yet: a rotated file of a
// log that is there, or is known, belongs to that log and is not listed.
absl::StatusOr<std::vector<std::string>> ListLogs(Files& files, const std::string& directory,
                                                  const std::string& glob,
                                                  const std::vector<std::string>& known);

// `open` opens one file, as for FileSource.
template <class T>
class DirSource final : public SourceFactory<T> {
 public:
  using Opener = typename FileSource<T>::Opener;

  DirSource(DirSourceOptions options, Opener open)
      : options_(std::move(options)), open_(std::move(open)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) override {
    if (follows()) return ListLogs(*context.files, options_.path, options_.glob, {});
    return ListInputFiles(*context.files, options_.path, options_.glob);
  }
  absl::StatusOr<PartitionList> Discover(const std::vector<std::string>& known,
                                         const SourceContext& context) override {
    if (!follows()) return SourceFactory<T>::Discover(known, context);
    PartitionList list{.names = {}, .is_final = false};
    TM_ASSIGN_OR_RETURN(list.names, ListLogs(*context.files, options_.path, options_.glob, known));
    return list;
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string& partition,
                                                           const std::optional<Position>& resume,
                                                           const SourceContext& context) override {
    if (follows()) {
      return FollowPartition<T>::Open(File(partition), open_, Rules(), resume, context);
    }
    return open_(File(partition), resume, context);
  }
  absl::StatusOr<std::string> Preview(const std::string& partition,
                                      const std::optional<Position>& resume,
                                      const SourceContext& context) override {
    if (follows()) return PreviewLog<T>(File(partition), open_, Rules(), resume, context);
    return PreviewFile<T>(File(partition), open_, resume, context);
  }
  absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(std::vector<std::string> names, Partitions(context));
    for (std::string& name : names) name = JoinPath(options_.path, name);
    return names;
  }
  std::string Describe() const override {
    return Cat("directory ", JoinPath(options_.path, options_.glob), follows() ? ", followed" : "");
  }

 private:
  bool follows() const { return options_.files.follow; }
  FollowRules Rules() const {
    return {.reads_older =
                [glob = options_.glob](const std::string& name) { return MatchesGlob(glob, name); },
            .ends_when_removed = true};
  }
  FileSourceOptions File(const std::string& partition) const {
    FileSourceOptions file = options_.files;
    file.path = JoinPath(options_.path, partition);
    return file;
  }

  const DirSourceOptions options_;
  const Opener open_;
};

template <class T>
Source<T> DirLines(DirSourceOptions options, LineDecoder<T> decode) {
  return Source<T>(
      std::make_shared<DirSource<T>>(std::move(options), LinesOpener<T>(std::move(decode))));
}

Source<CsvRow> DirCsv(DirSourceOptions options, char delimiter = ',');

}  // namespace tidemark
