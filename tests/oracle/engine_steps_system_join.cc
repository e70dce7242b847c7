#include "tests/oracle/engine_steps.h"

namespace tidemark::oracle {

void AddSystemTimeJoin(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  AddJoinFold(step.window, KeyedSides(in).SystemTime(), sinks);
}

}  // namespace tidemark::oracle
