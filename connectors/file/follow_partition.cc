#include "connectors/file/follow_partition.h"

#include "base/stable_hash.h"

namespace tidemark {

Position PositionIn(const Position& then, const FileInfo& found) {
  Position now = then;
  // An unfinished line that was seen may be missing from a copy.
  now.Set("size", std::min(then.Number("size").value_or(0), static_cast<int64_t>(found.size_bytes)))
      .Set("device", static_cast<int64_t>(found.device))
      .Set("inode", static_cast<int64_t>(found.inode));
  return now;
}

Position NothingRead() {
  FileIdentity identity{.hash = StableHash("")};
  identity.head_hash = identity.hash;
  return identity.ToPosition();
}

namespace {

// From the beginning of the log.
absl::StatusOr<FollowStart> FreshStart(const FollowedLog& log, const FollowRules& rules,
                                       bool older) {
  TM_ASSIGN_OR_RETURN(const std::vector<FollowedLog::Place> chain, log.Chain());
  for (const FollowedLog::Place& place : chain) {
    const std::string name = place.path.substr(place.path.rfind('/') + 1);
    const bool reads_older = older && rules.reads_older && rules.reads_older(name);
    if (place.path == log.path() || reads_older) return FollowStart{.place = place, .resume = {}};
  }
  // A log in a directory may have been removed since it was listed; else opening it says what is
  // wrong.
  return FollowStart{
      .place = {.path = log.path(), .info = {}}, .resume = {}, .is_gone = rules.ends_when_removed};
}

std::string NotFound(const FollowedLog& log, const FileIdentity& then) {
  return Cat(log.path(), ": neither it nor a rotated file beside it (", log.path(), ".1) has the ",
             then.offset, " bytes that were read before");
}

}  // namespace

absl::StatusOr<FollowStart> FindFollowStart(const FollowedLog& log,
                                            const FileSourceOptions& options,
                                            const FollowRules& rules,
                                            const std::optional<Position>& resume,
                                            const SourceContext& context) {
  if (!resume) return FreshStart(log, rules, /*older=*/true);
  const auto then = FileIdentity::FromPosition(*resume);
  if (!then.ok()) return Annotate(then.status(), log.path());
  TM_ASSIGN_OR_RETURN(std::optional<FollowedLog::Place> found, log.Find(*then));
  if (found) {
    Position position = PositionIn(*resume, found->info);
    return FollowStart{.place = *std::move(found), .resume = std::move(position)};
  }
  TM_ASSIGN_OR_RETURN(const std::vector<FollowedLog::Place> chain, log.Chain());
  const bool was_read = then->offset == then->size_bytes;
  if (chain.empty() && was_read && rules.ends_when_removed) {
    return FollowStart{.place = {}, .resume = {}, .is_gone = true};
  }
  const bool was_empty = then->size_bytes == 0;  // nothing identifies it, and nothing was lost
  if (!was_empty && !options.accept_changed) {
    return absl::FailedPreconditionError(Cat(NotFound(log, *then),
                                             "; --accept-changed-input reads ", log.path(),
                                             " from its beginning, --fresh starts over"));
  }
  if (!was_empty && context.skips != nullptr) {
    context.skips->Note(Cat(NotFound(log, *then), "; --accept-changed-input reads ", log.path(),
                            " from its beginning"));
  }
  return FreshStart(log, rules, /*older=*/false);
}

}  // namespace tidemark
