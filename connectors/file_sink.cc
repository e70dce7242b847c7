#include "connectors/file_sink.h"

#include "base/real_path.h"
#include "connectors/special_file.h"

namespace tidemark {
namespace {

absl::StatusOr<std::optional<SinkFacts::Committed>> CommittedIn(
    const std::optional<Position>& resume) {
  if (!resume.has_value()) return std::nullopt;
  const auto bytes = resume->Number("bytes");
  const auto run_line = resume->Text("run_line");
  const int64_t generation = resume->Number("generation").value_or(0);
  if (!bytes || !run_line || *bytes < 0 || generation < 0) {
    return absl::FailedPreconditionError(
        "the stored position is not that of a file; if this sink was another one before, give it "
        "back what it was and the new one a name of its own, or start over with --fresh");
  }
  return SinkFacts::Committed{.bytes = static_cast<uint64_t>(*bytes),
                              .run_line = *run_line,
                              .generation = static_cast<uint64_t>(generation)};
}

absl::Status RefuseSpecial(const std::string& path) {
  if (path.empty()) return absl::InvalidArgumentError("the path of an output is empty");
  const auto kind = SpecialFile(path);
  if (!kind) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat(path, ": is ", *kind,
          ", which cannot be cut back after a crash; write to a file or to standard output"));
}

// A file and its owner's name, found at `path` or beside the link that leads to it.
struct Found {
  SinkFacts facts;
  std::string owner_beside;  // the path whose owner file was read
};

absl::Status AddOwner(const std::string& link, const SinkContext& context, Found& found) {
  SinkFacts& facts = found.facts;
  found.owner_beside = facts.path;
  TM_ASSIGN_OR_RETURN(facts.owner, ReadOwner(*context.files, facts.path));
  if (!facts.owner.has_value() && link != facts.path) {
    TM_ASSIGN_OR_RETURN(facts.owner, ReadOwner(*context.files, link));
    if (facts.owner.has_value()) found.owner_beside = link;
  }
  if (!facts.owner.has_value()) return absl::OkStatus();
  facts.owner_state = StateOfOwner(facts.owner->state_directory, context);
  const uint64_t generation = facts.resume.has_value() ? facts.resume->generation : 0;
  const std::string before = JoinPath(ParentDirectory(facts.path), facts.owner->before);
  facts.before_is_there = facts.owner->generation == generation + 1 &&
                          !facts.owner->before.empty() && context.files->Stat(before).ok() &&
                          context.files->Stat(OwnerPath(before)).ok();
  return absl::OkStatus();
}

absl::StatusOr<Found> Gather(const std::string& link, const std::optional<Position>& resume,
                             const SinkContext& context) {
  Found found;
  SinkFacts& facts = found.facts;
  facts = {.path = FollowLinks(link),
           .run_line = context.run_line,
           .replaced_line = context.replaced_line,
           .job = context.job,
           .state_directory = context.state_directory,
           .sink = context.sink,
           .take_over = context.take_over,
           .new_output = context.new_output};
  auto committed = CommittedIn(resume);
  if (!committed.ok()) return Annotate(committed.status(), link);
  facts.resume = *std::move(committed);
  const std::string was_at = resume.has_value() ? resume->Text("path").value_or("") : "";
  if (!was_at.empty() && was_at != RealPath(facts.path)) {
    facts.was_at = was_at;
    facts.is_still_there =
        context.files->Stat(was_at).ok() && context.files->Stat(OwnerPath(was_at)).ok();
  }
  const absl::StatusOr<FileInfo> info = context.files->Stat(facts.path);
  if (info.ok()) {
    if (info->is_directory) {
      return absl::InvalidArgumentError(Cat(link, ": is a directory; name a file in it"));
    }
    facts.size_bytes = info->size_bytes;
  } else if (!absl::IsNotFound(info.status())) {
    return info.status();
  }
  TM_RETURN_IF_ERROR(AddOwner(link, context, found));
  return found;
}

// The first free `<path>.old-N`; an owner file there that an earlier try has left is ours.
absl::StatusOr<std::string> NameAside(Files& files, const SinkFacts& facts) {
  for (int n = 1;; ++n) {
    std::string aside = Cat(facts.path, ".old-", n);
    TM_ASSIGN_OR_RETURN(const bool is_taken, Exists(files, aside));
    if (is_taken) continue;
    TM_ASSIGN_OR_RETURN(const auto owner, ReadOwner(files, aside));
    if (!owner.has_value() || owner == facts.owner) return aside;
  }
}

std::string WhyAside(const SinkFacts& facts, const SinkPlan& plan, const std::string& aside) {
  const std::string moved = Cat(facts.path, ": moved to ", aside);
  if (plan.cut_before.has_value()) {
    return Cat(moved, ", with the ", *plan.cut_before, " bytes that were committed; begins anew");
  }
  const bool says_nothing = facts.owner.has_value() && facts.owner->run_line == facts.run_line;
  return says_nothing ? Cat(moved, "; begins anew")
                      : Cat(moved, ", because it ", DescribeOwner(facts));
}

// First the owner's name is at the new place, then the new owner says what is under way, then the
// file moves: wherever a crash comes, what is at `path` has its owner beside it, and the next start
// knows whether it has moved.
absl::Status MoveAside(const Found& found, SinkPlan& plan, const SinkContext& context) {
  Files& files = *context.files;
  const SinkFacts& facts = found.facts;
  const bool goes_on = facts.owner.has_value() && facts.owner->moving;
  std::string aside = JoinPath(ParentDirectory(facts.path), goes_on ? facts.owner->before : "");
  bool is_named = false;
  if (goes_on) {
    TM_ASSIGN_OR_RETURN(const bool is_taken, Exists(files, aside));
    is_named = !is_taken;
  }
  if (!is_named) {
    TM_ASSIGN_OR_RETURN(aside, NameAside(files, facts));
    if (facts.owner.has_value() && !goes_on) {
      TM_RETURN_IF_ERROR(WriteOwner(files, aside, *facts.owner));
    }
  }
  if (plan.owner.has_value()) {
    plan.owner->before = aside.substr(aside.find_last_of('/') + 1);
    plan.owner->moving = true;
    TM_RETURN_IF_ERROR(WriteOwner(files, facts.path, *plan.owner));
    plan.owner->moving = false;
  }
  TM_RETURN_IF_ERROR(files.Rename(facts.path, aside));
  TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(facts.path)));
  context.say(WhyAside(facts, plan, aside));
  return absl::OkStatus();
}

