#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "proto/rows.h"
#include "recovery/verify.h"
#include "state/piece_rows.h"
#include "state/piece_values.h"
#include "state/state_key.h"
#include "state/type_schema_codec.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

std::string Counted(uint64_t count, std::string_view one, std::string_view many) {
  return Cat(count, " ", count == 1 ? one : many);
}

constexpr uint64_t kProgressRows = 1 << 16;
constexpr char kMetaByte = 0x01;
constexpr char kOutboxByte = 0x02;
constexpr char kStateByte = 0x10;
constexpr char kTimerByte = 0x20;

// Walks all rows once, in their order: a key's main row comes before its sub-rows.
class RowWalk {
 public:
  RowWalk(const StateReader& store, const EpochRecord& record, VerifiedPart& part)
      : store_(store), part_(part) {
    for (const SinkRecord& sink : record.sinks) sinks_.insert(sink.step);
    epoch_ = record.epoch;
    for (const StepRecord& step : record.steps) {
      steps_[step.id].record = &step;
      steps_[step.id].schema = ReadSchema(step, step.schema);
      steps_[step.id].value_schema =
          step.value_schema.empty() ? steps_[step.id].schema : ReadSchema(step, step.value_schema);
    }
  }

  void Run(const std::function<void(uint64_t)>& progress) {
    const auto cursor = store_.Scan("", "");
    std::string last = "the first row";
    for (; cursor->Valid(); cursor->Next()) {
      if (absl::Status fault = TakeRow(cursor->key(), cursor->value()); !fault.ok()) {
        part_.Add(fault);
      }
      if (++part_.rows % kProgressRows == 0) progress(part_.rows);
      last = where_;
    }
    LeaveKey();
    if (!cursor->status().ok()) {
      part_.Add(Annotate(cursor->status(), Cat("rows after ", last, " cannot be read")));
      return;  // counts say nothing then
    }
    for (const auto& [id, step] : steps_) {
      if (step.keys == step.record->keys) continue;
      part_.Add(absl::DataLossError(Cat("step '", step.record->name, "': has ", step.keys,
                                        " keys, and the epoch record says ", step.record->keys)));
    }
  }

 private:
  struct Step {
    const StepRecord* record = nullptr;
    std::optional<TypeSchema> schema;
    std::optional<TypeSchema> value_schema;  // of rows that hold a state as one value
    uint64_t keys = 0;
  };

  std::optional<TypeSchema> ReadSchema(const StepRecord& step, const std::string& bytes) {
    auto schema = DecodeSchema(bytes);
    if (schema.ok()) return *std::move(schema);
    part_.Add(Annotate(schema.status(), Cat("step '", step.name, "': its schema")));
    return std::nullopt;
  }

  absl::Status TakeRow(std::string_view key, std::string_view value) {
    switch (key.empty() ? '\0' : key[0]) {
      case kMetaByte:
        where_ = "the epoch record";
        return absl::OkStatus();
      case kOutboxByte:
        return TakeOutboxRow(key);
      case kStateByte:
        return TakeStateRow(key, value);
      case kTimerByte:
        return TakeTimerRow(key, value);
      default:
        return absl::DataLossError("a row of no known kind");
    }
  }

  absl::Status TakeOutboxRow(std::string_view row_key) {
    TM_ASSIGN_OR_RETURN(const OutboxRowKey row, ParseOutboxRowKey(row_key));
    where_ = Cat("rows for the sink '", row.sink, "', epoch ", row.epoch.value);
    if (sinks_.find(row.sink) == sinks_.end()) {
      return absl::DataLossError(Cat(where_, ": the epoch record does not name the sink"));
    }
    if (row.epoch <= epoch_) return absl::OkStatus();
    return absl::DataLossError(Cat(where_, ": the epoch record is of epoch ", epoch_.value));
  }

  // The step of a row, and its name and key for people.
  absl::StatusOr<Step*> Enter(StepId id, std::string_view user_key) {
    const auto found = steps_.find(id);
    const std::string name = found == steps_.end() ? Cat("number ", id.value)
                                                   : Cat("'", found->second.record->name, "'");
    where_ = Cat("step ", name, ", key ", FormatUserKey(user_key));
    if (found != steps_.end()) return &found->second;
    return absl::DataLossError(Cat(where_, ": the epoch record does not name the step"));
  }

