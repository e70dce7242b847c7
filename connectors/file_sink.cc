#include "connectors/file_sink.h"

#include "connectors/special_file.h"

namespace tidemark {
namespace {

absl::StatusOr<std::optional<SinkFacts::Committed>> CommittedIn(
    const std::optional<Position>& resume) {
  if (!resume.has_value()) return std::nullopt;
  const auto bytes = resume->Number("bytes");
  const auto run_line = resume->Text("run_line");
  if (!bytes || !run_line || *bytes < 0) {
    return absl::FailedPreconditionError(
        "the stored position is not that of a file; was this sink another one before? Start over "
        "with --fresh");
  }
  return SinkFacts::Committed{.bytes = static_cast<uint64_t>(*bytes), .run_line = *run_line};
}

absl::Status RefuseSpecial(const std::string& path) {
  const auto kind = SpecialFile(path);
  if (!kind) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat(path, ": is ", *kind,
          ", which cannot be cut back after a crash; write to a file or to standard output"));
}

absl::StatusOr<SinkFacts> GatherFacts(const std::string& path,
                                      const std::optional<Position>& resume,
                                      const SinkContext& context) {
  SinkFacts facts{
      .path = path, .run_line = context.run_line, .replaced_line = context.replaced_line};
  auto committed = CommittedIn(resume);
  if (!committed.ok()) return Annotate(committed.status(), path);
  facts.resume = *std::move(committed);
  const absl::StatusOr<FileInfo> info = context.files->Stat(path);
  if (info.ok()) {
    if (info->is_directory) {
      return absl::InvalidArgumentError(Cat(path, ": is a directory; name a file in it"));
    }
    facts.size_bytes = info->size_bytes;
  } else if (!absl::IsNotFound(info.status())) {
    return info.status();
  }
  TM_ASSIGN_OR_RETURN(facts.owner, ReadOwner(*context.files, path));
  return facts;
}

// To the first free `<path>.old-N`. The file goes before its owner's name: a crash between the two
// then leaves nothing at `path` that could be taken for nobody's and replaced.
absl::Status MoveAside(const SinkFacts& facts, const SinkContext& context) {
  Files& files = *context.files;
  std::string aside;
  for (int n = 1;; ++n) {
    aside = Cat(facts.path, ".old-", n);
    TM_ASSIGN_OR_RETURN(const bool file_there, Exists(files, aside));
    TM_ASSIGN_OR_RETURN(const bool owner_there, Exists(files, OwnerPath(aside)));
    if (!file_there && !owner_there) break;
  }
  TM_RETURN_IF_ERROR(files.Rename(facts.path, aside));
  if (facts.owner.has_value()) {
    TM_RETURN_IF_ERROR(files.Rename(OwnerPath(facts.path), OwnerPath(aside)));
  }
  TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(facts.path)));
  context.say(Cat(facts.path, ": moved to ", aside, ", because it ",
                  !facts.owner.has_value() ? std::string("was there before this job")
                  : facts.owner->run_line.empty()
                      ? std::string("belongs to an unknown job")
                      : Cat("belongs to run line ", facts.owner->run_line)));
  return absl::OkStatus();
}

}  // namespace

absl::Status CutBackFile::Check(const std::string& path, const std::optional<Position>& resume,
                                const SinkContext& context) {
  if (path == "/dev/null") return CommittedIn(resume).status();
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const SinkFacts facts, GatherFacts(path, resume, context));
  return PlanSink(facts).refusal;
}

absl::StatusOr<std::unique_ptr<CutBackFile>> CutBackFile::Open(
    const std::string& path, const std::optional<Position>& resume, const SinkContext& context) {
  Files& files = *context.files;
  if (path == "/dev/null") {
    TM_ASSIGN_OR_RETURN(const auto committed, CommittedIn(resume));
    return std::unique_ptr<CutBackFile>(
        new CutBackFile(path, context, committed.has_value() ? committed->bytes : 0));
  }
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const SinkFacts facts, GatherFacts(path, resume, context));
  const SinkPlan plan = PlanSink(facts);
  TM_RETURN_IF_ERROR(plan.refusal);

  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, ParentDirectory(path)));
  if (plan.move_aside) TM_RETURN_IF_ERROR(MoveAside(facts, context));
  // The owner comes before the content, so that content is never without its owner.
  const std::optional<SinkOwner> owner = plan.move_aside ? std::nullopt : facts.owner;
  if (plan.owner.has_value() && plan.owner != owner) {
    TM_RETURN_IF_ERROR(WriteOwner(files, path, *plan.owner));
  } else if (owner.has_value() && !plan.owner.has_value()) {
    TM_RETURN_IF_ERROR(files.Remove(OwnerPath(path)));
  }
  std::unique_ptr<CutBackFile> sink(new CutBackFile(path, context, plan.length_bytes));
  TM_ASSIGN_OR_RETURN(sink->file_, files.OpenAppend(path));
  TM_ASSIGN_OR_RETURN(sink->synced_file_, files.OpenAppend(path));
  TM_ASSIGN_OR_RETURN(const FileInfo info, sink->file_->Info());
  sink->inode_ = info.inode;
  if (info.size_bytes != plan.length_bytes) {
    TM_RETURN_IF_ERROR(sink->file_->Truncate(plan.length_bytes));
    TM_RETURN_IF_ERROR(sink->file_->Sync());
    if (resume.has_value()) {
      context.say(Cat(path, ": cut back from ", info.size_bytes, " to ", plan.length_bytes,
                      " bytes; the rest had not been committed"));
    }
  }
  return sink;
}

CutBackFile::CutBackFile(std::string path, const SinkContext& context, uint64_t bytes)
    : path_(std::move(path)),
      files_(context.files),
      run_line_(context.run_line),
      bytes_(bytes),
      durable_bytes_(bytes) {}

absl::Status CutBackFile::Flush() {
  if (file_ != nullptr && !buffer_.empty()) TM_RETURN_IF_ERROR(file_->Append(buffer_));
  bytes_ += buffer_.size();
  buffer_.clear();
  return absl::OkStatus();
}

absl::Status CutBackFile::CheckOnlyWriter() const {
  const absl::StatusOr<FileInfo> info = files_->Stat(path_);
  if (absl::IsNotFound(info.status()) || (info.ok() && info->inode != inode_)) {
    return absl::FailedPreconditionError(
        Cat(path_, ": was removed or replaced while this job writes to it"));
  }
  TM_RETURN_IF_ERROR(info.status());
  if (info->size_bytes == bytes_) return absl::OkStatus();
  return absl::FailedPreconditionError(
      Cat(path_, ": is ", info->size_bytes, " bytes long, but this sink made it ", bytes_,
          "; another sink of this job or another program writes to it"));
}

absl::StatusOr<EpochOutput> CutBackFile::EndEpoch() {
  TM_RETURN_IF_ERROR(Flush());
  EpochOutput output;
  output.position.Set("bytes", static_cast<int64_t>(bytes_)).Set("run_line", run_line_);
  if (file_ == nullptr) return output;
  TM_RETURN_IF_ERROR(CheckOnlyWriter());
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
