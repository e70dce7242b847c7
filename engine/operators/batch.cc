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
  BatchRow row{.first = times.first, .newest = times.newest, .segments = rows.segments, .tail = {}};
  out.Main(out.codec().EncodeBatch(header, row, spill ? kNoTail : unsaved));
}

void DeleteDeadSegments(BatchRows& rows, RowOutput& out) {
  for (const ListSegment& segment : rows.dead) {
    out.DeleteSub(EpochSuffix(segment.epoch), segment.bytes);
  }
  rows.dead.clear();
}

absl::Status LoadBatchRows(const StateRowData& row, const SubRows& sub_rows,
                           const std::string& what, BatchTimes& times, BatchRows& rows,
                           const std::function<absl::Status(std::string_view)>& item) {
  const auto* batch = std::get_if<BatchRow>(&row.state);
  if (batch == nullptr) return absl::DataLossError(Cat(what, ": the stored state is no batch"));
  times = {.first = batch->first, .newest = batch->newest};
  rows.segments = batch->segments;
  rows.dead.clear();
  std::vector<std::string> suffixes;
  suffixes.reserve(rows.segments.size());
  for (const ListSegment& segment : rows.segments) suffixes.push_back(EpochSuffix(segment.epoch));
  if (!suffixes.empty()) {
    TM_ASSIGN_OR_RETURN(const auto values, sub_rows.Get(suffixes));
    for (size_t i = 0; i < values.size(); ++i) {
      std::vector<std::string> items;
      TM_RETURN_IF_ERROR(DecodeSegmentRow(values[i], what, items));
      if (items.size() != rows.segments[i].items) {
        return absl::DataLossError(Cat(what, ": a segment holds ", items.size(),
                                       " items instead of ", rows.segments[i].items));
      }
      for (const std::string& bytes : items) TM_RETURN_IF_ERROR(item(bytes));
    }
  }
  for (const std::string& bytes : batch->tail) TM_RETURN_IF_ERROR(item(bytes));
  return absl::OkStatus();
}

}  // namespace tidemark
