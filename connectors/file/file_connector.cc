#include "connectors/file/file_connector.h"

#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "base/status.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/file_input.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/input_pattern.h"
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
          .follow = settings.follow,
          .final_line = settings.final_line};
}

// The lines of one file, or of the files that match a pattern.
template <class T>
Source<T> LinesOf(FileSourceOptions options, LineDecoder<T> decode) {
  std::optional<InputPattern> pattern = InputPattern::Of(options.path);
  if (!pattern.has_value()) return FileLines<T>(std::move(options), std::move(decode));
  return DirLines<T>({.path = std::move(pattern->directory),
                      .glob = std::move(pattern->glob),
                      .files = std::move(options)},
                     std::move(decode));
}

absl::Status CheckPattern(const OptionValue& value) {
  const auto* path = std::get_if<std::string>(&value);
  if (path == nullptr || !HasPatternOfDirectories(*path)) return absl::OkStatus();
  return absl::InvalidArgumentError(
      Cat("file can be a pattern of the files in one directory, found '", *path, "'"));
}

Endpoint InputOf(const ConnectorConfig& config) {
  Endpoint endpoint{.name = Cat("the file '", config.Text(kFile), "'"),
                    .path = config.Text(kFile)};
  if (const auto pattern = InputPattern::Of(endpoint.path)) {
    endpoint.matches = [pattern = *pattern](const std::string& path) {
      return pattern.Matches(path);
    };
  }
  return endpoint;
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
                                 .is_place = true,
                                 .check = CheckPattern}},
                    .make_rows = [](const ConnectorConfig& config, const SourceSettings& settings) {
                      return LinesOf(InputOptions(config, settings), JsonLineDecoder());
                    }};
  source.make_lines = [](const ConnectorConfig& config, const SourceSettings& settings) {
    FileSourceOptions options = InputOptions(config, settings);
    options.keeps_cr = true;
    return LinesOf(std::move(options), TextDecoder());
  };
  source.can_follow = true;
  source.line_partition = "file";
  source.reads = InputOf;
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
