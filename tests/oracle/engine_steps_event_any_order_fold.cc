#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {

void AddEventTimeAnyOrderFold(const StepSpec& step, const Stream<EngineInput>& in,
                              const Sinks& sinks) {
  AddAnyOrderFold(step.window,
                  KeyedItems(in).EventTime(&EngineItem::at,
                                           {.max_out_of_orderness = ToDuration(step.window.bound),
                                            .max_ahead_of_system_time = absl::InfiniteDuration()}),
                  sinks);
}

}  // namespace tidemark::oracle
