#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {

void AddStreamTimeJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  AddJoinFold(
      step.window,
      KeyedSides(in).EventTime([](const SideValue<EngineItem>& value) { return value.value.at; },
                               PerStream{.max_out_of_orderness = ToDuration(step.window.bound),
                                         .max_ahead_of_system_time = absl::InfiniteDuration()}),
      sinks);
}

}  // namespace tidemark::oracle
