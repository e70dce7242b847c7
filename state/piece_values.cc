#include "state/piece_values.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "base/status.h"
#include "state/piece_rows.h"
#include "state/queue_segments.h"
#include "state/state_key.h"
#include "state/value_codec.h"
#include "state/value_json.h"
#include "state/value_parts.h"

namespace tidemark {
namespace {

// A number of entries and the entries: a container as one value.
std::string WithCount(uint64_t count, std::string_view entries) {
  std::string value;
  internal::ValueWriter writer(value);
  writer.Varint(count);
  writer.Raw(entries.data(), entries.size());
  writer.Flush();
  return value;
}

template <class T>
T Decoded(std::string_view bytes) {
  T value{};
  // Bytes that are none were refused when their container was taken apart.
  const absl::Status status = DecodeValue(bytes, value);
  return status.ok() ? value : T{};
}

// Bytes that sort as the key does, where its kind has an order that people expect.
void AppendSortKey(const TypeSchema& schema, const ValuePart& key, std::string& out) {
  switch (key.type->kind) {
    case TypeKind::kI16:
    case TypeKind::kI32:
    case TypeKind::kI64:
      return AppendKeyInt(Decoded<int64_t>(key.bytes), out);
    case TypeKind::kU16:
    case TypeKind::kU32:
    case TypeKind::kU64:
      return AppendKeyUint(Decoded<uint64_t>(key.bytes), out);
    case TypeKind::kTimestamp:
      return AppendKeyInt(Decoded<Timestamp>(key.bytes).us, out);
    case TypeKind::kString:
      return AppendKeyString(Decoded<std::string>(key.bytes), out);
    case TypeKind::kTuple:
      if (const auto parts = PartsOf(schema, key); parts.ok()) {
        for (const ValuePart& part : *parts) AppendSortKey(schema, part, out);
      }
      return;
    default:
      return AppendKeyString(key.bytes, out);
  }
}

class Joiner {
 public:
  Joiner(const TypeSchema& schema, const std::string& what) : schema_(schema), what_(what) {}

  absl::Status Take(const LoadedPiece& piece) {
    const TypeRef* type = ContainerAt(schema_, piece.stored.path);
    if (type == nullptr) {
      return absl::DataLossError(Cat(what_, ": a piece of the state is of no field of it"));
    }
    const bool keyed = type->kind != TypeKind::kList;
    const size_t parts_each = type->args.size();
    std::vector<std::pair<std::string, std::string>> entries;  // to sort by, bytes
    const auto take = [&](uint64_t count, std::string_view bytes, bool of_row) -> absl::Status {
      const std::string value = WithCount(count, bytes);
      TM_ASSIGN_OR_RETURN(const auto parts, PartsOf(schema_, {.type = type, .bytes = value}));
      for (size_t i = 0; i + parts_each <= parts.size(); i += parts_each) {
        if (of_row && IsGone(piece, parts[i].bytes)) continue;
        auto& [sort_key, entry] = entries.emplace_back();
        if (keyed) AppendSortKey(schema_, parts[i], sort_key);
        for (size_t part = 0; part < parts_each; ++part) entry += parts[i + part].bytes;
      }
      return absl::OkStatus();
    };
    for (const LoadedPiece::Row& row : piece.rows) {
      TM_RETURN_IF_ERROR(Annotate(take(row.entries, row.bytes, true), what_));
    }
    TM_RETURN_IF_ERROR(Annotate(take(piece.stored.count, piece.stored.entries, false), what_));
    std::stable_sort(entries.begin(), entries.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::string all;
    for (const auto& [sort_key, entry] : entries) all += entry;
    containers_[piece.stored.path] = WithCount(entries.size(), all);
    return absl::OkStatus();
  }

  // The value at `path`, with its containers.
  absl::StatusOr<std::string> Rebuild(const ValuePart& value, const std::string& path) const {
    if (const auto found = containers_.find(path); found != containers_.end()) return found->second;
    const auto inside = containers_.upper_bound(path);
    const bool has_any =
        inside != containers_.end() && inside->first.substr(0, path.size()) == path;
    if (!has_any) return std::string(value.bytes);
    TM_ASSIGN_OR_RETURN(const auto fields, PartsOf(schema_, value));
    std::string whole;
    for (size_t i = 0; i < fields.size(); ++i) {
      TM_ASSIGN_OR_RETURN(const std::string field, Rebuild(fields[i], path + static_cast<char>(i)));
      whole += field;
    }
    return whole;
  }

 private:
  // Only queues have a floor, and their keys are these.
  static bool IsGone(const LoadedPiece& piece, std::string_view key) {
    if (piece.stored.floor.empty()) return false;
    return Decoded<QueueKey>(key) < Decoded<QueueKey>(piece.stored.floor);
  }

  const TypeSchema& schema_;
  const std::string& what_;
  std::map<std::string, std::string> containers_;  // by path
};

}  // namespace

const TypeRef* ContainerAt(const TypeSchema& schema, std::string_view path) {
  const TypeRef* type = &schema.root;
  for (const char step : path) {
    if (type->kind != TypeKind::kStruct || type->def >= schema.structs.size()) return nullptr;
    const auto& fields = schema.structs[type->def].fields;
    const auto number = static_cast<unsigned char>(step);
    if (number >= fields.size()) return nullptr;
    type = &fields[number].type;
  }
  const bool holds_many =
      type->kind == TypeKind::kList || type->kind == TypeKind::kSet || type->kind == TypeKind::kMap;
  return holds_many ? type : nullptr;
}

absl::Status CheckPiece(const TypeSchema& schema, std::string_view path, std::string_view value) {
  const TypeRef* type = ContainerAt(schema, path);
  if (type == nullptr) return absl::DataLossError("a piece of the state is of no field of it");
  return ValueToJson(SchemaOfPart(schema, {.type = type, .bytes = value}), value).status();
}

absl::StatusOr<std::string> JoinPieces(const TypeSchema& schema, const PiecesRow& row,
                                       const SubRows& sub_rows, const std::string& what) {
  PieceTable table;
  TM_ASSIGN_OR_RETURN(const auto pieces, LoadPieceRows(row.pieces, sub_rows, what, table));
  Joiner joiner(schema, what);
  for (const LoadedPiece& piece : pieces) TM_RETURN_IF_ERROR(joiner.Take(piece));
  return joiner.Rebuild({.type = &schema.root, .bytes = row.value}, "");
}

}  // namespace tidemark
