#include "jobs/time_sample.h"

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/status.h"
#include "connectors/rows/json_row.h"
#include "connectors/rows/lines.h"
#include "jobs/event_time.h"

namespace tidemark {
namespace {

// The clock of the window that reads rows of sources, which comes first or after a key.
const EventTimeSpec* ClockOfSources(const JobSpec& job) {
  for (const StepSpec& step : job.steps) {
    if (std::holds_alternative<KeyBySpec>(step.step)) continue;
    const auto* window = std::get_if<WindowSpec>(&step.step);
    return window == nullptr ? nullptr : std::get_if<EventTimeSpec>(&window->clock);
  }
  return nullptr;
}

// What the numbers in a field would be, all of them.
struct Sampled {
  size_t numbers = 0;
  std::optional<TimeUnit> likely = std::nullopt;  // the one unit that makes them times of this age
  JsonScalar first;
  std::string first_digits;
  bool is_usable = true;  // as they are read now
};

// Nothing where one of them is a likely time as it is, or where they are of no one unit.
std::optional<Sampled> Sample(const std::vector<std::string>& rows, const std::string& field,
                              TimeUnit unit, Timestamp latest) {
  Sampled sampled;
  JsonFieldReader reader;
  for (const std::string& row : rows) {
    if (!reader.Load(row).ok()) continue;
    const absl::StatusOr<JsonScalar> value = reader.Get(field);
    const std::string_view digits = reader.NumberText(field);
    if (!value.ok() || digits.empty()) continue;
    const absl::StatusOr<Timestamp> time = ReadEventTime(*value, unit, field, digits);
    if (time.ok() && *time >= kEarliestLikely && *time <= latest) return std::nullopt;
    const std::optional<TimeUnit> likely = LikelyUnit(*value, digits, latest);
    if (!likely.has_value() || sampled.likely.value_or(*likely) != likely) return std::nullopt;
    sampled.is_usable = sampled.is_usable && time.ok();
    sampled.likely = likely;
    if (sampled.numbers++ > 0) continue;
    sampled.first = *value;
    sampled.first_digits = std::string(digits);
  }
  return sampled.numbers > 0 ? std::optional(std::move(sampled)) : std::nullopt;
}

// What is wrong with the first time, where not one of them can be read.
std::optional<std::string> Fault(const std::vector<std::string>& rows, const EventTimeSpec& clock) {
  std::optional<std::string> first;
  JsonFieldReader reader;
  for (const std::string& row : rows) {
    if (!reader.Load(row).ok()) continue;
    const absl::StatusOr<JsonScalar> value = reader.Get(clock.field);
    if (!value.ok()) continue;
    const auto time =
        ReadEventTime(*value, clock.unit, clock.field, reader.NumberText(clock.field));
    if (time.ok()) return std::nullopt;
    if (!first.has_value()) first = std::string(ToStd(time.status().message()));
  }
  return first;
}

// True when another unit was suggested.
bool CheckUnit(const SourceSpec& source, const EventTimeSpec& clock, Timestamp latest,
               Problems& problems) {
  const TimeUnit unit = clock.unit.value_or(TimeUnit::kMillis);
  if (unit == TimeUnit::kIso8601) return false;
  const auto sampled = Sample(source.fields->rows, clock.field, unit, latest);
  if (!sampled.has_value()) return false;
  const auto time = ReadEventTime(sampled->first, unit, clock.field, sampled->first_digits);
  const std::string what =
      Cat("the times in '", clock.field, "' of source '", source.name, "' would be ",
          time.ok() ? Cat("like ", FormatTimestamp(*time)) : "outside the years 1 to 9999",
          " with 'unit: ", NameOf(unit), "', as ", sampled->first_digits,
          " would; did you mean 'unit: ", NameOf(*sampled->likely), "'?");
  if (clock.unit.has_value() && sampled->is_usable) {
    problems.Warn(clock.place, what);
  } else {
    const std::string way_out =
        sampled->is_usable ? Cat(" If not, write 'unit: ", NameOf(unit), "'") : "";
    problems.Add(clock.place, Cat(what, way_out));
  }
  return true;
}

}  // namespace

void CheckSampledTimes(const JobSpec& job, std::optional<Timestamp> now, Problems& problems) {
  const EventTimeSpec* clock = ClockOfSources(job);
  if (clock == nullptr || clock->field.empty()) return;
  const Timestamp latest =
      now.has_value() ? *now + Span::FromAbsl(kMaxAheadOfSystemTime) : Timestamp::Max();
  for (const SourceSpec& source : job.sources) {
    if (!source.fields.has_value() || CheckUnit(source, *clock, latest, problems)) continue;
    const auto fault = Fault(source.fields->rows, *clock);
    if (!fault.has_value()) continue;
    const std::string what =
        Cat("no time in the first rows of source '", source.name, "' can be read: ", *fault);
    if (source.on_error == OnError::kSkip) {
      problems.Warn(clock->place, what);
    } else {
      problems.Add(clock->place, what);
    }
  }
}

}  // namespace tidemark
