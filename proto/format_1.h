// Format 1 of the state directory, as far as its epoch record meant something else.
//
// Records are converted as they are read, so nothing outside proto/ knows the old form; what is
// written is of the current format.
#pragma once

#include "proto/epoch_record.h"

namespace tidemark {

// A step's key and window were texts in the positions of the sources that feed it.
void MoveDefinitionsToSteps(EpochRecord& record);

}  // namespace tidemark
