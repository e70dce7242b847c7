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
  // The owner file says that a start took this file and has come to nothing: what the facts say is
  // how things stand once it is undone.
  std::optional<SinkOwner> undone;
};

// Its start was abandoned, or its state is gone; and what it took was ours, or anybody's whose
// state this is.
absl::StatusOr<bool> CameToNothing(const SinkOwner& owner, const std::optional<SinkOwner>& before,
                                   const SinkContext& context) {
  if (owner.run_line == context.run_line) return false;
  if (owner.run_line == context.abandoned_line) return true;
  return before.has_value() && before->run_line == context.run_line &&
         StateOfOwner(owner.state_directory, context) == OwnerState::kGone;
}

absl::Status AddUndone(const SinkContext& context, Found& found) {
  SinkFacts& facts = found.facts;
  if (!facts.owner.has_value() || facts.owner->undo_kind == SinkOwner::Undo::kNone) {
    return absl::OkStatus();
  }
  const std::string kept = UndoPath(facts.path, *facts.owner);
  TM_ASSIGN_OR_RETURN(const auto before, ReadOwner(*context.files, kept));
  TM_ASSIGN_OR_RETURN(const bool is_undone, CameToNothing(*facts.owner, before, context));
  if (!is_undone) return absl::OkStatus();
  const absl::StatusOr<FileInfo> info = context.files->Stat(kept);
  if (!info.ok() && !absl::IsNotFound(info.status())) return info.status();
  found.undone = facts.owner;
  if (info.ok() && facts.owner->undo_kind == SinkOwner::Undo::kTail) {
    facts.size_bytes = facts.owner->from_bytes + info->size_bytes;
  } else if (info.ok()) {
    facts.size_bytes = info->size_bytes;  // else it has not been moved
  }
  facts.owner = before;
  return absl::OkStatus();
}

absl::Status AddOwner(const std::string& link, const SinkContext& context, Found& found) {
  SinkFacts& facts = found.facts;
  found.owner_beside = facts.path;
  TM_ASSIGN_OR_RETURN(facts.owner, ReadOwner(*context.files, facts.path));
  if (!facts.owner.has_value() && link != facts.path) {
    TM_ASSIGN_OR_RETURN(facts.owner, ReadOwner(*context.files, link));
    if (facts.owner.has_value()) found.owner_beside = link;
  }
  TM_RETURN_IF_ERROR(AddUndone(context, found));
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
           .resume_epoch = context.resume_epoch,
           .went_back_from = context.went_back_from,
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

std::string FileName(const std::string& path) { return path.substr(path.find_last_of('/') + 1); }

// The first free `<path>.old-N`; an owner file there that an earlier try has left is ours.
absl::StatusOr<std::string> NameAside(Files& files, const SinkFacts& facts, const char* what) {
  for (int n = 1;; ++n) {
    std::string aside = Cat(facts.path, ".", what, "-", n);
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
  const bool replaces =
      plan.owner.has_value() && plan.owner->undo_kind == SinkOwner::Undo::kReplaced;
  const bool goes_on = facts.owner.has_value() && facts.owner->moving;
  std::string aside = JoinPath(ParentDirectory(facts.path), goes_on ? facts.owner->before : "");
  bool is_named = false;
  if (goes_on) {
    TM_ASSIGN_OR_RETURN(const bool is_taken, Exists(files, aside));
    is_named = !is_taken;
  }
  if (!is_named) {
    TM_ASSIGN_OR_RETURN(aside, NameAside(files, facts, replaces ? "replaced" : "old"));
    if (facts.owner.has_value() && !goes_on) {
      TM_RETURN_IF_ERROR(WriteOwner(files, aside, *facts.owner));
    }
  }
  if (plan.owner.has_value()) {
    plan.owner->before = FileName(aside);
    if (plan.owner->undo_kind != SinkOwner::Undo::kNone) plan.owner->undo = plan.owner->before;
    plan.owner->moving = true;
    TM_RETURN_IF_ERROR(WriteOwner(files, facts.path, *plan.owner));
    plan.owner->moving = false;
  }
  TM_RETURN_IF_ERROR(files.Rename(facts.path, aside));
  TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(facts.path)));
  if (!replaces) context.say(WhyAside(facts, plan, aside));
  return absl::OkStatus();
}

absl::Status CopyTail(Files& files, const std::string& from, uint64_t offset,
                      const std::string& to) {
  constexpr size_t kPieceBytes = 1 << 20;
  TM_ASSIGN_OR_RETURN(const auto source, files.OpenRead(from));
  TM_ASSIGN_OR_RETURN(const auto target, files.OpenAppend(to));
  for (std::string piece;; offset += piece.size()) {
    TM_RETURN_IF_ERROR(source->Read(offset, kPieceBytes, piece));
    if (piece.empty()) return target->Sync();
    TM_RETURN_IF_ERROR(target->Append(piece));
  }
}

// What is to be cut off is kept before the new owner's name is written, so that it is there
// wherever the name is.
absl::Status KeepTail(const SinkFacts& facts, SinkPlan& plan, const SinkContext& context) {
  Files& files = *context.files;
  TM_ASSIGN_OR_RETURN(const std::string tail, NameAside(files, facts, "tail"));
  TM_RETURN_IF_ERROR(WriteOwner(files, tail, *facts.owner));
  TM_RETURN_IF_ERROR(CopyTail(files, facts.path, plan.length_bytes, tail));
  TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(facts.path)));
  plan.owner->undo_kind = SinkOwner::Undo::kTail;
  plan.owner->undo = FileName(tail);
  return absl::OkStatus();
}

