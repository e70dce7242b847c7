#include "connectors/file/take_file.h"

#include "base/real_path.h"
#include "base/status.h"
#include "connectors/claim/output_owner.h"

namespace tidemark {
namespace {

absl::Status AddUndone(const SinkContext& context, FoundFile& found) {
  SinkFacts& facts = found.facts;
  if (!facts.owner.has_value() || facts.owner->undo_kind == SinkOwner::Undo::kNone) {
    return absl::OkStatus();
  }
  const std::string kept = UndoPath(facts.path, *facts.owner);
  TM_ASSIGN_OR_RETURN(const auto before, ReadOwner(*context.files, kept));
  const OwnerName taken_by{.run_line = facts.owner->run_line,
                           .state_directory = facts.owner->state_directory};
  if (!CameToNothing(taken_by, before.has_value() ? before->run_line : "", context)) {
    return absl::OkStatus();
  }
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

absl::Status AddOwner(const std::string& link, const SinkContext& context, FoundFile& found) {
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

// The first `<path>.tail-N` that is free, or that a try which came no further has left: who owns
// the output now is in its record, so no record refers to it.
absl::StatusOr<std::string> NameTail(Files& files, const SinkFacts& facts) {
  for (int n = 1;; ++n) {
    std::string tail = Cat(facts.path, ".tail-", n);
    TM_ASSIGN_OR_RETURN(const bool is_taken, Exists(files, tail));
    TM_ASSIGN_OR_RETURN(const auto owner, ReadOwner(files, tail));
    if (owner.has_value() ? owner == facts.owner : !is_taken) return tail;
  }
}

std::string WhyAside(const SinkFacts& facts, const SinkPlan& plan, const std::string& aside) {
  const std::string moved = Cat(facts.path, ": moved to ", aside);
  if (plan.cut_before.has_value()) {
    return Cat(moved, ", with the ", *plan.cut_before, " bytes that were committed; starts over");
  }
  const bool says_nothing = facts.owner.has_value() && facts.owner->run_line == facts.run_line;
  return says_nothing ? Cat(moved, "; starts over")
                      : Cat(moved, ", because it ", DescribeOwner(facts));
}

// First the owner's name is at the new place, then the new owner says what is under way, then the
// file moves: wherever a crash comes, what is at `path` has its owner beside it, and the next start
// knows whether it has moved.
absl::Status MoveAside(const FoundFile& found, SinkPlan& plan, const SinkContext& context) {
  Files& files = *context.files;
  const SinkFacts& facts = found.facts;
  const bool replaces =
      plan.owner.has_value() && plan.owner->undo_kind == SinkOwner::Undo::kReplaced;
  const bool goes_on = facts.owner.has_value() && facts.owner->moving;
  std::string aside = JoinPath(ParentDirectory(facts.path), goes_on ? facts.owner->before : "");
  bool is_named = false;
  if (goes_on) {
    TM_ASSIGN_OR_RETURN(const bool is_taken, Exists(files, aside));
    // It has been moved, and was about to be moved back: what is at the path now is this line's
    // own, which was never committed.
    if (is_taken && facts.owner->undo_kind != SinkOwner::Undo::kNone) return absl::OkStatus();
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

// What `from` has behind `offset`, to the place `to_bytes` of `to` and nothing behind it.
absl::Status CopyTail(Files& files, const std::string& from, uint64_t offset, const std::string& to,
                      uint64_t to_bytes) {
  constexpr size_t kPieceBytes = 1 << 20;
  TM_ASSIGN_OR_RETURN(const auto source, files.OpenRead(from));
  TM_ASSIGN_OR_RETURN(const auto target, files.OpenAppend(to));
  TM_RETURN_IF_ERROR(target->Truncate(to_bytes));
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
  TM_ASSIGN_OR_RETURN(const std::string tail, NameTail(files, facts));
  TM_RETURN_IF_ERROR(WriteOwner(files, tail, *facts.owner));
  TM_RETURN_IF_ERROR(CopyTail(files, facts.path, plan.length_bytes, tail, 0));
  TM_RETURN_IF_ERROR(files.SyncDirectory(ParentDirectory(facts.path)));
  plan.owner->undo_kind = SinkOwner::Undo::kTail;
  plan.owner->undo = FileName(tail);
  return absl::OkStatus();
}

// What an abandoned start took is as it was. Any number of times over, and from any point on: the
// owner file says that it is taken until all else is done.
absl::Status Undo(const FoundFile& found, const SinkContext& context) {
  Files& files = *context.files;
  const std::string& path = found.facts.path;
  SinkOwner taken = *found.undone;
  const std::string kept = UndoPath(path, taken);
  TM_ASSIGN_OR_RETURN(const bool is_kept, Exists(files, kept));
  if (is_kept && taken.undo_kind == SinkOwner::Undo::kTail) {
    TM_RETURN_IF_ERROR(CopyTail(files, kept, 0, path, taken.from_bytes));
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
  context.say(Cat(facts.path, ": starts over; ", bytes,
                  " bytes were committed to the file before, wherever it is now; what it has ",
                  "after them comes again here (truncate -s ", bytes, " FILE cuts that off)"));
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

}  // namespace

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

absl::StatusOr<FoundFile> FindFile(const std::string& link, const std::optional<Position>& resume,
                                   const SinkContext& context) {
  FoundFile found;
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

// Of a cut that nobody asked for it is true that the rest had not been committed.
std::string WhatWasCut(const SinkFacts& facts, const SinkPlan& plan) {
  if (plan.keep_tail) return " (--take-over)";
  const auto& committed = facts.owner.has_value() ? facts.owner->committed : std::nullopt;
  if (committed.has_value() && committed->bytes > plan.length_bytes) {
    return facts.went_back_from > 0 ? "; the rest comes again" : " (--take-over)";
  }
  return "; the rest had not been committed";
}

absl::Status TakeFile(const FoundFile& found, SinkPlan& plan, const SinkContext& context) {
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

}  // namespace tidemark
