#include "tests/oracle/chain_engine_steps.h"

namespace tidemark::oracle {

ChainResults AddChainCount(const ChainStep& step, const std::string& name, const ChainPairs& in,
                           const ChainSinks& sinks) {
  return AddChainWindow(
      step, name, in, sinks, [&](const auto& windowed) { return windowed.Count(name); },
      [](int64_t count, ChainResult& result) { result.number = count; });
}

}  // namespace tidemark::oracle
