#include "connectors/file/file_connector.h"

#include <utility>

#include "base/status.h"
#include "connectors/file/file_input.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/json_lines.h"
#include "connectors/file/line_file_source.h"

namespace tidemark {
namespace {

// Its value is the path, so the option has the connector's name.
constexpr char kFile[] = "file";

FileSourceOptions InputOptions(const ConnectorConfig& config, const SourceSettings& settings) {
  return {.path = config.Text(kFile),
          .on_error = settings.on_error,
          .accept_changed = settings.accept_changed,
          .final_line = settings.final_line};
}

Endpoint EndpointOf(const ConnectorConfig& config) {
  return {.name = Cat("the file '", config.Text(kFile), "'"), .path = config.Text(kFile)};
}

SourceType AsSource() {
  SourceType source{.help = "a path; the file is read up to its end at that moment",
                    .guarantee = "exactly once: continues at the next line",
                    .options = {{.name = kFile,
                                 .type = OptionType::kInputPath,
                                 .help = "the path",
                                 .needed_as = "a path",
                                 .is_place = true}},
                    .make_rows = [](const ConnectorConfig& config, const SourceSettings& settings) {
                      return JsonLines(InputOptions(config, settings));
                    }};
  source.make_lines = [](const ConnectorConfig& config, const SourceSettings& settings) {
    FileSourceOptions options = InputOptions(config, settings);
    options.keeps_cr = true;
    return FileLines<std::string>(std::move(options), TextDecoder());
  };
  source.line_partition = "file";
  source.reads = EndpointOf;
  return source;
}

SinkType AsSink() {
  SinkType sink{.help = "a path; missing directories are created",
                .guarantee = "exactly once: truncated to the last commit",
                .options = {{.name = kFile,
                             .type = OptionType::kText,
                             .help = "the path",
                             .needed_as = "a path",
                             .is_place = true}},
                .make_rows = [](const ConnectorConfig& config, const SinkSettings&) {
                  return JsonLineFile(config.Text(kFile));
                }};
  sink.make_lines = [](const ConnectorConfig& config, const SinkSettings&) {
    return LineFile<std::string>(config.Text(kFile), TextEncoder());
  };
  sink.path_option = kFile;
  sink.writes = EndpointOf;
  return sink;
}

}  // namespace

const ConnectorType& FileConnector() {
  static const ConnectorType type{
      .name = "file", .title = "a file", .source = AsSource(), .sink = AsSink()};
  return type;
}

}  // namespace tidemark
