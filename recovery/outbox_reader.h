// OutboxReader: the rows of one epoch for one sink, piece by piece, as the sink gave them to the
// commit.
//
//   absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
//     while (true) {
//       TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
//       if (!piece) break;
//       Insert(*piece);
//     }
//     …
//   }
//
// Thread rule: used by one thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"

namespace tidemark {

class OutboxReader {
 public:
  virtual ~OutboxReader() = default;
  // The next piece, valid until the next call; nothing at the end.
  virtual absl::StatusOr<std::optional<std::string_view>> Next() = 0;
};

// Of an epoch that was committed just now, or in a run that keeps no state.
class OutboxInMemory final : public OutboxReader {
 public:
  // `pieces` outlives it.
  explicit OutboxInMemory(const std::vector<std::string>& pieces) : pieces_(pieces) {}

  absl::StatusOr<std::optional<std::string_view>> Next() override {
    if (next_ == pieces_.size()) return std::optional<std::string_view>();
    return std::optional<std::string_view>(pieces_[next_++]);
  }

 private:
  const std::vector<std::string>& pieces_;
  size_t next_ = 0;
};

}  // namespace tidemark
