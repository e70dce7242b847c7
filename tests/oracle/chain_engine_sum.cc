#include "tests/oracle/chain_engine_steps.h"

namespace tidemark::oracle {

ChainResults AddChainSum(const ChainStep& step, const std::string& name, const ChainPairs& in,
                         const ChainSinks& sinks) {
  const auto add = [](ChainItem sum, const ChainItem& item) {
    sum.number += item.number;
    return sum;
  };
  return AddChainWindow(
      step, name, in, sinks,
      [&](const auto& windowed) { return windowed.Reduce(name, add, kCommutative); },
      [](const ChainItem& sum, ChainResult& result) { result.number = sum.number; });
}

}  // namespace tidemark::oracle
