// OutputClaims: that no two sinks of a run write to one place, and none to what the run reads.
//
// Paths have many names: absolute and relative ones, links to files and to directories, hard links.
// So files are compared by device and inode, and by their real paths, since what goes with an
// output may not be there yet. Asked by every sink before the first one is opened, when nothing has
// been cut or moved.
//
// Thread rule: used by one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "engine/plan.h"
#include "engine/sink_step.h"
#include "engine/source_step.h"
#include "proto/epoch_record.h"

namespace tidemark {

struct InputFile {
  std::string source;
  std::string path;
};

// What the sources of a plan read.
absl::StatusOr<std::vector<InputFile>> InputFiles(const Plan& plan, const SourceContext& context);

// An output that the state's last commit contains.
struct RecordedOutput {
  std::string sink;
  // As in OutputPlace; of a directory of files, the directory.
  std::string name;
  bool is_directory = false;
};
// Of the sinks whose positions say where they wrote.
std::vector<RecordedOutput> RecordedOutputs(const EpochRecord& record);

class OutputClaims {
 public:
  struct Taken {
    std::vector<InputFile> inputs = {};
    // Only the sink that wrote one may continue in it: a file that two sinks exchange would be
    // truncated to the length of the other.
    std::vector<RecordedOutput> recorded = {};
    std::string state_directory = {};  // no output may be in it; empty: the run keeps no state
  };
  OutputClaims(Files& files, Taken taken);

  absl::Status Claim(const OutputPlace& place);

 private:
  using FileId = std::pair<uint64_t, uint64_t>;  // device and inode
  static FileId IdOf(const FileInfo& info) { return {info.device, info.inode}; }
  absl::Status CheckNotOfAnother(const OutputPlace& place) const;
  absl::Status CheckNoInput(const std::string& path, const FileInfo& info) const;
  bool IsState(const std::string& directory) const;
  absl::Status CheckNotInState(const std::string& path) const;
  static absl::Status RefuseTaken(const std::string& path, const std::string& by);

  Files& files_;
  const std::vector<RecordedOutput> recorded_;
  std::map<FileId, InputFile> inputs_;
  std::optional<FileId> state_;  // the run's own
  std::set<std::string> names_;
  std::map<std::string, std::string> paths_taken_;  // by real path: the output that it belongs to
  std::map<FileId, std::string> files_taken_;
};

// As SinkContext::claim.
std::function<absl::Status(const OutputPlace&)> ClaimOutputs(Files& files,
                                                             OutputClaims::Taken taken);

}  // namespace tidemark
