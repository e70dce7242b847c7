// InputPattern: the files of a directory as a job file names them, "logs/*.jsonl".
//
// Only the last part of a path can be a pattern, as in a shell: * ? [a-z]. A path that is the name
// of a file is not one, whatever characters it has.
#pragma once

#include <optional>
#include <string>

namespace tidemark {

struct InputPattern {
  std::string directory;  // "." for the present one
  std::string glob;

  // Nothing if `path` names a single file.
  static std::optional<InputPattern> Of(const std::string& path);
  // True if the file at `path` is one of those. Paths are compared as they are written.
  bool Matches(const std::string& path) const;
};

// True if a part of the path before the last one is a pattern, which cannot be read.
bool HasPatternOfDirectories(const std::string& path);

}  // namespace tidemark
