// KeyedRows: a source of JSON rows with the key of each row.
//
// The key is read where the row is, since what is wrong with a row belongs to its source: it ends
// the run with "quakes.jsonl:17: field 'net' is missing", or is left out and counted, as the
// source's on_error has it, like a line that is no JSON.
//
// A key by other fields than before would meet state under the old keys, so the fields of each step
// with state are part of the source's position, and a resumed run whose steps have other keys is
// refused.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "connectors/json_row.h"
#include "connectors/lines.h"
#include "jobs/job_key.h"
#include "tidemark/key_value.h"
#include "tidemark/source.h"

namespace tidemark {

struct KeyedRowsOptions {
  std::vector<std::string> fields;
  OnError on_error = OnError::kStop;
  // The fields by which each step with state gets its rows: {"by_net", "net, type"}.
  std::map<std::string, std::string> keys_of_steps;
};

Source<KeyValue<JobKey, JsonRow>> KeyedRows(const Source<JsonRow>& rows, KeyedRowsOptions options);

}  // namespace tidemark
