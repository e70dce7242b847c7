#include "connectors/file/file_sink.h"

#include "base/real_path.h"
#include "connectors/file/special_file.h"
#include "connectors/file/take_file.h"

namespace tidemark {
namespace {

absl::Status RefuseSpecial(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of an output is empty");
  const auto kind = SpecialFile(path);
  if (!kind) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat(path, ": is ", *kind,
          ", which cannot be truncated after a crash; write to a file or to standard output"));
}

}  // namespace

absl::Status CutBackFile::Check(const std::string& path, const std::optional<Position>& resume,
                                const SinkContext& context) {
  if (FollowLinks(path) == "/dev/null") return CommittedIn(resume).status();
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const FoundFile found, FindFile(path, resume, context));
  TM_RETURN_IF_ERROR(context.claim({.name = RealPath(found.facts.path),
                                    .file = found.facts.path,
                                    .beside = {OwnerPath(found.facts.path)}}));
  return PlanSink(found.facts).refusal;
}

absl::StatusOr<std::unique_ptr<CutBackFile>> CutBackFile::Open(
    const std::string& path, const std::optional<Position>& resume, const SinkContext& context) {
  Files& files = *context.files;
  if (FollowLinks(path) == "/dev/null") {
    TM_ASSIGN_OR_RETURN(const auto committed, CommittedIn(resume));
    SinkPlan plan;
    if (committed.has_value()) plan.length_bytes = committed->bytes;
    return std::unique_ptr<CutBackFile>(new CutBackFile("/dev/null", context, plan));
  }
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const FoundFile found, FindFile(path, resume, context));
  const std::string& file = found.facts.path;
  SinkPlan plan = PlanSink(found.facts);
  TM_RETURN_IF_ERROR(plan.refusal);

  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, ParentDirectory(file)));
  TM_RETURN_IF_ERROR(TakeFile(found, plan, context));
  std::unique_ptr<CutBackFile> sink(new CutBackFile(file, context, plan));
  TM_ASSIGN_OR_RETURN(sink->file_, files.OpenAppend(file));
  TM_ASSIGN_OR_RETURN(sink->synced_file_, files.OpenAppend(file));
  TM_ASSIGN_OR_RETURN(const FileInfo info, sink->file_->Info());
  sink->inode_ = info.inode;
  if (!context.state_directory.empty()) sink->real_path_ = RealPath(file);
  if (plan.owner.has_value()) {
    sink->note_ = std::make_shared<OwnerNote>(files, file, *plan.owner);
    sink->has_undo_ = plan.owner->undo_kind != SinkOwner::Undo::kNone;
  }
  if (info.size_bytes != plan.length_bytes) {
    TM_RETURN_IF_ERROR(sink->file_->Truncate(plan.length_bytes));
    TM_RETURN_IF_ERROR(sink->file_->Sync());
    if (resume.has_value()) {
      context.say(Cat(file, ": truncated from ", info.size_bytes, " to ", plan.length_bytes,
                      " bytes", WhatWasCut(found.facts, plan)));
    }
  }
  return sink;
}

CutBackFile::CutBackFile(std::string path, const SinkContext& context, const SinkPlan& plan)
    : path_(std::move(path)),
      files_(context.files),
      run_line_(context.run_line),
      sink_(context.sink),
      generation_(plan.generation),
      bytes_(plan.length_bytes),
      epoch_bytes_(plan.length_bytes),
      durable_bytes_(plan.length_bytes) {}

absl::Status CutBackFile::Flush() {
  if (file_ != nullptr && !buffer_.empty()) TM_RETURN_IF_ERROR(file_->Append(buffer_));
  bytes_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

// Somebody has moved the file away. What of it was not committed comes again, so it is taken out of
// that file, if nobody else has changed it.
absl::Status CutBackFile::LostFile() const {
  const absl::StatusOr<FileInfo> info = file_->Info();
  if (info.ok() && info->size_bytes == bytes_ && bytes_ > epoch_bytes_) {
    file_->Truncate(epoch_bytes_).IgnoreError();  // on purpose: --new-output says what to do then
  }
  return absl::FailedPreconditionError(
      Cat(path_, ": was moved away, removed or replaced while this job writes to it; put it back, ",
          "or begin a new file with --new-output ", ShellWord(sink_)));
}

absl::Status CutBackFile::CheckOnlyWriter() const {
  const absl::StatusOr<FileInfo> info = files_->Stat(path_);
  if (absl::IsNotFound(info.status()) || (info.ok() && info->inode != inode_)) return LostFile();
  TM_RETURN_IF_ERROR(info.status());
  if (info->size_bytes == bytes_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(path_, ": is ", info->size_bytes, " bytes long, but this sink made it ", bytes_,
          "; another sink of this job or another program writes to it"));
}

absl::StatusOr<EpochOutput> CutBackFile::EndEpoch(Epoch epoch) {
  TM_RETURN_IF_ERROR(Flush());
  EpochOutput output;
  output.position.Set("bytes", static_cast<int64_t>(bytes_)).Set("run_line", run_line_);
  if (generation_ > 0) output.position.Set("generation", static_cast<int64_t>(generation_));
  if (!real_path_.empty()) output.position.Set("path", real_path_);
  if (file_ == nullptr) return output;
  TM_RETURN_IF_ERROR(CheckOnlyWriter());
  if (note_ != nullptr && (bytes_ != epoch_bytes_ || has_undo_)) {
    output.committed = [note = note_, epoch, bytes = bytes_] {
      return note->Committed(epoch, bytes);
    };
    has_undo_ = false;
  }
  epoch_bytes_ = bytes_;
  if (bytes_ != durable_bytes_ || !directory_durable_) {
    const bool sync_directory = !directory_durable_;
    output.make_durable = [file = synced_file_, files = files_, path = path_,
                           sync_directory]() -> absl::Status {
      TM_RETURN_IF_ERROR(file->Sync());
      return sync_directory ? files->SyncDirectory(ParentDirectory(path)) : absl::OkStatus();
    };
    durable_bytes_ = bytes_;
    directory_durable_ = true;
  }
  return output;
}

LineEncoder<std::string> TextEncoder() {
  return [](const std::string& line, std::string& out) { out += line; };
}

Sink<std::string> LineFile(std::string path) {
  return LineFile<std::string>(std::move(path), TextEncoder());
}

}  // namespace tidemark
