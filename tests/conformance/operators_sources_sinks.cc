// Sources and sinks. Those with `sessions` are driven call by call: each session is one opening of
// the partition or writer, resumed from the last snapshot. The others run in a flow.

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "connectors/file/csv_source.h"
#include "connectors/file/dir_sink.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "connectors/made/polling_source.h"
#include "connectors/made/testing_source.h"
#include "connectors/stdio/stdout_sink.h"
#include "engine/skip_log.h"
#include "tests/conformance/operators.h"

namespace tidemark::conformance {
namespace {

constexpr size_t kBatchItems = 1000;  // where a case does not say

absl::Status Wrong(std::string_view what) {
  return Error(absl::StatusCode::kInvalidArgument, what);
}

Json ToJson(std::string line) { return line; }
Json ToJson(Json json) { return json; }
Json ToJson(const CsvRow& row) {
  Json json = Json::Map();
  for (size_t i = 0; i < row.columns().size(); ++i) json.Set(row.columns()[i], row.values()[i]);
  return json;
}

absl::Status WriteFile(Files& files, const std::string& path, std::string_view bytes) {
  TM_ASSIGN_OR_RETURN(auto file, files.OpenAppend(path));
  return file->Append(bytes);
}

// ---- sources call by call
// ------------------------------------------------------------------------

// Which number of a position the cases call its state.
struct SourceSessions {
  UnitCase& c;
  const char* state;
  size_t batch_items = kBatchItems;
  std::unique_ptr<Files> files = NewPosixFiles();
  SimClock clock = SimClock();
  SkipLog skips = SkipLog();

  SourceContext Context() { return {.files = files.get(), .clock = &clock, .skips = &skips}; }

  template <class T>
  absl::Status Run(const Source<T>& source) {
    const Json* sessions = c.params().Value("sessions");
    if (sessions == nullptr || !sessions->is_list()) {
      return Wrong("parameter 'sessions' is not a list of lists of calls");
    }
    if (const auto size = c.params().Integer("batch_size")) {
      if (*size < 1) return Wrong("parameter 'batch_size' is less than 1");
      batch_items = static_cast<size_t>(*size);
    }
    TM_RETURN_IF_ERROR(c.params().Check());
    std::optional<Position> saved;
    for (const Json& calls : sessions->list()) {
      if (!calls.is_list()) return Wrong("a session is not a list of calls");
      TM_ASSIGN_OR_RETURN(const auto names, source.factory()->Partitions(Context()));
      TM_ASSIGN_OR_RETURN(const auto partition,
                          source.factory()->Open(names.at(0), saved, Context()));
      for (const Json& call : calls.list()) {
        TM_RETURN_IF_ERROR(Call(*partition, call, saved));
      }
    }
    return absl::OkStatus();
  }

  template <class T>
  absl::Status Call(SourcePartition<T>& partition, const Json& call,
                    std::optional<Position>& saved) {
    if (call == Json("next")) return Next(partition);
    if (call != Json("snapshot") && call != Json("peek")) {
      return Wrong(Cat("a session cannot call ", ToText(call)));
    }
    const Position position = partition.position();
    if (call == Json("snapshot")) saved = position;
    c.Row(Json::Map{{"state", position.Number(state).value_or(-1)}});
    return absl::OkStatus();
  }

