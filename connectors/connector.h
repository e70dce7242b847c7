// ConnectorType: a connector as job files know it: its name, its options, what it promises, and how
// a source or a sink is made of it.
//
//   const ConnectorType& KafkaConnector();   // connectors/kafka/kafka_connector.h
//
//   const ConnectorConfig events =
//       ConnectorConfig::OfSource(KafkaConnector(), {{"brokers", "b:9092"}, {"topic", "events"}});
//   events.Text("topic");                               // "events"
//   events.Flag("stop_at_end");                         // false, its default
//   events.type().source->make_rows(events, settings);  // a Source<JsonRow>
//
// The parser of job files, the checks, the flow of a job and the reference in docs/jobs.md read
// these values alone; jobs/connectors.cc lists the connectors.
//
// Thread rule: values that nothing modifies once they are made.
#pragma once

#include <cstdint>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "connectors/rows/json_row.h"
#include "connectors/rows/lines.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark {

class ConnectorConfig;

// ---- options -----------------------------------------------------------------------------------

enum class OptionType {
  kText,       // std::string, not empty
  kName,       // std::string of one line
  kInputPath,  // std::string, one file to read
  kNumber,     // int64_t
  kFlag,       // bool
  kDuration,   // Span, zero or longer and finite
  kTime,       // Timestamp
  kFields,     // std::vector<std::string>: fields that the rows must have
};

// std::monostate: not given, and without a default.
using OptionValue = std::variant<std::monostate, std::string, int64_t, bool, Span, Timestamp,
                                 std::vector<std::string>>;

// An option with the name of its connector is the value of the connector itself: `file: in.jsonl`.
struct ConnectorOption {
  std::string name;
  OptionType type = OptionType::kText;
  std::string help = {};  // one line
  OptionValue fallback = {};
  // The effect of leaving it out, if there is no default: "rows are added".
  std::string without = {};
  std::string needed_as = {};  // "a topic", for messages; empty if it is optional
  bool is_place = false;       // messages about where rows are read or written are at its value
  int64_t min = std::numeric_limits<int64_t>::min();  // of a number
  // The error says what is wrong with a value of the right type. Of kFields it gets the fields up
  // to the one in question.
  std::function<absl::Status(const OptionValue&)> check = {};

  bool required() const { return !needed_as.empty(); }
};

// True if one of them is required.
bool NeedsOptions(const std::vector<ConnectorOption>& options);
// The default as a job file would write it; else `without`.
std::string DefaultText(const ConnectorOption& option);

// ---- sources and sinks -------------------------------------------------------------------------

// The place that a source reads or a sink writes, so that the parts of a job can be compared.
struct Endpoint {
  // Outside the file system. Two endpoints of one id are the same.
  std::string id = {};
  std::string name = {};   // "the topic 'events'", for messages
  bool exclusive = false;  // one source or sink of a job can have it
  // In the file system.
  std::string path = {};
  // Of a source that reads the files of a pattern: whether the file at a path is one of them.
  std::function<bool(const std::string& path)> matches = {};
  // One part of the file, such as a table: sinks can share the file if their parts differ. Named
  // by the option `part_option`.
  std::string part = {};
  std::string part_name = {};  // "the table 'daily' of 'quakes.db'"
  std::string part_option = {};
};

struct SourceSettings {
  OnError on_error = OnError::kStop;
  FinalLine final_line = FinalLine::kDefault;
  bool accept_changed = false;  // --accept-changed-input
  bool follow = false;          // the input grows and has no end
  int stdin_fd = 0;             // the descriptor of standard input
};

struct SinkSettings {
  OnError on_error = OnError::kStop;  // for rows that the sink cannot take
  // The user's options for such a row, for the message.
  std::function<std::string(const JsonRow&)> way_out = {};
  std::function<absl::Status(std::string_view)> write_stdout = {};  // ByteWriter
};

struct SourceType {
  std::string help = {};       // one line
  std::string guarantee = {};  // after a crash, one line
  std::string example = {};    // of its options: "{items: 100}"
  std::vector<ConnectorOption> options = {};

  std::function<Source<JsonRow>(const ConnectorConfig&, const SourceSettings&)> make_rows = {};
  // Lines of text as they are; null if there are none, and `no_lines` says so in a message.
  std::function<Source<std::string>(const ConnectorConfig&, const SourceSettings&)> make_lines = {};
  std::string no_lines = {};
  // Empty if an unfinished last line is possible; else why not.
  std::string no_final_line = {};
  // Not empty if rows are never malformed: "a generator, whose rows are all good json". Their
  // fields are then `fields`.
  std::string always_good = {};
  std::vector<std::string> fields = {};
  bool can_follow = false;  // it supports SourceSettings::follow
  // The partition whose items are the lines of the file at Endpoint::path, in order; empty if it is
  // not one file.
  std::string line_partition = {};
  std::function<Endpoint(const ConnectorConfig&)> reads = {};
};

struct SinkType {
  std::string help = {};
  std::string guarantee = {};
  std::string example = {};
  std::vector<ConnectorOption> options = {};

  std::function<Sink<JsonRow>(const ConnectorConfig&, const SinkSettings&)> make_rows = {};
  // Null if its rows need fields.
  std::function<Sink<std::string>(const ConnectorConfig&, const SinkSettings&)> make_lines = {};
  std::string path_option = {};  // the one that --out moves, if any
  std::function<Endpoint(const ConnectorConfig&)> writes = {};
};

struct ConnectorType {
  std::string name = {};   // the key in a job file
  std::string title = {};  // for messages about its options: "a generator"
  std::optional<SourceType> source = {};
  std::optional<SinkType> sink = {};
};

// ---- a connector with values -------------------------------------------------------------------

// A connector as one source or one sink of a job has it: a value for each option.
class ConnectorConfig {
 public:
  struct Given {
    std::string option;
    OptionValue value;
  };

  // Of no connector: neither a source nor a sink.
  ConnectorConfig();
  // Requires that `type` is a source or a sink respectively, and that each option is one of its
  // own, with a value of its type. Options that are not given get their default. `type` outlives
  // the config.
  static ConnectorConfig OfSource(const ConnectorType& type, const std::vector<Given>& given = {});
  static ConnectorConfig OfSink(const ConnectorType& type, const std::vector<Given>& given = {});

  const ConnectorType& type() const { return *type_; }
  bool Is(std::string_view name) const { return type_->name == name; }

  // Each requires an option of that type. Without a value: empty, 0, false, zero, 1970.
  std::string Text(std::string_view option) const;
  int64_t Number(std::string_view option) const;
  bool Flag(std::string_view option) const;
  Span Duration(std::string_view option) const;
  Timestamp Time(std::string_view option) const;
  std::vector<std::string> Fields(std::string_view option) const;

  // Replaces the text of an option that is there.
  void SetText(std::string_view option, std::string text);

 private:
  ConnectorConfig(const ConnectorType& type, const std::vector<ConnectorOption>& options,
                  const std::vector<Given>& given);

  const ConnectorType* type_;
  std::map<std::string, OptionValue, std::less<>> values_;
};

}  // namespace tidemark
