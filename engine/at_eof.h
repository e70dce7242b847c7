// AtEof: the effect of the end of input on a step's state.
#pragma once

namespace tidemark {

enum class AtEof {
  kClose,  // closes its windows, emits its partial batches
  kKeep,   // leaves them in the state, and a later run continues with them
};

}  // namespace tidemark
