// MapState and SetState: a map and a set as parts of a state, of which an epoch writes what it
// changed. ListState (state/list_state.h) is the same for a list.
//
//   struct Basket {
//     MapState<std::string, Order> open;     // as many as there may be
//     int64_t total = 0;
//   };
//   KeyState OnItem(Basket& basket, Event&& event, StepContext<Outs>& context) const {
//     if (event.closes) {
//       basket.open.Erase(event.order);
//     } else {
//       basket.open[event.order].lines += 1;
//     }
//     ...
//   }
//
// What is small is stored in the key's row and written with it; what has outgrown kPieceBytesMax is
// a row for each entry, and then an epoch writes the rows of entries that were touched. So entries
// are reached in two ways: entries() looks, operator[] and Change() change.
//
// They are fields of the state or of structs in it, at any depth. Inside another container they are
// written with it, as values. To the schema they are a map and a set: a field may be changed from
// std::map to MapState, and stored state continues; the reverse is refused. A copy is written as a
// whole when it takes the place of what it was copied from: move states, do not copy them.
//
// Thread rule: that of the state they are in.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <tuple>
#include <utility>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "state/memory_size.h"
#include "state/piece_rows.h"
#include "state/reflect_types.h"
#include "state/value_codec.h"

namespace tidemark {
namespace internal {

// The mapped type of a set.
struct NoValue {
  bool operator==(const NoValue&) const = default;
};

template <class K, class V>
class KeyedPiece {
 public:
  using key_type = K;
  using Map = std::map<K, V>;

  KeyedPiece() = default;
  KeyedPiece(KeyedPiece&&) noexcept = default;
  KeyedPiece& operator=(KeyedPiece&&) noexcept = default;
  KeyedPiece(const KeyedPiece& other) : entries_(other.entries_) {}
  KeyedPiece& operator=(const KeyedPiece& other) {
    if (this != &other) *this = KeyedPiece(other);
    return *this;
  }
  ~KeyedPiece() = default;

  size_t size() const { return entries_.size(); }
  bool empty() const { return entries_.empty(); }
  bool contains(const K& key) const { return entries_.contains(key); }
  void clear() {
    entries_.clear();
    rows_.reset();
  }
  // True when it was there.
  bool Erase(const K& key) {
    const auto found = entries_.find(key);
    if (found == entries_.end()) return false;
    NoteGone(found->first);
    entries_.erase(found);  // and with it, perhaps, what `key` refers to
    if (entries_.empty()) rows_.reset();
    return true;
  }
  bool operator==(const KeyedPiece& other) const { return entries_ == other.entries_; }

  // ---- for the store ----

  void EncodePiece(PieceWriter& out) {
    if (rows_ != nullptr && rows_->token == out.token()) {
      EncodeTouched(out);
      rows_->token = out.token();  // another one where all rows were replaced
      rows_->bytes = out.row_bytes();
      if (rows_->bytes > kPieceBytesMax) return;
    }
    rows_.reset();
    out.DropRows();
    PieceEntries all;
    for (const auto& entry : entries_) AddTo(all, entry);
    if (all.bytes().size() <= kPieceBytesMax) return out.SetEntries(all);
    for (const auto& entry : entries_) Put(entry, out);
    rows_ = std::make_unique<Rows>();
    rows_->token = out.token();
    rows_->bytes = out.row_bytes();
  }
  size_t heap_bytes() const {
    constexpr size_t kNode = sizeof(typename Map::value_type) + kTreeNodeOverhead + kBlockOverhead;
    size_t bytes = entries_.size() * kNode;
    // Of what is in rows no walk is made: the bytes of the rows are about those of the values. What
    // was touched since may have become anything.
    if (rows_ != nullptr) {
      bytes += rows_->bytes;
      bytes += (rows_->touched.size() + rows_->gone.size()) * kNode;
      for (const K& key : rows_->touched) {
        const auto found = entries_.find(key);
        if (found != entries_.end()) bytes += HeapBytes(found->first) + HeapBytes(found->second);
      }
      return bytes;
    }
    if constexpr (MayOwnHeap<K>() || MayOwnHeap<V>()) {
      for (const auto& [key, value] : entries_) bytes += HeapBytes(key) + HeapBytes(value);
    }
    return bytes;
  }

 protected:
  static constexpr bool kIsSet = std::is_same_v<V, NoValue>;
  struct Rows {
    // Since the last epoch: entries that changed or are new, and the rows of erased ones, by name.
    // Keys that compare equal may have different bytes, and the row has those of the stored one.
    std::set<K> touched;
    std::set<std::string> gone;
    PieceTable::Token token;
    size_t bytes = 0;
  };

