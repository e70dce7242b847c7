#include "connectors/stdio/stdio_connectors.h"

#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "connectors/stdio/stdin_source.h"
#include "connectors/stdio/stdout_sink.h"

namespace tidemark {
namespace {

SourceType Input() {
  SourceType source{.help = "no options",
                    .guarantee = "at most once: rows that were read and not committed are lost",
                    .make_rows = [](const ConnectorConfig&, const SourceSettings& settings) {
                      return StdinLines<JsonRow>(
                          {.fd = settings.stdin_fd, .on_error = settings.on_error},
                          JsonLineDecoder());
                    }};
  source.make_lines = [](const ConnectorConfig&, const SourceSettings& settings) {
    return StdinLines<std::string>(
        {.fd = settings.stdin_fd, .on_error = settings.on_error, .keeps_cr = true}, TextDecoder());
  };
  source.no_final_line = "the last line of standard input is taken";
  source.reads = [](const ConnectorConfig&) -> Endpoint {
    return {.id = "stdin", .name = "standard input", .exclusive = true};
  };
  return source;
}

SinkType Output() {
  SinkType sink{.help = "no options",
                .guarantee = "at least once: rows after the last commit are printed again",
                .make_rows = [](const ConnectorConfig&, const SinkSettings& settings) {
                  return StdoutLines<JsonRow>({.write = settings.write_stdout}, JsonLineEncoder());
                }};
  sink.make_lines = [](const ConnectorConfig&, const SinkSettings& settings) {
    return StdoutLines<std::string>({.write = settings.write_stdout}, TextEncoder());
  };
  sink.writes = [](const ConnectorConfig&) -> Endpoint {
    return {.id = "stdout", .name = "standard output", .exclusive = true};
  };
  return sink;
}

}  // namespace

const ConnectorType& StdinConnector() {
  static const ConnectorType type{.name = "stdin", .title = "stdin", .source = Input()};
  return type;
}

const ConnectorType& StdoutConnector() {
  static const ConnectorType type{.name = "stdout", .title = "stdout", .sink = Output()};
  return type;
}

}  // namespace tidemark
