// Runs a script of the property test on the engine, through the public API alone.
#pragma once

#include <memory>

#include "tests/oracle/script.h"

namespace tidemark::oracle {

// A status that is not OK stops the process with its text.
std::unique_ptr<EnginePlayer> NewEnginePlayer(const Script& script);

}  // namespace tidemark::oracle
