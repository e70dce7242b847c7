// WindowRow: a row on its way into a window, with its time and the values that aggregates take.
//
// It is state: rows wait in windows that give them in order of time. So it holds what the window
// needs and no more; the row itself only where a late row has somewhere to go.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "connectors/rows/json_row.h"
#include "jobs/json_row_state.h"

namespace tidemark {

struct WindowRow {
  Timestamp time = Timestamp::Min();    // left alone where the clock is the system's
  std::optional<JsonRow> row = {};      // its source bytes, for late_to
  std::vector<JsonScalar> values = {};  // as Aggregates::fields() has them; missing is null
};

// For the message about a late row: on its way a row that is not kept knows where it was read.
inline std::string PlaceOf(const WindowRow& row) {
  return row.row.has_value() && row.row->file != nullptr ? row.row->Where() : "";
}
// And no longer when it enters a window.
inline void DropPlace(WindowRow& row) {
  if (row.row.has_value() && row.row->raw.empty()) row.row.reset();
}

}  // namespace tidemark
