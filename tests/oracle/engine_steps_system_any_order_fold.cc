#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {

void AddSystemTimeAnyOrderFold(const StepSpec& step, const Stream<EngineInput>& in,
                               const Sinks& sinks) {
  AddAnyOrderFold(step.window, KeyedItems(in).SystemTime(), sinks);
}

}  // namespace tidemark::oracle
