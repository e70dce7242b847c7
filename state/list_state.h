// ListState: a list as part of a state, of which an epoch writes what was added.
//
//   struct Trip {
//     ListState<Position> track;
//   };
//   trip.track.push_back(position);
//   for (const Position& position : trip.track) ...
//
// It grows at its end and is emptied as a whole; elements do not change. What is new is stored in
// the key's row; when that outgrows kPieceBytesMax it becomes a row of its own, named by the epoch.
// The rules of MapState (state/map_state.h) hold for it, too.
//
// Thread rule: that of the state it is in.
#pragma once

#include <cstdint>
#include <memory>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/status.h"
#include "state/memory_size.h"
#include "state/piece_rows.h"
#include "state/reflect_types.h"
#include "state/state_key.h"
#include "state/value_codec.h"

namespace tidemark {

template <class T>
class ListState {
 public:
  using value_type = T;
  using Entry = std::tuple<T>;
  static constexpr internal::Shape kPieceShape = internal::Shape::kList;

  ListState() = default;
  ListState(ListState&& other) noexcept { *this = std::move(other); }
  ListState& operator=(ListState&& other) noexcept {
    items_ = std::exchange(other.items_, {});
    rows_ = std::move(other.rows_);
    heap_bytes_ = std::exchange(other.heap_bytes_, 0);
    return *this;
  }
  ListState(const ListState& other) : items_(other.items_), heap_bytes_(other.heap_bytes_) {}
  ListState& operator=(const ListState& other) {
    if (this != &other) *this = ListState(other);
    return *this;
  }
  ~ListState() = default;

  size_t size() const { return items_.size(); }
  bool empty() const { return items_.empty(); }
  auto begin() const { return items_.begin(); }
  auto end() const { return items_.end(); }
  const T& operator[](size_t i) const { return items_[i]; }
  const std::vector<T>& items() const { return items_; }

  void push_back(T item) {
    heap_bytes_ += internal::HeapBytes(item);
    items_.push_back(std::move(item));
  }
  void clear() { *this = ListState(); }
  // All of it; the list is empty then.
  std::vector<T> Take() {
    std::vector<T> items = std::move(items_);
    clear();
    return items;
  }
  bool operator==(const ListState& other) const { return items_ == other.items_; }

  // ---- for the store ----

  bool Add(Entry entry) {
    push_back(std::get<0>(std::move(entry)));
    return true;
  }
  template <class F>
  void ForEach(F f) const {
    for (const T& item : items_) f(item);
  }
  size_t heap_bytes() const {
    return internal::Block(items_.capacity() * sizeof(T)) + heap_bytes_ +
           (rows_ ? sizeof(Rows) : 0);
  }
  void EncodePiece(PieceWriter& out) {
    if (rows_ == nullptr || rows_->token != out.token()) {
      out.DropRows();
      rows_.reset();
    }
    PieceEntries unsaved;
    for (size_t i = rows_ ? rows_->items : 0; i < items_.size(); ++i) unsaved.Add(items_[i]);
    if (unsaved.bytes().size() <= kPieceBytesMax) return out.SetEntries(unsaved);
    out.Put(EpochSuffix(out.epoch()), unsaved);
    if (rows_ == nullptr) rows_ = std::make_unique<Rows>();
    *rows_ = {.token = out.token(), .items = items_.size()};
  }
  absl::Status LoadPiece(const LoadedPiece& piece) {
    const auto take = [&](std::string_view bytes, uint64_t count) -> absl::Status {
      internal::ValueReader in(bytes);
      if (internal::ReadEntries(in, count, *this) && in.remaining() != 0) {
        in.Fail("bytes follow its entries");
      }
      return in.status();
    };
    for (const LoadedPiece::Row& row : piece.rows) TM_RETURN_IF_ERROR(take(row.bytes, row.entries));
    if (!piece.rows.empty()) {
      rows_ = std::make_unique<Rows>(Rows{.token = piece.token, .items = items_.size()});
    }
    return take(piece.stored.entries, piece.stored.count);
  }

 private:
  struct Rows {
    PieceTable::Token token;
    size_t items = 0;  // in rows, from the front
  };

  std::vector<T> items_;
  std::unique_ptr<Rows> rows_;  // null: nothing is in rows, or this is not what they were made of
  size_t heap_bytes_ = 0;       // of the elements
};

}  // namespace tidemark
