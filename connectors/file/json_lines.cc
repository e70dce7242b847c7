#include "connectors/file/json_lines.h"

#include <utility>

#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"

namespace tidemark {

Source<JsonRow> JsonLines(FileSourceOptions options) {
  return FileLines<JsonRow>(std::move(options), JsonLineDecoder());
}

Sink<JsonRow> JsonLineFile(std::string path) {
  return LineFile<JsonRow>(std::move(path), JsonLineEncoder());
}

}  // namespace tidemark
