// JsonLines and JsonLineFile: files of JSON objects, one on each line, as a source and as a sink.
//
//   flow.From("quakes", JsonLines({.path = "quakes.jsonl"})).To("out", JsonLineFile("out.jsonl"));
//
// The rows are JsonRow (connectors/rows/json_row.h): a row that is passed on unmodified is written
// as it was read. A last line without its end is a row if it is complete, and otherwise stays
// unread. After a crash both behave as files of lines: line_file_source.h, file_sink.h.
#pragma once

#include <string>

#include "connectors/file/file_input.h"
#include "connectors/rows/json_row.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark {

Source<JsonRow> JsonLines(FileSourceOptions options);
Sink<JsonRow> JsonLineFile(std::string path);

}  // namespace tidemark