  template <class T>
  absl::Status Next(SourcePartition<T>& partition) {
    std::vector<T> items;
    const auto result = partition.Poll(batch_items, clock.Now(), items);
    if (absl::IsAborted(result.status())) {
      c.Row("ABORT");
      return absl::OkStatus();
    }
    TM_RETURN_IF_ERROR(result.status());
    if (items.empty() && result->at_end) {
      c.Row("EOF");
      return absl::OkStatus();
    }
    Json::List row;
    for (T& item : items) row.push_back(ToJson(std::move(item)));
    c.Row(std::move(row));
    return absl::OkStatus();
  }
};

absl::Status RunTestingSource(UnitCase& c) {
  std::vector<TestingEntry<Json>> list;
  for (const Entry& entry : c.entries()) {
    switch (entry.kind) {
      case Entry::Kind::kItem:
        list.emplace_back(entry.item.value);
        break;
      case Entry::Kind::kEof:
        list.emplace_back(TestingEof());
        break;
      case Entry::Kind::kAbort:
        list.emplace_back(TestingAbort());
        break;
      default:
        return Wrong(Cat("control entry ", entry.name, " means nothing to a testing source"));
    }
  }
  return SourceSessions{c, "next"}.Run(TestingSource<Json>(std::move(list)));
}

// The file that `content` describes; its path.
absl::StatusOr<std::string> MakeInputFile(UnitCase& c) {
  const std::string path = JoinPath(c.directory(), "input");
  const std::optional<std::string> content = c.params().Text("content");
  if (!content) return Wrong("parameter 'content' is missing");
  const auto files = NewPosixFiles();
  TM_RETURN_IF_ERROR(WriteFile(*files, path, *content));
  return path;
}

absl::Status RunFileSource(UnitCase& c) {
  TM_ASSIGN_OR_RETURN(const std::string path, MakeInputFile(c));
  return SourceSessions{c, "offset"}.Run(Lines(path));
}

absl::Status RunCsvSource(UnitCase& c) {
  TM_ASSIGN_OR_RETURN(const std::string path, MakeInputFile(c));
  return SourceSessions{c, "offset"}.Run(CsvFile({.path = path}));
}

// What the asker answers, if it is asked, and when it wants to be asked next.
absl::Status RunPollingSource(UnitCase& c) {
  Params& params = c.params();
  const SimClock clock(params.Time("now").value_or(SimClock::kDefaultStart));
  PollingOptions options;
  options.interval = params.Seconds("interval").value_or(Span::Seconds(1)).ToAbsl();
  if (const auto align_to = params.Time("align_to")) options.align_to = align_to->ToAbsl();
  const std::string action = params.Text("action").value_or("");
  PollAnswer<bool> answer;
  if (action == "next") {
    answer.items = {true};
  } else if (action.starts_with("retry")) {
    const auto delay = ParseJson(std::string_view(action).substr(5));
    if (!delay.ok()) return Wrong(Cat("parameter 'action': not a delay in ", action));
    TM_ASSIGN_OR_RETURN(const Span span, ParseSeconds(*delay));
    answer.retry_after = span.ToAbsl();
  } else if (action != "build") {
    return Wrong(Cat("parameter 'action' is neither build, next nor retry but '", action, "'"));
  }
  TM_RETURN_IF_ERROR(params.Check());

  const Source<bool> source = SimplePollingSource<bool>(
      options, [&](Timestamp) -> absl::StatusOr<PollAnswer<bool>> { return answer; });
  SourceContext context;
  context.clock = &clock;
  TM_ASSIGN_OR_RETURN(const auto opened, source.factory()->Open("poll", std::nullopt, context));
  auto& partition = dynamic_cast<PollingPartition<bool>&>(*opened);
  if (action != "build") {
    std::vector<bool> items;
    TM_RETURN_IF_ERROR(partition.Poll(kBatchItems, clock.Now(), items).status());
    Json::List row;
    for (const bool item : items) row.push_back(item);
    c.Row(std::move(row));
  }
  c.Row(FormatTimestamp(partition.next_ask()));
  return absl::OkStatus();
}

// ---- sources in a flow
// ---------------------------------------------------------------------------

// "missing" is not made, "a regular file" is one, and any other path is a folder with `files`.
absl::StatusOr<std::string> MakeInputFolder(FlowCase& c, const std::string& name) {
  const auto files = NewPosixFiles();
  const std::string path = JoinPath(c.directory(), name);
  const Json* contents = c.params().Value("files");
  if (name == "missing" || files->Stat(path).ok()) return path;
  if (name == "a regular file") {
    TM_RETURN_IF_ERROR(WriteFile(*files, path, ""));
    return path;
  }
  if (contents == nullptr || !contents->is_map()) return Wrong("parameter 'files' is not a map");
  TM_RETURN_IF_ERROR(files->CreateDirectories(path));
  for (const JsonField& file : contents->map()) {
    if (!file.value.is_string()) return Wrong(Cat("file '", file.name, "' is not a text"));
    TM_RETURN_IF_ERROR(WriteFile(*files, JoinPath(path, file.name), file.value.string()));
  }
  return path;
}

absl::Status BuildDirSource(FlowCase& c) {
  DirSourceOptions options;
  TM_ASSIGN_OR_RETURN(options.path,
                      MakeInputFolder(c, c.params().Text("path").value_or("input folder")));
  options.glob = c.params().Text("glob").value_or("*");
  c.Down(
      c.flow().From("in", DirLines<std::string>(options, TextDecoder())).Map([](std::string line) {
        return Json(std::move(line));
      }));
  c.AnyOrder();
  return absl::OkStatus();
}

// ---- sinks
// ---------------------------------------------------------------------------------------

// Calls are ["write", lines] and ["snapshot"]. A session without a snapshot at its end is a crash,
// but for the last one: what was written has reached the file, and no position was kept.
absl::Status RunFileSink(UnitCase& c) {
  const Json* sessions = c.params().Value("sessions");
  if (sessions == nullptr || !sessions->is_list()) {
    return Wrong("parameter 'sessions' is not a list of lists of calls");
  }
  TM_RETURN_IF_ERROR(c.params().Check());
  const auto files = NewPosixFiles();
  const std::string path = JoinPath(c.directory(), "output");
  const Sink<std::string> sink = LineFile(path);
  SinkContext context;
  context.files = files.get();
  context.run_line = "a line of runs";
  std::optional<Position> saved;
  Epoch epoch;
  for (const Json& calls : sessions->list()) {
    if (!calls.is_list()) return Wrong("a session is not a list of calls");
    TM_ASSIGN_OR_RETURN(const auto writer, sink.factory()->Open(saved, context));
    for (const Json& call : calls.list()) {
      const bool is_call = call.is_list() && !call.list().empty();
      if (is_call && call.list()[0] == Json("snapshot")) {
        epoch = epoch.Next();
        TM_ASSIGN_OR_RETURN(const EpochOutput output, writer->EndEpoch(epoch));
        if (output.make_durable) TM_RETURN_IF_ERROR(output.make_durable());
        saved = output.position;
        continue;
      }
      if (!is_call || call.list()[0] != Json("write") || call.list().size() != 2 ||
          !call.list()[1].is_list()) {
        return Wrong(Cat("a session cannot call ", ToText(call)));
      }
      std::vector<std::string> lines;
      for (const Json& line : call.list()[1].list()) lines.push_back(KeyText(line));
      TM_RETURN_IF_ERROR(writer->Write(lines));
    }
    TM_RETURN_IF_ERROR(writer->EndEpoch(epoch.Next()).status());
  }
  TM_ASSIGN_OR_RETURN(std::string content, ReadSmallFile(*files, path));
  c.Row(std::move(content));
  return absl::OkStatus();
}

// Every file of the folder but those that Tidemark keeps beside them, by name.
absl::StatusOr<Json::List> ReadOutputFolder(const std::string& path) {
  const auto files = NewPosixFiles();
  TM_ASSIGN_OR_RETURN(const auto names, files->List(path));
  Json contents = Json::Map();
  for (const std::string& name : names) {
    if (name.ends_with(".tidemark")) continue;
    TM_ASSIGN_OR_RETURN(std::string content, ReadSmallFile(*files, JoinPath(path, name)));
    contents.Set(name, std::move(content));
  }
  return Json::List{std::move(contents)};
}

absl::Status BuildDirSink(FlowCase& c) {
  using Row = KeyValue<std::string, Json>;
  DirSinkOptions options;
  options.path = JoinPath(c.directory(), "output folder");
  options.file_count = static_cast<size_t>(c.params().Integer("file_count").value_or(1));
  if (c.params().Text("assign").value_or("int(key)") != "int(key)") {
    return Wrong("parameter 'assign' is none that is known: int(key)");
  }
  if (c.params().Text("file_namer").value_or("part_{i}") != "part_{i}") {
    return Wrong("parameter 'file_namer' is none that the sink has: part_{i}");
  }
  c.Keyed().To("out", DirFiles<Row>(
                          options, [](const Row& row) { return std::stoull(row.key); },
                          [](const Row& row, std::string& out) { out += KeyText(row.value); }));
  c.AnyOrder();
  c.DownFrom([path = options.path] { return ReadOutputFolder(path); });
  return absl::OkStatus();
}

absl::Status BuildStdoutSink(FlowCase& c) {
  const auto text = std::make_shared<std::string>();
  c.ReadWithOneWorker();
  c.Values().To(
      "out", StdoutLines<Json>({.write =
                                    [text](std::string_view bytes) {
                                      *text += bytes;
                                      return absl::OkStatus();
                                    }},
                               [](const Json& value, std::string& out) { out += KeyText(value); }));
  c.DownFrom([text]() -> absl::StatusOr<Json::List> { return Json::List{*text}; });
  return absl::OkStatus();
}

constexpr Operator kOperators[] = {
    {.name = "testing_source", .run = RunTestingSource},
    {.name = "file_source", .run = RunFileSource},
    {.name = "csv_source", .run = RunCsvSource},
    {.name = "dir_source", .build = BuildDirSource},
    {.name = "simple_polling_source", .run = RunPollingSource},
    {.name = "file_sink", .run = RunFileSink},
    {.name = "dir_sink", .build = BuildDirSink},
    {.name = "stdout_sink", .build = BuildStdoutSink},
};

}  // namespace

std::span<const Operator> SourceAndSinkOperators() { return kOperators; }

}  // namespace tidemark::conformance
