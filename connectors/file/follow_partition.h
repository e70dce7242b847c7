// FollowPartition: a source partition over a log that grows and is rotated (followed_log.h).
//
// It reads the files of the chain one after the other, each with a partition of its own made by
// the opener of the format. The order of steps at a rotation matters: first a newer file with bytes
// is seen, then the present one is read to its end, then it is left. A writer that still had the
// old file open before it began the new one therefore loses no line. If the bytes before the
// position changed, the file was truncated in place: the rest of the old lines is looked for in a
// rotated copy by its content, then the file is read from its beginning.
//
// The position is that of the present file. A resumed run finds the file by inode and content among
// the files of the chain, or refuses with --accept-changed-input, which reads the file at the path
// from its beginning. Limits: two writers that write to the old and the new file at the same time;
// a truncated file that has the same bytes before the position again when it is looked at; a
// rotation before the first commit that contains a line of the log.
//
// Thread rule: used by one worker.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/file/file_identity.h"
#include "connectors/file/file_input.h"
#include "connectors/file/followed_log.h"
#include "tidemark/source.h"

namespace tidemark {

struct FollowRules {
  // The names of rotated files that a fresh start reads as well; without it only the path.
  std::function<bool(const std::string& name)> reads_older = {};
  // The partition ends (PollResult::Gone) when all files of the log were removed.
  bool ends_when_removed = false;
};

// The place at which reading begins.
struct FollowStart {
  FollowedLog::Place place;
  std::optional<Position> resume;
  // Nothing is left of a log in a directory.
  bool is_gone = false;
};

// Decides it; an error if what was read cannot be found and changed input is not accepted.
absl::StatusOr<FollowStart> FindFollowStart(const FollowedLog& log,
                                            const FileSourceOptions& options,
                                            const FollowRules& rules,
                                            const std::optional<Position>& resume,
                                            const SourceContext& context);

// The position `then` in a file that was found to have its bytes.
Position PositionIn(const Position& then, const FileInfo& found);
// That of a log that was removed before it was opened.
Position NothingRead();

// How long a poll that found nothing waits for the next one: briefly at first, up to a second.
class FollowPace {
 public:
  static constexpr Span kMin = Span::Micros(50'000);
  static constexpr Span kMax = Span::Micros(1'000'000);
  void Found() { wait_ = kMin; }
  Span NextWait() { return std::exchange(wait_, std::min(Span::Micros(wait_.us * 2), kMax)); }

 private:
  Span wait_ = kMin;
};

template <class T>
class FollowPartition final : public SourcePartition<T> {
 public:
  using Opener = std::function<absl::StatusOr<std::unique_ptr<SourcePartition<T>>>(
      const FileSourceOptions&, const std::optional<Position>&, const SourceContext&)>;

  // How long a removed log is kept open for a writer that still has it.
  static constexpr Span kRemovedFor = Span::Micros(2'000'000);
  static constexpr int kOpenAttempts = 10;

  static absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(
      const FileSourceOptions& options, Opener open, FollowRules rules,
      const std::optional<Position>& resume, const SourceContext& context) {
    std::unique_ptr<FollowPartition> partition(
        new FollowPartition(options, std::move(open), rules, context));
    TM_RETURN_IF_ERROR(partition->Begin(resume));
    return partition;
  }

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now, std::vector<T>& out) override {
    if (file_ == nullptr) return PollResult::Gone();
    if (before_ && IsUnread()) {
      TM_ASSIGN_OR_RETURN(const bool is_next, EnterNextAgain());
      if (!is_next) return PollResult::At(now + pace_.NextWait());
    } else {
      before_.reset();
    }
    const size_t before = out.size();
    TM_ASSIGN_OR_RETURN(const PollResult polled, file_->Poll(max, now, out));
    if (out.size() > before) {
      pace_.Found();
      removed_since_.reset();
    }
    if (polled.at_end) return Leave(now);
    if (polled.ask_again == Timestamp::Min()) return polled;  // there is more
    if (out.size() > before) return PollResult::At(now + pace_.NextWait());
    if (tail_->was_cut) return FindRest(now);
    return Look(now);
  }

  // Until something of the present file has been read, only the file before it can be found again.
  Position position() const override {
    if (file_ == nullptr) return last_;
    return before_ && IsUnread() ? before_->position : file_->position();
  }

 private:
  // A file that was read to its end.
  struct Before {
    FollowedLog log;
    Position position;
  };

  FollowPartition(FileSourceOptions options, Opener open, const FollowRules& rules,
                  const SourceContext& context)
      : options_(std::move(options)),
        open_(std::move(open)),
        rules_(rules),
        context_(context),
        log_(options_.path, *context.files) {}

  absl::Status Begin(const std::optional<Position>& resume) {
    for (int attempt = 1;; ++attempt) {
      TM_ASSIGN_OR_RETURN(const FollowStart start,
                          FindFollowStart(log_, options_, rules_, resume, context_));
      if (start.is_gone) {
        last_ = resume.value_or(NothingRead());
        return absl::OkStatus();
      }
      const absl::Status entered = Enter(start.place, start.resume);
      // A rotation while the log is being opened: it is looked for again.
      if (!absl::IsAborted(entered) || attempt == kOpenAttempts) return entered;
    }
  }

