// Windows of a job by system time.

#include "jobs/window_steps.h"
#include "jobs/window_steps_fold.h"

namespace tidemark {

WindowSteps AddSystemTimeWindow(const KeyedStream<JobKey, WindowRow>& rows,
                                const WindowSpec& window, const AggregateWindow& fold) {
  return AddFold(rows.SystemTime(), window, fold);
}

}  // namespace tidemark
