// RecordPartition: a source partition over a reader that takes one record after the other.
//
// The loop that every record source needs, in one place: a limit on items, a limit on bytes (a
// batch of huge lines would otherwise fill the memory), skipped records, waiting, the end.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "connectors/rows/byte_input.h"
#include "tidemark/source.h"

namespace tidemark {

// The result of asking a reader for the next record.
enum class Took {
  kItem,
  kSkipped,  // a bad record was read and reported
  kLater,    // nothing there yet; poll again when the input's descriptor is readable
  kEnd,
};

// Reader: `absl::StatusOr<Took> Next(T& item)`, whose item arrives empty, and `ByteInput& input()`.
template <class T, class Reader>
class RecordPartition final : public SourcePartition<T> {
 public:
  // A poll ends after the record that reaches this many bytes.
  static constexpr uint64_t kPollBytesMax = 1 << 20;

  explicit RecordPartition(Reader reader) : reader_(std::move(reader)) {}

  // The end is reported by a separate poll, which returns no items.
  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now, std::vector<T>& out) override {
    const size_t before = out.size();
    const uint64_t stop_at = reader_.input().origin().offset + kPollBytesMax;
    while (out.size() - before < max && reader_.input().origin().offset < stop_at) {
      out.emplace_back();
      const absl::StatusOr<Took> took = reader_.Next(out.back());
      if (took.ok() && *took == Took::kItem) continue;
      out.pop_back();
      TM_RETURN_IF_ERROR(took.status());
      if (*took == Took::kLater) {
        // A followed file has no descriptor to wait for; FollowPartition decides how long.
        const int fd = reader_.input().ready_fd();
        return fd >= 0 ? PollResult::WhenReadable(fd) : PollResult::At(now + Span::Seconds(1));
      }
      if (*took == Took::kEnd) {
        return out.size() == before ? PollResult::AtEnd() : PollResult::Again();
      }
    }
    return PollResult::MoreAtHand();
  }

  Position position() const override { return reader_.input().position(); }

 private:
  Reader reader_;
};

}  // namespace tidemark
