// NoteType: a small state for tests of KeyedStates: a number, a wake time and a list that grows.
//
// Number, time and the list's segments are the main row; the items that an epoch added are a
// sub-row of their own.
#pragma once

#include <cstring>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/check.h"
#include "base/status.h"
#include "proto/rows.h"
#include "state/state_key.h"
#include "state/state_type.h"

namespace tidemark {

// What a key holds, as a plain value that a model can copy and compare.
struct Note {
  int64_t number = 0;
  Timestamp wake = Timestamp::Never();
  std::vector<int64_t> items;

  bool empty() const { return number == 0 && items.empty(); }
  bool operator==(const Note&) const = default;
};

struct NoteState final : StateObject {
  Note note;
  std::vector<ListSegment> segments;  // of note.items, as far as they are stored
  std::vector<ListSegment> dead;      // of lists that were dropped since

  void DropItems() {
    note.items.clear();
    dead.insert(dead.end(), segments.begin(), segments.end());
    segments.clear();
  }
  void Clear() {
    DropItems();
    note = {};
  }
};

inline NoteState& NoteIn(StateObject& state) { return static_cast<NoteState&>(state); }
inline const NoteState& NoteIn(const StateObject& state) {
  return static_cast<const NoteState&>(state);
}

class NoteType final : public StateType {
 public:
  explicit NoteType(bool cheap_size = true) : cheap_size_(cheap_size) {}

  std::unique_ptr<StateObject> New() const override { return std::make_unique<NoteState>(); }
  bool IsEmpty(const StateObject& state) const override { return NoteIn(state).note.empty(); }
  Timestamp WakeAt(const StateObject& state) const override { return NoteIn(state).note.wake; }
  size_t MemoryBytes(const StateObject& state) const override {
    return sizeof(NoteState) + 8 * NoteIn(state).note.items.size();
  }
  bool cheap_size() const override { return cheap_size_; }

  void Encode(StateObject& object, Epoch epoch, const RowHeader& header,
              RowOutput& out) const override {
    NoteState& state = NoteIn(object);
    DeleteDead(state, out);
    size_t stored = 0;
    for (const ListSegment& segment : state.segments) stored += segment.items;
    if (stored < state.note.items.size()) {
      std::string row;
      for (size_t i = stored; i < state.note.items.size(); ++i) Append(state.note.items[i], row);
      const auto items = static_cast<uint32_t>(state.note.items.size() - stored);
      state.segments.push_back(
          {.epoch = epoch, .items = items, .bytes = out.Sub(EpochSuffix(epoch), row)});
    }
    std::string main;
    Append(state.note.number, main);
    Append(state.note.wake.us, main);
    for (const ListSegment& segment : state.segments) {
      Append(static_cast<int64_t>(segment.epoch.value), main);
      Append(segment.items, main);
      Append(segment.bytes, main);
    }
    out.Main(out.codec().EncodeValue(header, main));
  }
  void EncodeGone(StateObject& state, RowOutput& out) const override {
    DeleteDead(NoteIn(state), out);
  }
  absl::StatusOr<std::unique_ptr<StateObject>> Load(const StateRowData& row,
                                                    const SubRows& sub_rows,
                                                    const std::string&) const override {
    auto state = std::make_unique<NoteState>();
    const std::string& main = std::get<ValueRow>(row.state).value;
    state->note.number = At(main, 0);
    state->note.wake = {At(main, 1)};
    std::vector<std::string> suffixes;
    for (size_t i = 2; i * 8 < main.size(); i += 3) {
      state->segments.push_back({.epoch = {static_cast<uint64_t>(At(main, i))},
                                 .items = static_cast<uint32_t>(At(main, i + 1)),
                                 .bytes = static_cast<uint32_t>(At(main, i + 2))});
      suffixes.push_back(EpochSuffix(state->segments.back().epoch));
    }
    TM_ASSIGN_OR_RETURN(const auto rows, sub_rows.Get(suffixes));
    for (size_t s = 0; s < rows.size(); ++s) {
      TM_CHECK(rows[s].size() == 8 * state->segments[s].items, "a segment has its items");
      for (size_t i = 0; i * 8 < rows[s].size(); ++i) state->note.items.push_back(At(rows[s], i));
    }
    return state;
  }

 private:
  static void Append(int64_t number, std::string& out) {
    out.append(reinterpret_cast<const char*>(&number), 8);
  }
  static int64_t At(std::string_view bytes, size_t index) {
    int64_t number = 0;
    std::memcpy(&number, bytes.data() + 8 * index, 8);
    return number;
  }
  static void DeleteDead(NoteState& state, RowOutput& out) {
    for (const ListSegment& segment : state.dead) {
      out.DeleteSub(EpochSuffix(segment.epoch), segment.bytes);
    }
    state.dead.clear();
  }

  const bool cheap_size_;
};

}  // namespace tidemark
