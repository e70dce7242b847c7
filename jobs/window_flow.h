// AddWindow: the step `window` of a job as steps of a flow.
//
//   WindowStreams streams = AddWindow(rows, window, {"net"}, RowFields::OfSources(job));
//   streams.rows;   // {"net": "ci", "window_open": "…", "window_close": "…", "quakes": 3}
//   streams.late;   // late rows as they were read, once for each window they are late for
//
// Rows come in as WindowRows: read at the source where the window is the first step
// (keyed_rows.h), else by ReadWindowRows from rows that other steps made.
#pragma once

#include <string>
#include <vector>

#include "connectors/rows/json_row.h"
#include "jobs/job_key.h"
#include "jobs/job_spec.h"
#include "jobs/row_fields.h"
#include "jobs/window_row.h"
#include "jobs/window_row_reader.h"
#include "tidemark/flow.h"

namespace tidemark {

// What is read of each row. `fields`: of the rows that the window gets; they tell which letters the
// names in aggregates have.
WindowRowOptions ReadingOf(const WindowSpec& window, const RowFields& fields);

// What a resumed run must share, in words: "time by event_time time; quakes: count, …". What bounds
// and lengths are is the engine's to compare.
std::string DescribeWindow(const WindowSpec& window, const RowFields& fields);

// For rows that steps have made. One without a time, or with another value that is none, ends the
// run: it has no source whose on_error could take it.
Stream<KeyValue<JobKey, WindowRow>> ReadWindowRows(const Stream<KeyValue<JobKey, JsonRow>>& rows,
                                                   const WindowRowOptions& options);

struct WindowStreams {
  Stream<KeyValue<JobKey, JsonRow>> rows;
  Stream<JsonRow> late;  // has rows only where the window has a late_to
};
WindowStreams AddWindow(const Stream<KeyValue<JobKey, WindowRow>>& rows, const WindowSpec& window,
                        const std::vector<std::string>& key_fields, const RowFields& fields);

}  // namespace tidemark
