#include "connectors/file/dir_sink.h"

#include "base/files.h"
#include "base/real_path.h"

namespace tidemark {
namespace {

constexpr size_t kFilesMax = 256;  // each takes two descriptors and a buffer

std::string PartName(size_t i) { return Cat("part_", i); }

std::string GenerationName(size_t i) { return Cat("generation_", i); }

std::string PartPath(const DirSinkOptions& options, size_t i) {
  return JoinPath(options.path, PartName(i));
}

std::optional<Position> PartPosition(const std::optional<Position>& resume, size_t i) {
  std::optional<Position> part;
  if (!resume.has_value()) return part;
  part.emplace().Set("run_line", *resume->Text("run_line"));
  if (const auto bytes = resume->Number(PartName(i))) part->Set("bytes", *bytes);
  if (const auto generation = resume->Number(GenerationName(i))) {
    part->Set("generation", *generation);
  }
  return part;
}

absl::Status CheckResume(const DirSinkOptions& options, const Position& resume) {
  const auto files = resume.Number("files");
  if (!files || !resume.Text("run_line")) {
    return absl::FailedPreconditionError(
        Cat(options.path,
            ": the stored position is not that of a directory; if this sink was another "
            "one before, give it back what it was and the new one a name of its own, or start over "
            "with --fresh"));
  }
  if (*files == static_cast<int64_t>(options.file_count)) return absl::OkStatus();
  return absl::FailedPreconditionError(Cat(options.path, ": was written as ", *files,
                                           " files and cannot continue as ", options.file_count,
                                           "; give the old number, or start over with --fresh"));
}

// The whole directory is elsewhere: the files are not each looked for on their own.
absl::Status CheckNotElsewhere(const DirSinkOptions& options, const Position& resume,
                               const SinkContext& context) {
  const std::string was_at = resume.Text("path").value_or("");
  if (was_at.empty() || was_at == RealPath(options.path) || context.new_output) {
    return absl::OkStatus();
  }
  if (*resume.Text("run_line") != context.run_line) return absl::OkStatus();  // a fork begins anew
  Files& files = *context.files;
  TM_ASSIGN_OR_RETURN(const bool is_here, Exists(files, PartPath(options, 0)));
  if (is_here) return absl::OkStatus();
  const std::string to = ShellWord(options.path);
  const std::string ways = files.Stat(JoinPath(was_at, PartName(0))).ok()
                               ? Cat("continue in it here after: mkdir -p ", to, " && mv ",
                                     ShellWord(was_at), "/part_* ", to, "/; or")
                               : std::string("put its files back; or");
  return absl::DataLossError(Cat(options.path, ": has none of the files that were written; this ",
                                 "output was ", was_at, " before; ", ways, " --new-output ",
                                 ShellWord(context.sink), " to begin new files with the state ",
                                 "kept"));
}

std::function<absl::Status()> OneAfterTheOther(std::vector<std::function<absl::Status()>> calls) {
  return [calls = std::move(calls)]() -> absl::Status {
    for (const auto& call : calls) TM_RETURN_IF_ERROR(call());
    return absl::OkStatus();
  };
}

}  // namespace

absl::Status CutBackDir::Check(const DirSinkOptions& options, const std::optional<Position>& resume,
                               const SinkContext& context) {
  if (options.file_count < 1 || options.file_count > kFilesMax) {
    return absl::InvalidArgumentError(Cat(options.path, ": a directory sink has 1 to ", kFilesMax,
                                          " files, not ", options.file_count));
  }
  if (resume.has_value()) {
    TM_RETURN_IF_ERROR(CheckResume(options, *resume));
    TM_RETURN_IF_ERROR(CheckNotElsewhere(options, *resume, context));
  }
  for (size_t i = 0; i < options.file_count; ++i) {
    TM_RETURN_IF_ERROR(CutBackFile::Check(PartPath(options, i), PartPosition(resume, i), context));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::unique_ptr<CutBackDir>> CutBackDir::Open(const DirSinkOptions& options,
                                                             const std::optional<Position>& resume,
                                                             const SinkContext& context) {
  SinkContext claimed = context;
  claimed.claim = [](const OutputPlace&) { return absl::OkStatus(); };
  TM_RETURN_IF_ERROR(Check(options, resume, claimed));
  std::unique_ptr<CutBackDir> dir(new CutBackDir());
  dir->run_line_ = context.run_line;
  for (size_t i = 0; i < options.file_count; ++i) {
    TM_ASSIGN_OR_RETURN(auto file,
                        CutBackFile::Open(PartPath(options, i), PartPosition(resume, i), context));
    dir->files_.push_back(std::move(file));
  }
  if (!context.state_directory.empty()) dir->real_path_ = RealPath(options.path);
  return dir;
}

absl::StatusOr<EpochOutput> CutBackDir::EndEpoch(Epoch epoch) {
  EpochOutput output;
  output.position.Set("files", static_cast<int64_t>(files_.size())).Set("run_line", run_line_);
  if (!real_path_.empty()) output.position.Set("path", real_path_);
  std::vector<std::function<absl::Status()>> parts, notes;
  for (size_t i = 0; i < files_.size(); ++i) {
    TM_ASSIGN_OR_RETURN(EpochOutput part, files_[i]->EndEpoch(epoch));
    output.position.Set(PartName(i), *part.position.Number("bytes"));
    if (const auto generation = part.position.Number("generation")) {
      output.position.Set(GenerationName(i), *generation);
    }
    if (part.make_durable) parts.push_back(std::move(part.make_durable));
    if (part.committed) notes.push_back(std::move(part.committed));
  }
  if (!parts.empty()) output.make_durable = OneAfterTheOther(std::move(parts));
  if (!notes.empty()) output.committed = OneAfterTheOther(std::move(notes));
  return output;
}

}  // namespace tidemark
