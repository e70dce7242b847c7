// The rules of joins, for any number of sides: the values each side keeps, and when rows are
// emitted. Shared by streaming joins (tidemark/join.h) and join windows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace tidemark {

// Which of several values a side keeps: the first, the newest, or all of them.
enum class JoinInsert { kFirst, kLast, kProduct };

// When rows are emitted: as soon as every side has a value (the sides are then forgotten); after
// every value; at the end (of input, or of the window).
enum class JoinEmit { kComplete, kRunning, kFinal };

struct JoinOptions {
  JoinInsert insert = JoinInsert::kLast;
  // Default: kComplete for Join, kFinal for JoinWindow.
  std::optional<JoinEmit> emit = std::nullopt;
};

// A value and the side it came from.
template <class V>
struct SideValue {
  uint32_t side = 0;
  V value{};
};

template <class V>
struct JoinFold {
  using Value = SideValue<V>;
  using Acc = std::vector<std::vector<V>>;  // by side
  using Out = std::vector<std::optional<V>>;

  uint32_t sides = 1;
  JoinInsert insert = JoinInsert::kLast;
  JoinEmit emit_mode = JoinEmit::kFinal;

  Acc Init() const { return Acc(sides); }

  template <class Emit>
  void OnValue(Acc& acc, Value value, Emit&& emit) const {
    std::vector<V>& held = acc[value.side];
    switch (insert) {
      case JoinInsert::kFirst:
        if (held.empty()) held.push_back(std::move(value.value));
        break;
      case JoinInsert::kLast:
        held.clear();
        held.push_back(std::move(value.value));
        break;
      case JoinInsert::kProduct:
        held.push_back(std::move(value.value));
        break;
    }
    AfterChange(acc, emit);
  }

  // `into` was opened earlier: kFirst keeps its values, kLast takes those of `from` if it has any.
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&& emit) const {
    for (size_t side = 0; side < into.size(); ++side) {
      std::vector<V>& ours = into[side];
      std::vector<V>& theirs = from[side];
      if (insert == JoinInsert::kProduct || ours.empty()) {
        for (V& value : theirs) ours.push_back(std::move(value));
      } else if (insert == JoinInsert::kLast && !theirs.empty()) {
        ours = std::move(theirs);
      }
    }
    AfterChange(into, emit);
  }

  template <class Emit>
  void OnClose(Acc acc, Emit&& emit) const {
    if (emit_mode == JoinEmit::kFinal) EmitRows(acc, emit);
  }

  bool Complete(const Acc& acc) const {
    for (const auto& held : acc) {
      if (held.empty()) return false;
    }
    return true;
  }

  // The product of the sides, side 0 outermost; an empty side gives nullopt.
  template <class Emit>
  void EmitRows(const Acc& acc, Emit&& emit) const {
    std::vector<size_t> at(acc.size(), 0);
    while (true) {
      Out row;
      for (size_t side = 0; side < acc.size(); ++side) {
        row.push_back(acc[side].empty() ? std::nullopt : std::optional<V>(acc[side][at[side]]));
      }
      emit(std::move(row));
      size_t side = acc.size();
      while (side > 0 && ++at[side - 1] >= acc[side - 1].size()) at[--side] = 0;
      if (side == 0) return;
    }
  }

 private:
  template <class Emit>
  void AfterChange(Acc& acc, Emit&& emit) const {
    if (emit_mode == JoinEmit::kRunning) EmitRows(acc, emit);
    if (emit_mode == JoinEmit::kComplete && Complete(acc)) {
      EmitRows(acc, emit);
      acc.assign(sides, {});
    }
  }
};

}  // namespace tidemark
