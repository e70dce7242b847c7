#include "connectors/made/generator_connector.h"

#include <utility>

#include "absl/time/time.h"
#include "base/timestamp.h"
#include "connectors/made/generator_source.h"

namespace tidemark {
namespace {

GeneratorOptions OptionsOf(const ConnectorConfig& config) {
  return {.items = static_cast<uint64_t>(config.Number("items")),
          .keys = static_cast<uint64_t>(config.Number("keys")),
          .seed = static_cast<uint64_t>(config.Number("seed")),
          .start_time = config.Time("start_time").ToAbsl(),
          .interval = config.Duration("interval").ToAbsl(),
          .max_out_of_orderness = config.Duration("max_out_of_orderness").ToAbsl()};
}

ConnectorOption Number(std::string name, std::string help, uint64_t fallback, int64_t min) {
  return {.name = std::move(name),
          .type = OptionType::kNumber,
          .help = std::move(help),
          .fallback = static_cast<int64_t>(fallback),
          .min = min};
}

ConnectorOption Duration(std::string name, std::string help, absl::Duration fallback) {
  return {.name = std::move(name),
          .type = OptionType::kDuration,
          .help = std::move(help),
          .fallback = Span::FromAbsl(fallback)};
}

std::vector<ConnectorOption> Options() {
  const GeneratorOptions defaults;
  return {Number("items", "number of rows, a whole number; 0 is endless", defaults.items, 0),
          Number("keys", "number of keys, at least 1", defaults.keys, 1),
          Number("seed", "a whole number; the same options make the same rows", defaults.seed, 0),
          {.name = "start_time",
           .type = OptionType::kTime,
           .help = "time of the first row",
           .fallback = *Timestamp::FromAbsl(defaults.start_time)},
          Duration("interval", "duration between the times of two rows", defaults.interval),
          Duration("max_out_of_orderness", "duration by which times may lag",
                   defaults.max_out_of_orderness)};
}

SourceType AsSource() {
  SourceType source{.help = "made-up rows",
                    .guarantee = "exactly once: continues at the next row",
                    .example = "{items: 100}",
                    .options = Options(),
                    .make_rows = [](const ConnectorConfig& config, const SourceSettings&) {
                      return Generator(OptionsOf(config));
                    }};
  source.no_lines = "a generator makes json, not lines";
  source.always_good = "a generator, whose rows are all good json";
  source.fields = {"seq", "key", "value", "time"};
  source.reads = [](const ConnectorConfig&) { return Endpoint(); };
  return source;
}

}  // namespace

const ConnectorType& GeneratorConnector() {
  static const ConnectorType type{
      .name = "generator", .title = "a generator", .source = AsSource()};
  return type;
}

}  // namespace tidemark
