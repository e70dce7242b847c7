// Windows of a job by the event time of each key.

#include <variant>

#include "base/check.h"
#include "jobs/window_steps.h"
#include "jobs/window_steps_fold.h"

namespace tidemark {

WindowSteps AddEventTimeWindow(const KeyedStream<JobKey, WindowRow>& rows, const WindowSpec& window,
                               const AggregateWindow& fold) {
  const auto* clock = std::get_if<EventTimeSpec>(&window.clock);
  TM_CHECK(clock != nullptr, "a window by event time");
  // A time that is too far ahead has been judged where the row was read.
  const EventTimeOptions options{.max_out_of_orderness = clock->max_out_of_orderness.ToAbsl(),
                                 .max_ahead_of_system_time = absl::InfiniteDuration()};
  return AddFold(rows.EventTime(&WindowRow::time, options), window, fold);
}

}  // namespace tidemark
