#include <vector>

#include "tests/oracle/chain_engine_steps.h"

namespace tidemark::oracle {

ChainResults AddChainCollect(const ChainStep& step, const std::string& name, const ChainPairs& in,
                             const ChainSinks& sinks) {
  return AddChainWindow(
      step, name, in, sinks, [&](const auto& windowed) { return windowed.Collect(name); },
      [](const std::vector<ChainItem>& items, ChainResult& result) {
        std::vector<std::string> texts;
        for (const ChainItem& item : items) texts.push_back(ItemText(item));
        result.number = static_cast<int64_t>(items.size());
        result.text = CollectedText(texts);
      });
}

}  // namespace tidemark::oracle
