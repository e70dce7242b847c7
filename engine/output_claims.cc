#include "engine/output_claims.h"

#include <memory>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/real_path.h"
#include "base/status.h"
#include "engine/position.h"

namespace tidemark {

absl::StatusOr<std::vector<InputFile>> InputFiles(const Plan& plan, const SourceContext& context) {
  std::vector<InputFile> inputs;
  for (const StepPlan& step : plan.steps) {
    if (step.source == nullptr) continue;
    const auto paths = step.source->FilesRead(context);
    if (!paths.ok()) return Annotate(paths.status(), StepWord(step));
    for (const std::string& path : *paths) inputs.push_back({.source = step.name, .path = path});
  }
  return inputs;
}

std::vector<RecordedOutput> RecordedOutputs(const EpochRecord& record) {
  std::vector<RecordedOutput> outputs;
  for (const SinkRecord& sink : record.sinks) {
    const Position position(sink.position);
    const std::optional<std::string> path = position.Text("path");
    if (!path.has_value()) continue;
    const std::optional<std::string> table = position.Text("table");
    outputs.push_back(
        {.sink = sink.step,
         .name = table ? Cat(*path, ", table '", ToStd(absl::AsciiStrToLower(ToAbsl(*table))), "'")
                       : *path,
         .is_directory = position.Number("files").has_value()});
  }
  return outputs;
}

OutputClaims::OutputClaims(Files& files, Taken taken)
    : files_(files), recorded_(std::move(taken.recorded)) {
  if (!taken.state_directory.empty()) {
    const auto state = files.Stat(taken.state_directory);
    if (state.ok()) state_ = IdOf(*state);
  }
  for (const InputFile& input : taken.inputs) {
    const auto info = files.Stat(input.path);
    if (info.ok() && !info->is_directory) inputs_.emplace(IdOf(*info), input);
  }
}

absl::Status OutputClaims::CheckNotOfAnother(const OutputPlace& place) const {
  if (place.sink.empty()) return absl::OkStatus();
  for (const RecordedOutput& output : recorded_) {
    const std::string there = output.is_directory ? ParentDirectory(place.name) : place.name;
    if (there != output.name || output.sink == place.sink) continue;
    const bool is_file = place.name == RealPath(place.file);
    return absl::FailedPreconditionError(
        Cat(is_file ? place.file : place.name, ": is the output of sink '", output.sink,
            "' of this job, and sink '", place.sink, "' would overwrite it; name this sink '",
            output.sink, "' again, or give it another output"));
  }
  return absl::OkStatus();
}

absl::Status OutputClaims::CheckNoInput(const std::string& path, const FileInfo& info) const {
  const auto found = inputs_.find(IdOf(info));
  if (found == inputs_.end()) return absl::OkStatus();
  const InputFile& input = found->second;
  return absl::InvalidArgumentError(
      Cat(path, ": is ", path == input.path ? "" : Cat(input.path, " by another name, and "),
          "read by source '", input.source, "', and would be overwritten; name another file"));
}

bool OutputClaims::IsState(const std::string& directory) const {
  if (state_.has_value()) {
    const auto info = files_.Stat(directory);
    if (info.ok() && IdOf(*info) == *state_) return true;
  }
  // Another job's.
  return files_.Stat(JoinPath(directory, "LOCK")).ok() &&
         files_.Stat(JoinPath(directory, "store")).ok();
}

absl::Status OutputClaims::CheckNotInState(const std::string& path) const {
  for (std::string above = ParentDirectory(RealPath(path));; above = ParentDirectory(above)) {
    if (IsState(above)) {
      return absl::InvalidArgumentError(
          Cat(path, ": is in the state directory ", above, "; name a file elsewhere"));
    }
    if (above == "/" || above == "." || above.empty()) return absl::OkStatus();
  }
}

absl::Status OutputClaims::RefuseTaken(const std::string& path, const std::string& by) {
  return absl::InvalidArgumentError(
      Cat(path, ": belongs to ", by,
          ", to which another sink of this job writes; give each an output of its own"));
}

absl::Status OutputClaims::Claim(const OutputPlace& place) {
  if (!names_.insert(place.name).second) {
    return absl::InvalidArgumentError(
        Cat(place.name, ": another sink of this job writes to it; give each an output of its own"));
  }
  TM_RETURN_IF_ERROR(CheckNotOfAnother(place));
  TM_RETURN_IF_ERROR(CheckNotInState(place.file));
  std::vector<std::string> paths = place.beside;
  paths.insert(paths.begin(), place.file);
  const std::string file = RealPath(place.file);
  for (const std::string& path : paths) {
    const auto [same, is_free] = paths_taken_.emplace(RealPath(path), file);
    if (!is_free && same->second != file) return RefuseTaken(path, same->second);
    const auto info = files_.Stat(path);
    if (!info.ok() || info->is_directory) continue;  // nothing that could be overwritten
    TM_RETURN_IF_ERROR(CheckNoInput(path, *info));
    const auto [other, is_new] = files_taken_.emplace(IdOf(*info), file);
    if (!is_new && other->second != file) return RefuseTaken(path, other->second);
  }
  return absl::OkStatus();
}

std::function<absl::Status(const OutputPlace&)> ClaimOutputs(Files& files,
                                                             OutputClaims::Taken taken) {
  return [claims = std::make_shared<OutputClaims>(files, std::move(taken))](
             const OutputPlace& place) { return claims->Claim(place); };
}

}  // namespace tidemark
