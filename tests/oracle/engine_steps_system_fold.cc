#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {

void AddSystemTimeFold(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  AddFold(step.window, KeyedItems(in).SystemTime(), sinks);
}

}  // namespace tidemark::oracle
