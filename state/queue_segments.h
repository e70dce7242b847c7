// QueueSegments: the books of a TimeQueue (state/time_queue.h) about its rows, without its values:
// how many values of each segment live, which segments go, up to where everything is gone.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/timestamp.h"
#include "state/piece_rows.h"

namespace tidemark {

// Time, then number.
using QueueKey = std::pair<Timestamp, int64_t>;

class QueueSegments {
 public:
  static constexpr uint32_t kNone = std::numeric_limits<uint32_t>::max();
  static constexpr QueueKey kNoFloor{Timestamp{std::numeric_limits<int64_t>::min()},
                                     std::numeric_limits<int64_t>::min()};

  explicit QueueSegments(PieceTable::Token token, QueueKey floor = kNoFloor)
      : token_(std::move(token)), floor_(floor) {}

  const PieceTable::Token& token() const { return token_; }
  void set_token(PieceTable::Token token) { token_ = std::move(token); }
  const QueueKey& floor() const { return floor_; }
  void RaiseFloor(const QueueKey& floor) { floor_ = std::max(floor_, floor); }

  // All of them live. Numbers of segments that are gone are given again.
  uint32_t Add(std::string name, uint64_t entries);
  // One of its values.
  void Died(uint32_t segment);

  // Deletes the rows without living values.
  void DeleteEmptied(PieceWriter& out);
  // More stored values are dead than live.
  bool WantsCompaction() const { return dead_ > live_; }
  // Deletes the segments of whose values at most half live, and says which they are: the living
  // ones are to be stored again.
  std::vector<bool> TakeSparse(PieceWriter& out);
  // Tells the main row, where dead values are stored.
  void SetFloor(PieceWriter& out) const;

 private:
  struct Segment {
    std::string name;  // empty: gone
    uint64_t entries = 0;
    uint64_t live = 0;
  };
  void Remove(uint32_t segment, PieceWriter& out);

  PieceTable::Token token_;
  QueueKey floor_;
  std::vector<Segment> segments_;
  std::vector<uint32_t> emptied_;
  std::vector<uint32_t> unused_;
  uint64_t live_ = 0;  // of all segments
  uint64_t dead_ = 0;
};

}  // namespace tidemark