// What an abandoned start took is as it was. Any number of times over, and from any point on: the
// owner file says that it is taken until all else is done.
absl::Status Undo(const Found& found, const SinkContext& context) {
  Files& files = *context.files;
  const std::string& path = found.facts.path;
  SinkOwner taken = *found.undone;
  const std::string kept = UndoPath(path, taken);
  TM_ASSIGN_OR_RETURN(const bool is_kept, Exists(files, kept));
  if (is_kept && taken.undo_kind == SinkOwner::Undo::kTail) {
    TM_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(path));
    TM_RETURN_IF_ERROR(file->Truncate(taken.from_bytes));
    TM_RETURN_IF_ERROR(CopyTail(files, kept, 0, path));
  } else if (is_kept) {
    taken.moving = true;
    TM_RETURN_IF_ERROR(WriteOwner(files, path, taken));
    TM_RETURN_IF_ERROR(files.Rename(kept, path));
    TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(path)));
  }
  if (found.facts.owner.has_value()) {
    TM_RETURN_IF_ERROR(WriteOwner(files, path, *found.facts.owner));
  } else {
    TM_RETURN_IF_ERROR(files.Remove(OwnerPath(path)));
  }
  context.say(Cat(path, ": is as it was before a start that came to nothing"));
  for (const std::string& gone : {kept, OwnerPath(kept)}) {
    const absl::Status removed = files.Remove(gone);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
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

// Of a cut that nobody asked for it is true that the rest had not been committed.
std::string WhatWasCut(const SinkFacts& facts, const SinkPlan& plan) {
  if (plan.keep_tail) return " (--take-over)";
  const auto& committed = facts.owner.has_value() ? facts.owner->committed : std::nullopt;
  if (committed.has_value() && committed->bytes > plan.length_bytes) {
    return facts.went_back_from > 0 ? "; the rest comes again" : " (--take-over)";
  }
  return "; the rest had not been committed";
}

absl::Status CutBefore(const SinkFacts& facts, uint64_t bytes, Files& files) {
  TM_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(facts.path));
  TM_ASSIGN_OR_RETURN(const FileInfo info, file->Info());
  if (info.size_bytes == bytes) return absl::OkStatus();
  TM_RETURN_IF_ERROR(file->Truncate(bytes));
  return file->Sync();
}

// Whether the owner file has to be written: it names somebody else, or a later commit than the one
// that the run goes on from.
bool OwnerChanges(const SinkFacts& facts, const SinkPlan& plan) {
  if (plan.owner != facts.owner) return true;
  const auto& committed = facts.owner->committed;
  return committed.has_value() && plan.owner->committed.has_value() &&
         committed->epoch > plan.owner->committed->epoch;
}

// Afterwards the file at the path is this job's, or nobody's, and so is the owner file.
absl::Status TakePath(const Found& found, SinkPlan& plan, const SinkContext& context) {
  Files& files = *context.files;
  const SinkFacts& facts = found.facts;
  if (found.undone.has_value()) TM_RETURN_IF_ERROR(Undo(found, context));
  if (plan.cut_before.has_value()) {
    TM_RETURN_IF_ERROR(CutBefore(facts, *plan.cut_before, files));
  }
  if (plan.keep_tail) TM_RETURN_IF_ERROR(KeepTail(facts, plan, context));
  if (plan.move_aside) {
    TM_RETURN_IF_ERROR(MoveAside(found, plan, context));
  } else {
    SayBegunElsewhere(facts, plan, context);
  }
  // The owner comes before the content, so that content is never without its owner.
  const bool is_elsewhere = found.owner_beside != facts.path;
  if (plan.owner.has_value() && (plan.move_aside || is_elsewhere || OwnerChanges(facts, plan))) {
    TM_RETURN_IF_ERROR(WriteOwner(files, facts.path, *plan.owner));
  }
  if (facts.owner.has_value() && (!plan.owner.has_value() || is_elsewhere)) {
    TM_RETURN_IF_ERROR(files.Remove(OwnerPath(found.owner_beside)));
  }
  return plan.ends_undo ? RemoveUndo(files, facts.path, *facts.owner) : absl::OkStatus();
}

}  // namespace

absl::Status CutBackFile::Check(const std::string& path, const std::optional<Position>& resume,
                                const SinkContext& context) {
  if (FollowLinks(path) == "/dev/null") return CommittedIn(resume).status();
  TM_RETURN_IF_ERROR(RefuseSpecial(path));
  TM_ASSIGN_OR_RETURN(const Found found, Gather(path, resume, context));
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
  if (plan.owner.has_value()) sink->note_ = std::make_shared<OwnerNote>(files, file, *plan.owner);
  if (info.size_bytes != plan.length_bytes) {
    TM_RETURN_IF_ERROR(sink->file_->Truncate(plan.length_bytes));
    TM_RETURN_IF_ERROR(sink->file_->Sync());
    if (resume.has_value()) {
      context.say(Cat(file, ": cut back from ", info.size_bytes, " to ", plan.length_bytes,
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
  // What an epoch did not change is not said again.
  if (note_ != nullptr && (bytes_ != epoch_bytes_ || !said_committed_)) {
    output.committed = [note = note_, epoch, bytes = bytes_] {
      return note->Committed(epoch, bytes);
    };
    said_committed_ = true;
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
