// TimeQueue: values in order of time, then number; they come in any order, and go from the front.
// What windows hold until they close, and what waits for the watermark.
//
//   queue.Insert({at, arrivals++}, value);
//   queue.TakeThrough(close, [&](V value) { ... });
//
// Stored like a ListState: what is new is in the key's row, and from kPieceBytesMax on in a row of
// its own, a segment, that the epoch names. Values of one segment may go at different times. Which
// of them are gone is said by one key for all segments, the floor: the front never moves back.
// A segment without living values is deleted. Where most of the stored values are dead, the living
// ones of such segments are stored again, so that a value far ahead of the others does not keep
// those beside it; by this no value is written more than twice on the average.
//
// Thread rule: that of the state it is in.
#pragma once

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "state/memory_size.h"
#include "state/piece_rows.h"
#include "state/queue_segments.h"
#include "state/reflect_types.h"
#include "state/state_key.h"
#include "state/value_codec.h"

namespace tidemark {

template <class V>
class TimeQueue {
 public:
  using Key = QueueKey;
  using key_type = Key;
  using mapped_type = V;
  using Entry = std::tuple<Key, V>;
  static constexpr internal::Shape kPieceShape = internal::Shape::kMap;

  TimeQueue() = default;
  TimeQueue(TimeQueue&&) noexcept = default;
  TimeQueue& operator=(TimeQueue&&) noexcept = default;
  TimeQueue(const TimeQueue& other) {
    other.ForEach([&](const Key& key, const V& value) { Insert(key, value); });
  }
  TimeQueue& operator=(const TimeQueue& other) {
    if (this != &other) *this = TimeQueue(other);
    return *this;
  }
  ~TimeQueue() = default;

  bool empty() const { return body_ == nullptr; }
  size_t size() const { return body_ == nullptr ? 0 : body_->entries.size(); }
  // Requires: not empty.
  const Key& front() const { return body_->entries.begin()->first; }

  // The key must be new.
  void Insert(const Key& key, V value) {
    TM_CHECK(Add({key, std::move(value)}), "no two values of a queue have the same number");
  }
  // Requires: not empty.
  std::pair<Key, V> PopFront() {
    const auto first = body_->entries.begin();
    const size_t bytes = internal::HeapBytes(first->second.value);  // before it is moved away
    std::pair<Key, V> front(first->first, std::move(first->second.value));
    Remove(first, bytes);
    return front;
  }
  // f(V) for what has a time up to `at`, in order; it is gone then.
  template <class F>
  void TakeThrough(Timestamp at, F f) {
    while (!empty() && front().first <= at) f(PopFront().second);
  }
  // From the front on, as long as gone(time).
  template <class Gone>
  void DropWhile(Gone gone) {
    while (!empty() && gone(front().first)) {
      const auto first = body_->entries.begin();
      Remove(first, internal::HeapBytes(first->second.value));
    }
  }
  // f(time, const V&) in order, from `from` on and as long as f gives true.
  template <class F>
  void ForEachFrom(Timestamp from, F f) const {
    if (empty()) return;
    constexpr int64_t kFirst = std::numeric_limits<int64_t>::min();
    auto it = body_->entries.lower_bound({from, kFirst});
    while (it != body_->entries.end() && f(it->first.first, it->second.value)) ++it;
  }
  void clear() { body_.reset(); }

  // ---- for the store ----

  bool Add(Entry entry) {
    if (body_ == nullptr) body_ = std::make_unique<Body>();
    auto& [key, value] = entry;
    const size_t bytes = internal::HeapBytes(value);
    if (!body_->entries.try_emplace(key, Slot{std::move(value)}).second) return false;
    body_->heap_bytes += bytes;
    if (body_->segments == nullptr) return true;
    if (key < body_->segments->floor()) {
      Unbind();  // it would be taken for one that is gone: all is stored again
    } else {
      body_->fresh.insert(key);
    }
    return true;
  }
  template <class F>
  void ForEach(F f) const {
    if (empty()) return;
    for (const auto& [key, slot] : body_->entries) f(key, slot.value);
  }
  size_t heap_bytes() const {
    if (empty()) return 0;
    constexpr size_t kNode = sizeof(typename Entries::value_type) + internal::kTreeNodeOverhead +
                             internal::kBlockOverhead;
    return sizeof(Body) + body_->entries.size() * kNode + body_->heap_bytes +
           body_->fresh.size() * (sizeof(Key) + internal::kTreeNodeOverhead);
  }
  void EncodePiece(PieceWriter& out) {
    if (empty()) return out.DropRows();
    if (body_->segments == nullptr || body_->segments->token() != out.token()) {
      out.DropRows();
      Unbind();
    } else {
      body_->segments->DeleteEmptied(out);
      if (body_->segments->WantsCompaction()) Compact(out);
    }
    const PieceEntries unsaved = Unsaved();
    if (unsaved.bytes().size() <= kPieceBytesMax) {
      out.SetEntries(unsaved);
    } else {
      Save(unsaved, out);
    }
    if (body_->segments != nullptr) body_->segments->SetFloor(out);
  }
  absl::Status LoadPiece(const LoadedPiece& piece) {
    Key floor = QueueSegments::kNoFloor;
    if (!piece.stored.floor.empty()) TM_RETURN_IF_ERROR(DecodeAll(piece.stored.floor, floor));
    if (!piece.rows.empty()) {
      if (body_ == nullptr) body_ = std::make_unique<Body>();
      body_->segments = std::make_unique<QueueSegments>(piece.token, floor);
    }
    for (const LoadedPiece::Row& row : piece.rows) TM_RETURN_IF_ERROR(LoadSegment(row, floor));
    internal::ValueReader in(piece.stored.entries);
    if (internal::ReadEntries(in, piece.stored.count, *this) && in.remaining() != 0) {
      in.Fail("bytes follow its entries");
    }
    if (body_ != nullptr && body_->entries.empty()) in.Fail("nothing in it is alive");
    return in.status();
  }

