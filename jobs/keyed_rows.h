// KeyedRows: a source of JSON rows with the key of each row, and with its time where a window comes
// first. `where` and `select` steps at the front of a job run here as well, before and after the
// key is read, so a row that is left out needs no key.
//
// They are read where the row is, since what is wrong with a row belongs to its source: it ends the
// run with "quakes.jsonl:17: field 'net' is missing", or is left out and counted, as the source's
// on_error has it, like a line that is no JSON.
#pragma once

#include <string>
#include <vector>

#include "connectors/rows/json_row.h"
#include "connectors/rows/lines.h"
#include "jobs/job_key.h"
#include "jobs/row_program.h"
#include "jobs/window_row.h"
#include "jobs/window_row_reader.h"
#include "tidemark/key_value.h"
#include "tidemark/source.h"

namespace tidemark {

struct KeyedRowsOptions {
  std::vector<std::string> fields;
  OnError on_error = OnError::kStop;
  RowProgram before_key = {};
  RowProgram after_key = {};
};

Source<KeyValue<JobKey, JsonRow>> KeyedRows(const Source<JsonRow>& rows, KeyedRowsOptions options);

// As WindowRowReader has them.
Source<KeyValue<JobKey, WindowRow>> KeyedWindowRows(const Source<JsonRow>& rows,
                                                    KeyedRowsOptions options,
                                                    WindowRowOptions window);

}  // namespace tidemark