  // Aborted: the path names another file now.
  absl::Status Enter(const FollowedLog::Place& place, const std::optional<Position>& resume) {
    auto tail = std::make_shared<FileTail>();
    FileSourceOptions file = options_;
    file.path = place.path;
    file.tail = tail;
    auto opened = open_(file, resume, context_);
    if (absl::IsNotFound(opened.status()) && place.is_known()) {
      return absl::AbortedError(opened.status().message());
    }
    TM_RETURN_IF_ERROR(opened.status());
    TM_ASSIGN_OR_RETURN(const FileIdentity identity,
                        FileIdentity::FromPosition((*opened)->position()));
    if (place.is_known() && identity.inode != place.info.inode) {
      return absl::AbortedError(Cat(place.path, ": is another file now"));
    }
    TM_RETURN_IF_ERROR(log_.Enter({.device = identity.device, .inode = identity.inode}));
    tail_ = std::move(tail);
    file_ = *std::move(opened);
    before_.reset();
    removed_since_.reset();
    return absl::OkStatus();
  }

  // Nothing new at the end of the present file.
  absl::StatusOr<PollResult> Look(Timestamp now) {
    TM_ASSIGN_OR_RETURN(const FollowedLog::Present present, log_.Look());
    bool is_complete = present == FollowedLog::Present::kComplete;
    if (present == FollowedLog::Present::kGone && rules_.ends_when_removed) {
      if (!removed_since_) removed_since_ = now;
      is_complete = now - *removed_since_ >= kRemovedFor;
    }
    if (!is_complete) return PollResult::At(now + pace_.NextWait());
    // Lines that were written before the newer file was begun are read before this one is left.
    tail_->is_complete = true;
    pace_.Found();
    return PollResult::MoreAtHand();
  }

  // All of the present file has been read.
  absl::StatusOr<PollResult> Leave(Timestamp now) {
    TM_ASSIGN_OR_RETURN(const std::optional<FollowedLog::Place> next, log_.Next());
    if (!next) {
      if (rules_.ends_when_removed && removed_since_) return PollResult::Gone();
      return PollResult::At(now + pace_.NextWait());
    }
    Before before{.log = log_, .position = file_->position()};
    TM_ASSIGN_OR_RETURN(const PollResult changed, Change(*next, std::nullopt, now));
    if (changed.ask_again == Timestamp::Min()) before_.emplace(std::move(before));
    return changed;
  }

  bool IsUnread() const { return file_->position().Number("offset") == 0; }

  // The file may have been copied and truncated before anything of it was read: then the copy comes
  // next. False: not now, it has just been moved.
  absl::StatusOr<bool> EnterNextAgain() {
    TM_ASSIGN_OR_RETURN(const std::optional<FollowedLog::Place> next, before_->log.Next());
    const auto present = file_->position().Number("inode");
    if (!next || static_cast<int64_t>(next->info.inode) == present) return true;
    Before before = *std::move(before_);
    const absl::Status entered = Enter(*next, std::nullopt);
    before_.emplace(std::move(before));
    if (absl::IsAborted(entered)) return false;
    TM_RETURN_IF_ERROR(entered);
    return true;
  }

  // Goes over to another file; later if it has been moved since it was found.
  absl::StatusOr<PollResult> Change(const FollowedLog::Place& place,
                                    const std::optional<Position>& resume, Timestamp now) {
    const absl::Status entered = Enter(place, resume);
    if (absl::IsAborted(entered)) return PollResult::At(now + pace_.NextWait());
    TM_RETURN_IF_ERROR(entered);
    pace_.Found();
    return PollResult::MoreAtHand();
  }

  // The file was truncated in place; its former content may have been copied before.
  absl::StatusOr<PollResult> FindRest(Timestamp now) {
    TM_ASSIGN_OR_RETURN(const FileIdentity then, FileIdentity::FromPosition(file_->position()));
    TM_ASSIGN_OR_RETURN(const std::optional<FollowedLog::Place> copy, log_.Find(then));
    if (copy) return Change(*copy, PositionIn(file_->position(), copy->info), now);
    TM_ASSIGN_OR_RETURN(const std::vector<FollowedLog::Place> chain, log_.Chain());
    if (chain.empty() || chain.back().path != options_.path) {
      return PollResult::At(now + pace_.NextWait());
    }
    if (context_.say) {
      context_.say(Cat(options_.path, ": was truncated after line ", then.line - 1,
                       " was read; reading continues at its beginning"));
    }
    return Change(chain.back(), std::nullopt, now);
  }

  const FileSourceOptions options_;
  const Opener open_;
  const FollowRules rules_;
  const SourceContext context_;
  FollowedLog log_;
  std::shared_ptr<FileTail> tail_;
  std::unique_ptr<SourcePartition<T>> file_;  // null: nothing is left of the log
  Position last_;                             // then
  std::optional<Before> before_;              // the file before the present one
  FollowPace pace_;
  std::optional<Timestamp> removed_since_;
};

}  // namespace tidemark
