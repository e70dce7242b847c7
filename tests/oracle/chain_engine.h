// A chain as a flow, played by the engine through the test kit.
#pragma once

#include <memory>

#include "tests/oracle/chain_script.h"

namespace tidemark::oracle {

std::unique_ptr<ChainPlayer> NewChainEngine(const ChainScript& script);

}  // namespace tidemark::oracle