// What was committed of a file that is not here to be cut back.
void SayBegunElsewhere(const SinkFacts& facts, const SinkPlan& plan, const SinkContext& context) {
  if (!facts.resume.has_value() || plan.generation == facts.resume->generation) return;
  if (facts.owner.has_value() && facts.owner->generation == plan.generation) return;
  const uint64_t bytes = facts.resume->bytes;
  context.say(Cat(facts.path, ": begins anew; ", bytes,
                  " bytes were committed to the file before, wherever it is now; what it has ",
                  "behind them comes again here (truncate -s ", bytes, " FILE cuts that off)"));
}

absl::Status CutBefore(const SinkFacts& facts, uint64_t bytes, Files& files) {
  TM_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(facts.path));
  TM_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.size_bytes == bytes) return absl::OkStatus();
  TM_RETURN_IF_ERROR(file->Truncate(bytes));
  return file->Sync();
}

// Afterwards the file at the path is this job's, or nobody's, and so is the owner file.
absl::Status TakePath(const Found& found, SinkPlan& plan, const SinkContext& context) {
  Files& files = *context.files;
  const SinkFacts& facts = found.facts;
  if (plan.cut_before.has_value()) {
    TM_RETURN_IF_ERROR(CutBefore(facts, *plan.cut_before, files));
  }
  if (plan.move_aside) {
    TM_RETURN_IF_ERROR(MoveAside(found, plan, context));
  } else {
    SayBegunElsewhere(facts, plan, context);
  }
  // The owner comes before the content, so that content is never without its owner.
  const bool is_elsewhere = found.owner_beside != facts.path;
  if (plan.owner.has_value() && (plan.move_aside || is_elsewhere || plan.owner != facts.owner)) {
    TM_RETURN_IF_ERROR(WriteOwner(files, facts.path, *plan.owner));
  }
  if (facts.owner.has_value() && (!plan.owner.has_value() || is_elsewhere)) {
    TM_RETURN_IF_ERROR(files.Remove(OwnerPath(found.owner_beside)));
  }
  return absl::OkStatus();
}

}  // namespace

absl::Status CutBackFile::Check(const std::string& path, const std::optional<Position>& resume,
                                const SinkContext& context) {
  if (FollowLinks(path) == "/dev/null") return CommittedIn(resume).status();
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const Found found, Gather(path, resume, context));
  TM_RETURN_IF_ERROR(context.claim(RealPath(found.facts.path)));
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
  TM_ASSIGN_OR_RETURN(const Found found, Gather(path, resume, context));
  const std::string& file = found.facts.path;
  SinkPlan plan = PlanSink(found.facts);
  TM_RETURN_IF_ERROR(plan.refusal);

  TM_RETURN_IF_ERROR(CreateDirectoriesDurably(files, ParentDirectory(file)));
  TM_RETURN_IF_ERROR(TakePath(found, plan, context));
  std::unique_ptr<CutBackFile> sink(new CutBackFile(file, context, plan));
  TM_ASSIGN_OR_RETURN(sink->file_, files.OpenAppend(file));
  TM_ASSIGN_OR_RETURN(sink->synced_file_, files.OpenAppend(file));
  TM_ASSIGN_OR_RETURN(const FileInfo info, sink->file_->Info());
  sink->inode_ = info.inode;
  if (!context.state_directory.empty()) sink->real_path_ = RealPath(file);
  if (info.size_bytes != plan.length_bytes) {
    TM_RETURN_IF_ERROR(sink->file_->Truncate(plan.length_bytes));
    TM_RETURN_IF_ERROR(sink->file_->Sync());
    if (resume.has_value()) {
      context.say(Cat(file, ": cut back from ", info.size_bytes, " to ", plan.length_bytes,
                      " bytes; the rest had not been committed"));
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

absl::StatusOr<EpochOutput> CutBackFile::EndEpoch() {
  TM_RETURN_IF_ERROR(Flush());
  EpochOutput output;
  output.position.Set("bytes", static_cast<int64_t>(bytes_)).Set("run_line", run_line_);
  if (generation_ > 0) output.position.Set("generation", static_cast<int64_t>(generation_));
  if (!real_path_.empty()) output.position.Set("path", real_path_);
  if (file_ == nullptr) return output;
  TM_RETURN_IF_ERROR(CheckOnlyWriter());
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
