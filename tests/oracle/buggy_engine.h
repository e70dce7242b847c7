// Bugs planted in the engine: clocks and windowers of which one function is wrong, run by the
// engine in the place of its own. The property test must find each of them.
#pragma once

#include <memory>

#include "tests/oracle/script.h"

namespace tidemark::oracle {

enum class EngineBug {
  kWindowOutlivesItsClose,  // a window closes only when the watermark is beyond its close
  kSessionClosesAtGap,      // a session closes when the watermark is at last + gap
  kEndForgetsWatermark,     // the end of input does not raise the key's watermark
  kDownTimeMovesWatermark,  // the clock counts wall time instead of job time
  kWatermarkFollowsNewest,  // an item moves the watermark back
  kWakesLate,               // a timer is set a microsecond behind the close
};

// The script is made one that the bug could show in: an event-time collect window.
Script ForBug(Script script, EngineBug bug);
std::unique_ptr<EnginePlayer> NewBuggyPlayer(EngineBug bug, const Script& script);

}  // namespace tidemark::oracle
