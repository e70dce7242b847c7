#include "engine/operators/batch.h"

#include <algorithm>

#include "base/status.h"

namespace tidemark {

absl::StatusOr<BatchLimits> BatchLimits::Check(const BatchOptions& options) {
  if (options.max_items && *options.max_items < 1) {
    return absl::InvalidArgumentError(
        Cat("max_items must be at least 1, not ", *options.max_items));
  }
  const auto check_time = [](const char* name, absl::Duration d) {
    return d > absl::ZeroDuration()
               ? absl::OkStatus()
               : absl::InvalidArgumentError(
                     Cat(name, " must be longer than zero, not ", absl::FormatDuration(d)));
  };
  TM_RETURN_IF_ERROR(check_time("max_wait", options.max_wait));
  TM_RETURN_IF_ERROR(check_time("idle_timeout", options.idle_timeout));
  BatchLimits limits{.max_items = options.max_items.value_or(0),
                     .max_wait = Span::FromAbsl(options.max_wait),
                     .idle_timeout = Span::FromAbsl(options.idle_timeout),
                     .at_eof = options.at_eof};
  if (limits.max_items == 0 && limits.max_wait.is_infinite() && limits.idle_timeout.is_infinite()) {
    return absl::InvalidArgumentError(
        "a batch needs a limit: max_items (at least 1), max_wait or idle_timeout");
  }
  // Less than a microsecond is a limit all the same.
  limits.max_wait = std::max(limits.max_wait, Span::Micros(1));
  limits.idle_timeout = std::max(limits.idle_timeout, Span::Micros(1));
  return limits;
}

std::string BatchLimits::Describe() const {
  std::string text;
  const auto add = [&](std::string part) { text += text.empty() ? part : Cat(", ", part); };
  if (max_items > 0) add(Cat("max_items: ", max_items));
  if (!max_wait.is_infinite()) add(Cat("max_wait: ", FormatSpan(max_wait)));
  if (!idle_timeout.is_infinite()) add(Cat("idle_timeout: ", FormatSpan(idle_timeout)));
  if (at_eof == AtEof::kKeep) add("at_eof: keep");
  return text;
}

Timestamp BatchDeadline(const BatchLimits& limits, const BatchTimes& times) {
  Timestamp deadline = Timestamp::Never();
  if (!limits.max_wait.is_infinite()) deadline = times.first + limits.max_wait;
  if (!limits.idle_timeout.is_infinite()) {
    deadline = std::min(deadline, times.newest + limits.idle_timeout);
  }
  return deadline;
}

void EncodeBatchRows(const BatchTimes& times, Epoch epoch, const RowHeader& header,
                     const ItemSlices& unsaved, BatchRows& rows, RowOutput& out) {
  DeleteDeadSegments(rows, out);
  static const ItemSlices kNoTail;
  const bool spill = unsaved.bytes.size() > kTailBytesMax;
  if (spill) {
    const uint32_t bytes = out.Sub(EpochSuffix(epoch), out.codec().EncodeSegment(unsaved));
    rows.segments.push_back(
        {.epoch = epoch, .items = static_cast<uint32_t>(unsaved.count()), .bytes = bytes});
  }
  // Segments are not named here: that would be written again in each epoch.
  const BatchRow row{.first = times.first,
                     .newest = times.newest,
                     .segments = {},
                     .tail = {},
                     .segment_rows = static_cast<uint32_t>(rows.segments.size()),
                     .segment_items = rows.items_in_segments()};
  out.Main(out.codec().EncodeBatch(header, row, spill ? kNoTail : unsaved));
}

void DeleteDeadSegments(BatchRows& rows, RowOutput& out) {
  for (const ListSegment& segment : rows.dead) {
    out.DeleteSub(EpochSuffix(segment.epoch), segment.bytes);
  }
  rows.dead.clear();
}

namespace {

using TakeItem = std::function<absl::Status(std::string_view)>;

absl::Status LoadSegment(std::string_view value, const std::string& what, uint32_t& count,
                         const TakeItem& item) {
  std::vector<std::string> items;
  TM_RETURN_IF_ERROR(DecodeSegmentRow(value, what, items));
  count = static_cast<uint32_t>(items.size());
  for (const std::string& bytes : items) TM_RETURN_IF_ERROR(item(bytes));
  return absl::OkStatus();
}

// Of format 1: the main row names its segments.
absl::Status LoadNamed(const BatchRow& batch, const SubRows& sub_rows, const std::string& what,
                       const TakeItem& item) {
  std::vector<std::string> suffixes;
  suffixes.reserve(batch.segments.size());
  for (const ListSegment& segment : batch.segments) suffixes.push_back(EpochSuffix(segment.epoch));
  if (suffixes.empty()) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const auto values, sub_rows.Get(suffixes));
  for (size_t i = 0; i < values.size(); ++i) {
    uint32_t count = 0;
    TM_RETURN_IF_ERROR(LoadSegment(values[i], what, count, item));
    if (count == batch.segments[i].items) continue;
    return absl::DataLossError(
        Cat(what, ": a segment holds ", count, " items instead of ", batch.segments[i].items));
  }
  return absl::OkStatus();
}

// All sub-rows of the key, by epoch.
absl::Status LoadAll(const BatchRow& batch, const SubRows& sub_rows, const std::string& what,
                     BatchRows& rows, const TakeItem& item) {
  if (batch.segment_rows == 0) return absl::OkStatus();
  TM_ASSIGN_OR_RETURN(const auto found, sub_rows.All());
  uint64_t items = 0;
  for (const SubRow& row : found) {
    const auto epoch = ParseEpochSuffix(row.suffix);
    if (!epoch) return absl::DataLossError(Cat(what, ": a row of the list is not a segment"));
    ListSegment segment{.epoch = *epoch, .items = 0, .bytes = row.bytes};
    TM_RETURN_IF_ERROR(LoadSegment(row.value, what, segment.items, item));
    items += segment.items;
    rows.segments.push_back(segment);
  }
  if (found.size() == batch.segment_rows && items == batch.segment_items) return absl::OkStatus();
  return absl::DataLossError(Cat(what, ": a part of the state is missing in the store (",
                                 found.size(), " segments of ", batch.segment_rows, ", ", items,
                                 " items of ", batch.segment_items, ")"));
}

}  // namespace

absl::Status LoadBatchRows(const StateRowData& row, const SubRows& sub_rows,
                           const std::string& what, BatchTimes& times, BatchRows& rows,
                           const std::function<absl::Status(std::string_view)>& item) {
  const auto* batch = std::get_if<BatchRow>(&row.state);
  if (batch == nullptr) return absl::DataLossError(Cat(what, ": the stored state is not a batch"));
  times = {.first = batch->first, .newest = batch->newest};
  rows.segments = batch->segments;
  rows.dead.clear();
  TM_RETURN_IF_ERROR(LoadNamed(*batch, sub_rows, what, item));
  TM_RETURN_IF_ERROR(LoadAll(*batch, sub_rows, what, rows, item));
  for (const std::string& bytes : batch->tail) TM_RETURN_IF_ERROR(item(bytes));
  return absl::OkStatus();
}

}  // namespace tidemark
