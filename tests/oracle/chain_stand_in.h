// An engine in miniature that can be wrong: workers with keys of their own, marks in channels, an
// order of deliveries that a seed decides. Without a bug it agrees with the model; each bug must be
// found by the comparison, so an engine with that bug would be, too.
#pragma once

#include <memory>

#include "tests/oracle/chain_script.h"

namespace tidemark::oracle {

enum class ChainBug {
  kNone,
  kGreatestOverWorkers,   // a step takes the greatest watermark of its inputs and workers
  kMarkBeforeResults,     // a mark is handed on before what it closes has fired
  kMarkWithResultsOnly,   // a mark goes only to the workers that get a result
  kNotHeldBack,           // a clock on the open of windows does not wait for their length
  kSessionNotHeldBack,    // a session step hands on its own watermark
  kEndKeyByKey,           // the end of input fires one key behind the other
  kEndOfFirstWorker,      // the end is handed on by the first worker that has finished
  kResumedWatermarkLost,  // a resumed step begins at the minimum
  kIdlePerWorker,         // a worker that still says idle is left out when another speaks again
  kIdleNotHandedOn,       // a step without an input that speaks holds back those behind it
};

std::unique_ptr<ChainPlayer> NewChainStandIn(const ChainScript& script, ChainBug bug);

}  // namespace tidemark::oracle
