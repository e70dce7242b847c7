#include "engine/source_set.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {

// ---- one partition ----------------------------------------

void OpenPartition::SetRate(double rate, const Activation& now) {
  if (rate == rate_) return;
  const Span owed = rate_ > 0 ? UntilPaceDue(now) : Span();
  rate_ = rate;
  items_ = 0;
  paced_from_us_ = owed.is_infinite() ? now.monotonic_us : now.monotonic_us + owed.us;
}

Span OpenPartition::UntilPaceDue(const Activation& now) const {
  if (rate_ <= 0) return Span();
  const double due_us = static_cast<double>(items_) / rate_ * 1e6;
  if (due_us >= static_cast<double>(kNeverUs)) return Span::Infinite();
  const Span wait{paced_from_us_ + static_cast<int64_t>(due_us) - now.monotonic_us};
  return std::max(wait, Span());
}

size_t OpenPartition::Allowed(const Activation& now, size_t max) const {
  if (rate_ <= 0) return max;
  const double due = static_cast<double>(now.monotonic_us - paced_from_us_) * rate_ / 1e6 + 1;
  const double left = due - static_cast<double>(items_);
  return left <= 0 ? 0 : std::min(max, static_cast<size_t>(left));
}

void OpenPartition::PollAgain(Timestamp at, const Activation& now) {
  poll_at = at;
  poll_at_us =
      at.is_never() ? kNeverUs : (Timestamp{now.monotonic_us} + std::max(at - now.wall, Span())).us;
}

Span OpenPartition::UntilPoll(const Activation& now) const {
  Span wait;
  if (!readable && poll_at > now.wall) {
    wait = poll_at_us == kNeverUs ? Span::Infinite()
                                  : std::max(Span{poll_at_us - now.monotonic_us}, Span());
  }
  return std::max(wait, UntilPaceDue(now));
}

// ---- all of them ----------------------------------------

OpenPartition& SourceSet::Add(std::unique_ptr<OpenPartition> partition) {
  TM_CHECK(partition->reader != nullptr, "a partition is open when it is added");
  partitions_.push_back(std::move(partition));
  return *partitions_.back();
}

int SourceSet::OpenOf(int step) const {
  return static_cast<int>(std::count_if(
      partitions_.begin(), partitions_.end(),
      [step](const auto& partition) { return partition->step == step && !partition->at_end; }));
}

OpenPartition* SourceSet::NextInTurn() {
  if (partitions_.empty()) return nullptr;
  if (next_ >= partitions_.size()) next_ = 0;
  OpenPartition& partition = *partitions_[next_++];
  return partition.at_end ? nullptr : &partition;
}

void SourceSet::CountCaughtUp(const Activation& now, bool regular_looks) {
  for (const auto& partition : partitions_) {
    if (partition->meters.empty() || partition->at_end) continue;
    const int64_t passed = now.running_us - partition->counted_until_us;
    partition->counted_until_us = now.running_us;
    if (partition->pulse.CaughtUpUntil(regular_looks) >= now.monotonic_us) {
      partition->caught_up_for.us += passed;
    }
  }
}

int64_t SourceSet::CaughtUpUntil(bool regular_looks) const {
  int64_t until = PartitionPulse::kAlways;
  for (const auto& partition : partitions_) {
    if (partition->at_end) continue;
    until = std::min(until, partition->pulse.CaughtUpUntil(regular_looks));
  }
  return until;
}

std::vector<int> SourceSet::ReadyDescriptors(const Activation& now) const {
  std::vector<int> descriptors;
  for (const auto& partition : partitions_) {
    // One that would not be read now must not wake the worker: it would go on being readable.
    if (partition->at_end || partition->ready_fd < 0 || partition->UntilPaceDue(now) > Span()) {
      continue;
    }
    descriptors.push_back(partition->ready_fd);
  }
  return descriptors;
}

void SourceSet::SetReadable() {
  for (const auto& partition : partitions_) partition->readable = true;
}

void SourceSet::CloseEpoch() {
  TM_CHECK(leaving_.empty(), "an epoch is committed before the next one closes");
  for (const auto& partition : partitions_) partition->committing = partition->reader->position();
}

void SourceSet::Remove(const std::function<bool(const OpenPartition&)>& is_over) {
  const auto rest =
      std::stable_partition(partitions_.begin(), partitions_.end(),
                            [&](const auto& partition) { return !is_over(*partition); });
  std::move(rest, partitions_.end(), std::back_inserter(leaving_));
  partitions_.erase(rest, partitions_.end());
}

absl::Status SourceSet::ReportCommit(OpenPartition& partition, Epoch epoch) {
  if (!partition.committing) return absl::OkStatus();  // opened after the barrier
  std::optional<Position> position = std::exchange(partition.committing, std::nullopt);
  if (position == partition.committed) return absl::OkStatus();
  partition.committed = std::move(position);
  return Annotate(partition.reader->Committed(epoch, *partition.committed), partition.step_word);
}

absl::Status SourceSet::Committed(Epoch epoch) {
  for (const auto& partition : partitions_) TM_RETURN_IF_ERROR(ReportCommit(*partition, epoch));
  for (const auto& partition : leaving_) TM_RETURN_IF_ERROR(ReportCommit(*partition, epoch));
  leaving_.clear();
  return absl::OkStatus();
}

}  // namespace tidemark