  absl::Status TakeStateRow(std::string_view row_key, std::string_view value) {
    TM_ASSIGN_OR_RETURN(const StateRowKey row, ParseStateRowKey(row_key));
    TM_ASSIGN_OR_RETURN(Step * step, Enter(row.step, row.user_key));
    if (row.kind == RowKind::kSub) return TakeSubRow(row, *step, value);
    LeaveKey();
    ++step->keys;
    ++part_.keys;
    StateRowData data;
    TM_RETURN_IF_ERROR(DecodeStateRow(value, where_, data));
    TM_RETURN_IF_ERROR(CheckTimer(row, data.header));
    if (const auto* state = std::get_if<ValueRow>(&data.state)) {
      return CheckValue(step->value_schema, state->value);
    }
    open_step_ = row.step;
    open_key_ = std::string(row.user_key);
    if (const auto* state = std::get_if<PiecesRow>(&data.state)) return TakePieces(*step, *state);
    const auto& batch = std::get<BatchRow>(data.state);
    segments_ = batch.segments;
    unnamed_ = {.rows = batch.segment_rows, .entries = batch.segment_items};
    return CheckItems(*step, batch.tail);
  }

  absl::Status TakePieces(const Step& step, const PiecesRow& row) {
    TM_RETURN_IF_ERROR(CheckValue(step.schema, row.value));
    TM_ASSIGN_OR_RETURN(const auto pieces, DecodeStoredPieces(row.pieces, where_));
    for (const StoredPiece& piece : pieces) {
      pieces_[piece.path] = {.rows = piece.rows, .entries = piece.row_entries};
      if (!step.schema) continue;
      std::string value;
      internal::ValueWriter writer(value);
      writer.Varint(piece.count);
      writer.Raw(piece.entries.data(), piece.entries.size());
      writer.Flush();
      TM_RETURN_IF_ERROR(Annotate(CheckPiece(*step.schema, piece.path, value), where_));
    }
    return absl::OkStatus();
  }

  absl::Status TakeSubRow(const StateRowKey& row, const Step& step, std::string_view value) {
    if (open_step_ != row.step || open_key_ != row.user_key || pieces_.empty()) {
      return TakeSegment(row, step, value);
    }
    std::string_view path, name;
    const bool is_piece = ParsePieceSuffix(row.suffix, path, name);
    const auto piece = is_piece ? pieces_.find(path) : pieces_.end();
    if (piece == pieces_.end() || piece->second.rows == 0) {
      return absl::DataLossError(Cat(where_, ": a piece that its state does not name"));
    }
    if (step.schema) {
      TM_RETURN_IF_ERROR(Annotate(CheckPiece(*step.schema, path, value), where_));
    }
    TM_ASSIGN_OR_RETURN(const uint64_t entries, TakeEntryCount(value));
    --piece->second.rows;
    if (entries > piece->second.entries) {
      return absl::DataLossError(Cat(where_, ": a row of its state has ", entries,
                                     " entries, and at most ", piece->second.entries,
                                     " are left of those that the state names"));
    }
    piece->second.entries -= entries;
    return CheckName(step, path, name, value, entries);
  }

  // The row of an entry of a map or set is named by the entry's key, so no two rows have the same
  // one. A queue, which has the type of a map, has rows that are named by epochs.
  absl::Status CheckName(const Step& step, std::string_view path, std::string_view name,
                         std::string_view entries, uint64_t count) const {
    if (!step.schema || name.size() == EpochSuffix({}).size()) return absl::OkStatus();
    const TypeRef* type = ContainerAt(*step.schema, path);
    if (type == nullptr || type->kind == TypeKind::kList) return absl::OkStatus();
    if (count == 1 && entries.starts_with(name)) return absl::OkStatus();
    return absl::DataLossError(Cat(where_, ": a row of its state is named by another key"));
  }

  absl::Status TakeUnnamedSegment(const Step& step, std::string_view value) {
    std::vector<std::string> items;
    --unnamed_.rows;
    TM_RETURN_IF_ERROR(DecodeSegmentRow(value, where_, items));
    if (items.size() > unnamed_.entries) {
      return absl::DataLossError(Cat(where_, ": a segment has ", items.size(),
                                     " items, and at most ", unnamed_.entries,
                                     " are left of those that its list names"));
    }
    unnamed_.entries -= items.size();
    return CheckItems(step, items);
  }