  // `key`: the one that is stored.
  void Touch(const K& key) {
    if (rows_ != nullptr) rows_->touched.insert(key);
  }
  void NoteGone(const K& key) {
    if (rows_ == nullptr) return;
    rows_->gone.insert(EncodeToString(key));
    rows_->touched.erase(key);
  }
  static void AddTo(PieceEntries& entries, const typename Map::value_type& entry) {
    if constexpr (kIsSet) {
      entries.Add(entry.first);
    } else {
      entries.Add(entry.first, entry.second);
    }
  }
  static void Put(const typename Map::value_type& entry, PieceWriter& out) {
    PieceEntries one;
    AddTo(one, entry);
    out.Put(EncodeToString(entry.first), one);
  }
  void EncodeTouched(PieceWriter& out) {
    for (const std::string& name : rows_->gone) out.Delete(name);
    for (const K& key : rows_->touched) {
      if (const auto entry = entries_.find(key); entry != entries_.end()) Put(*entry, out);
    }
    rows_->gone.clear();
    rows_->touched.clear();
  }
  template <class Self>
  static absl::Status LoadInto(Self& self, const LoadedPiece& piece) {
    const auto take = [&](std::string_view bytes, uint64_t count) -> absl::Status {
      ValueReader in(bytes);
      if (ReadEntries(in, count, self) && in.remaining() != 0) in.Fail("bytes follow its entries");
      return in.status();
    };
    for (const LoadedPiece::Row& row : piece.rows) TM_RETURN_IF_ERROR(take(row.bytes, row.entries));
    TM_RETURN_IF_ERROR(take(piece.stored.entries, piece.stored.count));
    if (piece.rows.empty()) return absl::OkStatus();
    self.rows_ = std::make_unique<Rows>();
    self.rows_->token = piece.token;
    for (const LoadedPiece::Row& row : piece.rows) self.rows_->bytes += row.bytes.size();
    return absl::OkStatus();
  }

  Map entries_;
  std::unique_ptr<Rows> rows_;  // null: nothing is in rows, or this is not what they were made of
};

}  // namespace internal

template <class K, class V>
class MapState : public internal::KeyedPiece<K, V> {
 public:
  using mapped_type = V;
  using Entry = std::tuple<K, V>;
  using Map = typename internal::KeyedPiece<K, V>::Map;
  static constexpr internal::Shape kPieceShape = internal::Shape::kMap;

  // To look at; in the order of the keys.
  const Map& entries() const { return this->entries_; }
  const V* Find(const K& key) const {
    const auto found = this->entries_.find(key);
    return found == this->entries_.end() ? nullptr : &found->second;
  }

  // To change; null when it is not there.
  V* Change(const K& key) {
    const auto found = this->entries_.find(key);
    if (found == this->entries_.end()) return nullptr;
    this->Touch(found->first);
    return &found->second;
  }
  // To change; made as {} when it is not there, and then true.
  std::pair<V*, bool> FindOrAdd(const K& key) {
    const auto [place, is_new] = this->entries_.try_emplace(key);
    this->Touch(place->first);
    return {&place->second, is_new};
  }
  V& operator[](const K& key) { return *FindOrAdd(key).first; }
  // It has to be there.
  V Take(const K& key) {
    const auto found = this->entries_.find(key);
    TM_CHECK(found != this->entries_.end(), "what is taken from a map is in it");
    this->NoteGone(found->first);
    auto node = this->entries_.extract(found);
    if (this->entries_.empty()) this->rows_.reset();
    return std::move(node.mapped());
  }

  // ---- for the store ----

  bool Add(Entry entry) {
    return this->entries_.try_emplace(std::move(std::get<0>(entry)), std::move(std::get<1>(entry)))
        .second;
  }
  template <class F>
  void ForEach(F f) const {
    for (const auto& [key, value] : this->entries_) f(key, value);
  }
  absl::Status LoadPiece(const LoadedPiece& piece) { return this->LoadInto(*this, piece); }

 private:
  friend internal::KeyedPiece<K, V>;
};

template <class K>
class SetState : public internal::KeyedPiece<K, internal::NoValue> {
 public:
  using Entry = std::tuple<K>;
  using Base = internal::KeyedPiece<K, internal::NoValue>;
  static constexpr internal::Shape kPieceShape = internal::Shape::kSet;

  // True when it is new.
  bool Insert(const K& key) {
    const auto [place, is_new] = this->entries_.try_emplace(key);
    if (is_new) this->Touch(place->first);
    return is_new;
  }
  const K& first() const { return this->entries_.begin()->first; }
  const K& last() const { return this->entries_.rbegin()->first; }

  // ---- for the store ----

  bool Add(Entry entry) { return this->entries_.try_emplace(std::move(std::get<0>(entry))).second; }
  template <class F>
  void ForEach(F f) const {
    for (const auto& [key, none] : this->entries_) f(key);
  }
  absl::Status LoadPiece(const LoadedPiece& piece) { return this->LoadInto(*this, piece); }

 private:
  friend Base;
};

}  // namespace tidemark
