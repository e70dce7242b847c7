// AtEof: what the end of input does to what a step holds.
#pragma once

namespace tidemark {

enum class AtEof {
  kClose,  // closes its windows, emits its partial batches
  kKeep,   // leaves them in the state, and a later run goes on with them
};

}  // namespace tidemark