  absl::Status TakeSegment(const StateRowKey& row, const Step& step, std::string_view value) {
    if (open_step_ == row.step && open_key_ == row.user_key && unnamed_.rows > 0) {
      return TakeUnnamedSegment(step, value);
    }
    const auto named = std::find_if(
        segments_.begin(), segments_.end(),
        [&](const ListSegment& segment) { return EpochSuffix(segment.epoch) == row.suffix; });
    if (open_step_ != row.step || open_key_ != row.user_key || named == segments_.end()) {
      return absl::DataLossError(Cat(where_, ": a segment that its list does not name"));
    }
    std::vector<std::string> items;
    TM_RETURN_IF_ERROR(DecodeSegmentRow(value, where_, items));
    const uint32_t wanted = named->items;
    segments_.erase(named);
    if (items.size() != wanted) {
      return absl::DataLossError(
          Cat(where_, ": a segment has ", items.size(), " items instead of ", wanted));
    }
    return CheckItems(step, items);
  }

  // All sub-rows of the key before have come.
  void LeaveKey() {
    for (const auto& [path, left] : pieces_) {
      if (left.rows == 0 && left.entries == 0) continue;
      part_.Add(absl::DataLossError(
          Cat("step number ", open_step_.value, ", key ", FormatUserKey(open_key_), ": ",
              Counted(left.rows, "row", "rows"), " and ", Counted(left.entries, "entry", "entries"),
              " of its state are missing")));
    }
    pieces_.clear();
    if (unnamed_.rows > 0 || unnamed_.entries > 0) {
      part_.Add(absl::DataLossError(
          Cat("step number ", open_step_.value, ", key ", FormatUserKey(open_key_), ": ",
              Counted(unnamed_.rows, "segment", "segments"), " and ",
              Counted(unnamed_.entries, "item", "items"), " of its list are missing")));
    }
    unnamed_ = {};
    if (!segments_.empty()) {
      part_.Add(absl::DataLossError(
          Cat("step number ", open_step_.value, ", key ", FormatUserKey(open_key_), ": ",
              Counted(segments_.size(), "segment", "segments"), " of its list are missing")));
    }
    segments_.clear();
    open_key_.clear();
    open_step_ = {};
  }

  absl::Status CheckValue(const std::optional<TypeSchema>& schema, std::string_view value) const {
    if (!schema) return absl::OkStatus();  // said once for the step
    return Annotate(ValueToJson(*schema, value).status(), where_);
  }
  absl::Status CheckItems(const Step& step, const std::vector<std::string>& items) const {
    for (const std::string& item : items) TM_RETURN_IF_ERROR(CheckValue(step.schema, item));
    return absl::OkStatus();
  }

  absl::Status CheckTimer(const StateRowKey& row, const RowHeader& header) const {
    if (header.timer_at.is_never()) return absl::OkStatus();
    std::string key;
    TimerRowKey(row.step, header.timer_at, row.user_key, key);
    TM_ASSIGN_OR_RETURN(const auto found, store_.Get(key));
    if (found) return absl::OkStatus();
    return absl::DataLossError(Cat(where_, ": its timer is missing in the index"));
  }

  absl::Status TakeTimerRow(std::string_view row_key, std::string_view value) {
    TM_ASSIGN_OR_RETURN(const TimerRow row, ParseTimerRowKey(row_key));
    TM_RETURN_IF_ERROR(Enter(row.step, row.user_key).status());
    if (!value.empty()) return absl::DataLossError(Cat(where_, ": its timer row holds a value"));
    std::string key;
    MainRowKey(row.step, row.user_key, key);
    TM_ASSIGN_OR_RETURN(const auto main, store_.Get(key));
    if (!main) return absl::DataLossError(Cat(where_, ": has a timer and no state"));
    StateRowData data;
    if (!DecodeStateRow(*main, where_, data).ok()) return absl::OkStatus();  // said at its row
    if (data.header.timer_at == row.at) return absl::OkStatus();
    return absl::DataLossError(Cat(where_, ": the timer index disagrees with the state"));
  }

  const StateReader& store_;
  VerifiedPart& part_;
  std::map<StepId, Step> steps_;
  std::set<std::string> sinks_;
  Epoch epoch_;
  std::string where_ = "the beginning";
  // The key whose sub-rows come next: segments of its list, or pieces of its state.
  struct Left {
    uint64_t rows = 0;
    uint64_t entries = 0;
  };
  StepId open_step_;
  std::string open_key_;
  std::map<std::string, Left, std::less<>> pieces_;  // by path
  Left unnamed_;                                     // segments
  std::vector<ListSegment> segments_;
};

}  // namespace

void VerifyRows(const StateReader& store, const EpochRecord& record,
                const std::function<void(uint64_t)>& progress, VerifiedPart& part) {
  RowWalk(store, record, part).Run(progress);
}

}  // namespace tidemark
