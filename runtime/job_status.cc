#include "runtime/job_status.h"

#include "base/status.h"
#include "engine/position.h"
#include "recovery/resume_plan.h"

namespace tidemark {
namespace {

StepStatus StatusOf(const StepRecord& step) {
  StepStatus status{.name = step.name,
                    .kind = step.kind,
                    .keys = step.keys,
                    .bytes = step.bytes,
                    .late = step.lateness.items,
                    .watermark = {},
                    .held_back_by = {}};
  if (step.watermarks.empty()) return status;
  status.watermark = step.clock_floor;
  const PartitionWatermark* last = nullptr;
  for (const PartitionWatermark& partition : step.watermarks) {
    if (partition.idle || partition.at_end) continue;
    if (last == nullptr || partition.watermark < last->watermark) last = &partition;
  }
  if (last != nullptr) status.held_back_by = Cat(last->source, "/", last->partition);
  return status;
}

}  // namespace

InputProgress ProgressOf(const EpochRecord& record) {
  InputProgress progress;
  for (const SourceRecord& source : record.sources) {
    const Position position(source.position);
    const auto offset = position.Number("offset");
    const auto size = position.Number("size");
    if (!offset || !size || *offset < 0 || *size < *offset) {
      if (source.at_end) continue;
      return {};
    }
    progress.bytes_read += static_cast<uint64_t>(*offset);
    progress.bytes += static_cast<uint64_t>(*size);
  }
  return progress;
}

std::optional<Span> TimeLeft(const InputProgress& input, uint64_t first_read, Span elapsed) {
  if (input.bytes_read <= first_read || input.bytes_read >= input.bytes || elapsed.us <= 0) {
    return std::nullopt;
  }
  const double left = static_cast<double>(input.bytes - input.bytes_read) /
                      static_cast<double>(input.bytes_read - first_read) *
                      static_cast<double>(elapsed.us);
  constexpr double kLeftMax = 365.0 * 86'400 * 1e6;  // more is no estimate
  if (left > kLeftMax) return std::nullopt;
  return Span::Micros(static_cast<int64_t>(left));
}

void TakeRecord(const EpochRecord& record, JobStatus& status) {
  status.epoch = record.epoch.value;
  status.keys = status.state_bytes = 0;
  status.steps.clear();
  for (const StepRecord& step : record.steps) {
    status.keys += step.keys;
    status.state_bytes += step.bytes;
    status.steps.push_back(StatusOf(step));
  }
  status.partitions.clear();
  for (const SourceRecord& source : record.sources) {
    status.partitions.push_back({.source = source.step,
                                 .partition = source.partition,
                                 .position = DescribePosition(source.position),
                                 .at_end = source.at_end});
  }
  status.input = ProgressOf(record);
}

}  // namespace tidemark
