#include "jobs/window_flow.h"

#include <algorithm>
#include <memory>
#include <stdexcept>
#include <utility>
#include <variant>

#include "base/status.h"
#include "base/timestamp.h"
#include "jobs/aggregate_description.h"
#include "jobs/aggregates.h"
#include "jobs/row_writer.h"
#include "jobs/time_unit.h"
#include "jobs/window_steps.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using KeyedRow = KeyValue<JobKey, JsonRow>;
using KeyedWindowRow = KeyValue<JobKey, WindowRow>;

// The aggregates under the names that the rows' fields have.
std::vector<AggregateSpec> Resolved(const WindowSpec& window, const RowFields& fields) {
  std::vector<AggregateSpec> aggregates = window.aggregates;
  for (AggregateSpec& aggregate : aggregates) {
    if (aggregate.field.has_value()) aggregate.field = fields.Resolve(*aggregate.field);
  }
  return aggregates;
}

// Becomes the status of the step, which stops the run.
void ThrowUnlessOk(const absl::Status& status) {
  if (!status.ok()) throw std::runtime_error(std::string(ToStd(status.message())));
}

void AppendTime(std::string_view label, absl::Time time, std::string& out) {
  // Windows lie where rows do, or saturate at the ends of time.
  const auto at = Timestamp::FromAbsl(time);
  out += label;
  AppendJsonString(at.ok() ? FormatTimestamp(*at) : "", out);
  out += ", ";
}

// Writes {"net": "ci", "window_open": "…", "window_close": "…", "quakes": 3}.
class WindowRowWriter {
 public:
  explicit WindowRowWriter(const std::vector<std::string>& key_fields) : writer_(key_fields) {}

  JsonRow operator()(const JobKey& key, const Windowed<std::string>& window) const {
    constexpr size_t kTimes = 100;
    JsonRow row;
    row.raw.reserve(writer_.SizeOf(key) + kTimes + window.value.size());
    writer_.Begin(key, row.raw);
    AppendTime(open_label_, window.open, row.raw);
    AppendTime(close_label_, window.close, row.raw);
    row.raw += window.value;
    row.raw += '}';
    return row;
  }

 private:
  RowWriter writer_;
  std::string open_label_ = RowWriter::Label(kWindowOpen);
  std::string close_label_ = RowWriter::Label(kWindowClose);
};

WindowSteps AddSteps(const KeyedStream<JobKey, WindowRow>& rows, const WindowSpec& window,
                     const AggregateWindow& fold) {
  const auto* clock = std::get_if<EventTimeSpec>(&window.clock);
  if (clock == nullptr) return AddSystemTimeWindow(rows, window, fold);
  if (clock->watermark == WatermarkScope::kPerStream) {
    return AddStreamTimeWindow(rows, window, fold);
  }
  return AddEventTimeWindow(rows, window, fold);
}

std::string DescribeClock(const WindowSpec& window) {
  const auto* clock = std::get_if<EventTimeSpec>(&window.clock);
  if (clock == nullptr) return "system_time";
  return Cat("event_time ", clock->field, clock->unit ? Cat(" in ", NameOf(*clock->unit)) : "");
}

}  // namespace

WindowRowOptions ReadingOf(const WindowSpec& window, const RowFields& fields) {
  WindowRowOptions options{.fields = Aggregates(Resolved(window, fields)).fields(),
                           .keep_row = window.late_to.has_value()};
  if (const auto* clock = std::get_if<EventTimeSpec>(&window.clock)) {
    options.time_field = clock->field;
    options.unit = clock->unit;
    options.max_ahead =
        clock->max_ahead_of_system_time.value_or(Span::FromAbsl(kMaxAheadOfSystemTime));
  }
  return options;
}

std::string DescribeWindow(const WindowSpec& window, const RowFields& fields) {
  std::vector<std::string> aggregates;
  for (const AggregateSpec& aggregate : Resolved(window, fields)) {
    const std::string of = aggregate.field ? Cat("(", *aggregate.field, ")") : "";
    aggregates.push_back(Cat(aggregate.name, ": ", NameOf(aggregate.kind), of));
  }
  // In what order they are written is of no consequence for what is stored.
  std::sort(aggregates.begin(), aggregates.end());
  std::string text = DescribeClock(window);
  for (size_t i = 0; i < aggregates.size(); ++i) text += Cat(i == 0 ? "; " : ", ", aggregates[i]);
  return text;
}

Stream<KeyedWindowRow> ReadWindowRows(const Stream<KeyedRow>& rows,
                                      const WindowRowOptions& options) {
  return KeyedStream<JobKey, JsonRow>(rows)
      .MapValue(
          [reader = WindowRowReader(options), loaded = JsonFieldReader()](JsonRow row) mutable {
            ThrowUnlessOk(loaded.Load(row.raw));
            absl::StatusOr<WindowRow> read = reader.Read(loaded, std::move(row), Timestamp::Max());
            ThrowUnlessOk(read.status());
            return *std::move(read);
          })
      .Pairs();
}

WindowStreams AddWindow(const Stream<KeyedWindowRow>& rows, const WindowSpec& window,
                        const std::vector<std::string>& key_fields, const RowFields& fields) {
  const std::vector<AggregateSpec> aggregates = Resolved(window, fields);
  const AggregateWindow fold{.aggregates = std::make_shared<const Aggregates>(aggregates),
                             .description = DescribeAggregates(aggregates)};
  const WindowSteps steps = AddSteps(KeyedStream<JobKey, WindowRow>(rows), window, fold);
  const auto late = steps.late.Pairs().FilterMap(
      [](KeyValue<JobKey, Windowed<WindowRow>> item) { return std::move(item.value.value.row); });
  return {.rows = steps.results.MapWithKey(WindowRowWriter(key_fields)).Pairs(), .late = late};
}

}  // namespace tidemark
