// Pieces: a state with containers of its own kind (state/map_state.h, state/list_state.h,
// state/time_queue.h) as a main row and sub-rows. docs/formats/state-rows.md has the bytes.
//
//   if constexpr (HasPieces<State>()) {
//     EncodeInPieces(state, table, epoch, header, out);
//
// Containers are found by a walk over the fields of the state and of structs in it. Everything
// else is one value, as of any state, in which the containers are written as empty.
#pragma once

#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/status.h"
#include "proto/rows.h"
#include "state/piece_rows.h"
#include "state/reflect.h"
#include "state/reflect_types.h"
#include "state/state_type.h"
#include "state/value_codec.h"

namespace tidemark {
namespace internal {

template <class... Field>
constexpr bool AnyHasPieces(TypeList<Field...>);

}  // namespace internal

// Whether a field of T, at any depth of structs, is a container in pieces.
template <class T>
constexpr bool HasPieces() {
  if constexpr (internal::InPieces<T>) {
    return true;
  } else if constexpr (internal::ShapeOf<T>() == internal::Shape::kStruct) {
    return internal::AnyHasPieces(internal::Parts<T>());
  } else {
    return false;
  }
}

namespace internal {

template <class... Field>
constexpr bool AnyHasPieces(TypeList<Field...>) {
  return (HasPieces<Field>() || ...);
}

// f(path, container) for each, in the order of the fields.
template <class T, class F>
void ForEachPiece(T& value, std::string& path, const F& f) {
  if constexpr (InPieces<T>) {
    f(std::string_view(path), value);
  } else if constexpr (HasPieces<T>()) {
    WithFields(value, [&](auto&... field) {
      char number = 0;
      const auto enter = [&](auto& one) {
        path.push_back(number++);
        ForEachPiece(one, path, f);
        path.pop_back();
      };
      (enter(field), ...);
    });
  }
}

}  // namespace internal

// Writes the main row and the sub-rows that changed.
template <class S>
void EncodeInPieces(S& state, PieceTable& table, Epoch epoch, const RowHeader& header,
                    RowOutput& out) {
  std::string value;
  {
    internal::ValueWriter writer(value, internal::ValueWriter::kWithoutPieces);
    internal::Write(state, writer);
    writer.Flush();
  }
  std::vector<StoredPiece> stored;
  std::string path;
  internal::ForEachPiece(state, path, [&](std::string_view where, auto& container) {
    PieceWriter writer(table, where, epoch, out);
    container.EncodePiece(writer);
    if (writer.has_any()) stored.push_back(writer.TakeStored());
  });
  out.Main(out.codec().EncodePieces(header, value, EncodeToString(stored)));
}

// `state` is a new one. DataLoss when a piece is missing.
template <class S>
absl::Status LoadFromPieces(const PiecesRow& row, const SubRows& sub_rows, const std::string& what,
                            S& state, PieceTable& table) {
  TM_RETURN_IF_ERROR(Annotate(DecodeAll(row.value, state), what));
  TM_ASSIGN_OR_RETURN(auto loaded, LoadPieceRows(row.pieces, sub_rows, what, table));
  size_t left = loaded.size();
  absl::Status status;
  std::string path;
  internal::ForEachPiece(state, path, [&](std::string_view where, auto& container) {
    for (const LoadedPiece& piece : loaded) {
      if (piece.stored.path != where || !status.ok()) continue;
      status = container.LoadPiece(piece);
      --left;
    }
  });
  TM_RETURN_IF_ERROR(Annotate(status, what));
  if (left == 0) return absl::OkStatus();
  return absl::DataLossError(Cat(what, ": a piece of the state is of no field of it"));
}

}  // namespace tidemark