 private:
  struct Slot {
    V value;
    uint32_t segment = QueueSegments::kNone;
  };
  using Entries = std::map<Key, Slot>;
  struct Body {
    Entries entries;  // never empty
    size_t heap_bytes = 0;
    // With segments: what is in none. Without them everything is, and this is empty.
    std::set<Key> fresh;
    std::unique_ptr<QueueSegments> segments;
  };

  void Remove(typename Entries::iterator place, size_t heap_bytes) {
    body_->heap_bytes -= std::min(body_->heap_bytes, heap_bytes);
    if (body_->segments != nullptr) {
      if (place->second.segment == QueueSegments::kNone) {
        body_->fresh.erase(place->first);
      } else {
        body_->segments->Died(place->second.segment);
      }
      body_->segments->RaiseFloor(NextKey(place->first));
    }
    body_->entries.erase(place);
    if (body_->entries.empty()) body_.reset();
  }
  // The smallest key behind it; a damaged row may hold the largest number.
  static Key NextKey(const Key& key) {
    constexpr int64_t kLast = std::numeric_limits<int64_t>::max();
    if (key.second < kLast) return {key.first, key.second + 1};
    return {key.first + Span::Micros(1), std::numeric_limits<int64_t>::min()};
  }
  // As if nothing had been stored.
  void Unbind() {
    if (body_->segments == nullptr) return;
    body_->segments.reset();
    body_->fresh.clear();
    for (auto& [key, slot] : body_->entries) slot.segment = QueueSegments::kNone;
  }
  PieceEntries Unsaved() const {
    PieceEntries unsaved;
    if (body_->segments == nullptr) {
      for (const auto& [key, slot] : body_->entries) unsaved.Add(key, slot.value);
    } else {
      for (const Key& key : body_->fresh) unsaved.Add(key, body_->entries.at(key).value);
    }
    return unsaved;
  }
  void Save(const PieceEntries& unsaved, PieceWriter& out) {
    out.Put(EpochSuffix(out.epoch()), unsaved);
    const bool first = body_->segments == nullptr;
    if (first) body_->segments = std::make_unique<QueueSegments>(out.token());
    // Where compaction has taken the last of them, the rows are new ones.
    body_->segments->set_token(out.token());
    const uint32_t segment = body_->segments->Add(EpochSuffix(out.epoch()), unsaved.count());
    if (first) {
      for (auto& [key, slot] : body_->entries) slot.segment = segment;
    } else {
      for (const Key& key : body_->fresh) body_->entries.at(key).segment = segment;
    }
    body_->fresh.clear();
  }
  void Compact(PieceWriter& out) {
    const std::vector<bool> sparse = body_->segments->TakeSparse(out);
    for (auto& [key, slot] : body_->entries) {
      if (slot.segment == QueueSegments::kNone || !sparse[slot.segment]) continue;
      slot.segment = QueueSegments::kNone;
      body_->fresh.insert(key);
    }
  }
  absl::Status LoadSegment(const LoadedPiece::Row& row, const Key& floor) {
    const uint32_t segment = body_->segments->Add(row.name, row.entries);
    internal::ValueReader in(row.bytes);
    for (uint64_t i = 0; i < row.entries; ++i) {
      Key key;
      V value{};
      if (!internal::Read(in, key) || !internal::Read(in, value)) return in.status();
      if (key < floor) {
        body_->segments->Died(segment);
        continue;
      }
      body_->heap_bytes += internal::HeapBytes(value);
      if (!body_->entries.try_emplace(key, Slot{std::move(value), segment}).second) {
        in.Fail("a key appears twice");
        return in.status();
      }
    }
    if (in.remaining() != 0) in.Fail("bytes follow its entries");
    return in.status();
  }

  std::unique_ptr<Body> body_;  // null: empty
};

}  // namespace tidemark
