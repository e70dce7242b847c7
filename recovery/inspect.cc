#include "recovery/inspect.h"

#include <algorithm>
#include <optional>
#include <queue>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "proto/rows.h"
#include "recovery/commit_note.h"
#include "recovery/key_query.h"
#include "recovery/open_plan.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "state/piece_values.h"
#include "state/rocksdb_store.h"
#include "state/state_key.h"
#include "state/type_schema_codec.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

// How the parameters of a step with a clock per key begin (EventClock::Describe).
constexpr std::string_view kEventTimePerKey = "event_time: per_key";

// "max_items: 3, max_wait: 10s" -> the span behind `name`; infinite when it is not there.
Span SpanParameter(const std::string& parameters, std::string_view name) {
  for (const absl::string_view part : absl::StrSplit(parameters, ", ")) {
    const std::string_view text = ToStd(part);
    if (text.substr(0, name.size()) != name || text.substr(name.size(), 2) != ": ") continue;
    return ParseSpan(text.substr(name.size() + 2)).value_or(Span::Infinite());
  }
  return Span::Infinite();
}

// Batch deadlines by the stored parameters (SEMANTICS §2).
std::optional<Timestamp> BatchDue(const StepRecord& step, const BatchRow& batch) {
  const Span max_wait = SpanParameter(step.parameters, "max_wait");
  const Span idle = SpanParameter(step.parameters, "idle_timeout");
  Timestamp due = Timestamp::Never();
  if (!max_wait.is_infinite()) due = batch.first + max_wait;
  if (!idle.is_infinite()) due = std::min(due, batch.newest + idle);
  if (due.is_never()) return {};
  return due;
}

// All main rows of a step in byte order of the user keys: the key groups, merged.
class StepWalk {
 public:
  StepWalk(const StateReader& store, StepId step) {
    for (int group = 0; group < kKeyGroups; ++group) {
      const RowRange range = StepGroupRange(group, step);
      cursors_.push_back(store.Scan(range.from, range.to));
    }
  }
  absl::Status Start() {
    for (size_t i = 0; i < cursors_.size(); ++i) TM_RETURN_IF_ERROR(Enter(i));
    return absl::OkStatus();
  }
  bool Valid() const { return !heads_.empty(); }
  const std::string& user_key() const { return heads_.top().key; }
  std::string_view value() const { return cursors_[heads_.top().cursor]->value(); }
  absl::Status Next() {
    const size_t cursor = heads_.top().cursor;
    heads_.pop();
    cursors_[cursor]->Next();
    return Enter(cursor);
  }

 private:
  struct Head {
    std::string key;
    size_t cursor;
    bool operator<(const Head& other) const { return key > other.key; }  // smallest on top
  };
  absl::Status Enter(size_t i) {
    for (; cursors_[i]->Valid(); cursors_[i]->Next()) {
      TM_ASSIGN_OR_RETURN(const StateRowKey row, ParseStateRowKey(cursors_[i]->key()));
      if (row.kind != RowKind::kMain) continue;
      heads_.push({std::string(row.user_key), i});
      return absl::OkStatus();
    }
    return cursors_[i]->status();
  }

  std::vector<std::unique_ptr<Cursor>> cursors_;
  std::priority_queue<Head> heads_;
};

// The sub-rows of one key.
class KeySubRows final : public SubRows {
 public:
  KeySubRows(const StateReader& store, StepId step, std::string_view user_key)
      : store_(store), step_(step), user_key_(user_key) {}

  absl::StatusOr<std::vector<SubRow>> All() const override {
    const RowRange range = SubRowRange(step_, user_key_);
    const auto cursor = store_.Scan(range.from, range.to);
    std::vector<SubRow> rows;
    for (; cursor->Valid(); cursor->Next()) {
      TM_ASSIGN_OR_RETURN(const StateRowKey key, ParseStateRowKey(cursor->key()));
      rows.push_back(
          {.suffix = std::string(key.suffix), .value = std::string(cursor->value()), .bytes = 0});
    }
    TM_RETURN_IF_ERROR(cursor->status());
    return rows;
  }
  absl::StatusOr<std::vector<std::string>> Get(const std::vector<std::string>&) const override {
    return absl::UnimplementedError("a look from outside takes all rows of a key");
  }

 private:
  const StateReader& store_;
  const StepId step_;
  const std::string_view user_key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<StateInspector>> StateInspector::OpenStore(
    Files& files, const std::string& directory, const std::string& store) {
  std::optional<Snapshot> snapshot;
  TM_ASSIGN_OR_RETURN(const bool is_snapshot, Exists(files, JoinPath(directory, "manifest")));
  CommitNote note;
  if (is_snapshot) {
    TM_ASSIGN_OR_RETURN(snapshot, ReadSnapshot(files, directory));
  } else {
    TM_ASSIGN_OR_RETURN(const StoreFiles found, LookAtStore(files, store));
    TM_RETURN_IF_ERROR(CheckStoreFiles(directory, found));
    // Before the store is opened: a job that runs commits meanwhile.
    TM_ASSIGN_OR_RETURN(note, ReadCommitNote(files, directory));
  }
  std::unique_ptr<StateInspector> inspector(new StateInspector());
  inspector->directory_ = directory;
  RocksStoreOptions rocks;
  rocks.directory = store;
  rocks.read_only = true;
  rocks.create_if_missing = false;
  TM_ASSIGN_OR_RETURN(inspector->store_, OpenRocksStore(rocks));
  auto record = ReadEpochRecord(*inspector->store_);
  if (!record.ok()) return Annotate(record.status(), directory);
  if (snapshot && (!*record || **record != snapshot->manifest.record)) {
    return absl::DataLossError(
        Cat(directory, ": its store holds another epoch record than its manifest"));
  }
  if (*record) inspector->record_ = **std::move(record);
  const EpochRecord& held = inspector->record_;
  TM_RETURN_IF_ERROR(CheckCommitNote(note, store, held.run_line, held.epoch.value));
  return inspector;
}

absl::StatusOr<std::unique_ptr<StateInspector>> StateInspector::Open(Files& files,
                                                                     const std::string& directory) {
  TM_RETURN_IF_ERROR(CheckHoldsState(files, directory));
  const std::string store = StorePath(directory);
  TM_ASSIGN_OR_RETURN(const bool there, Exists(files, store));
  if (!there) {
    return absl::NotFoundError(
        Cat(directory, ": is neither a state directory nor a snapshot (it has no store/)"));
  }
  TM_ASSIGN_OR_RETURN(auto inspector, OpenStore(files, directory, store));
  if (inspector->record_.epoch.value > 0) return inspector;
  return absl::NotFoundError(Cat(directory, ": no epoch has been committed here yet"));
}

Timestamp StateInspector::ToWall(Timestamp deadline_time) const {
  return deadline_time - (record_.deadline_time - record_.wall_time);
}

absl::Status StateInspector::Dump(
    const DumpOptions& options, const std::function<absl::Status(const DumpedKey&)>& visit) const {
  uint64_t left = options.limit == 0 ? ~uint64_t{0} : options.limit;
  bool found = false;
  std::string names;
  for (const StepRecord& step : record_.steps) {
    names += Cat(names.empty() ? "" : ", ", step.name);
    if (options.step && *options.step != step.name) continue;
    found = true;
    TM_RETURN_IF_ERROR(DumpStep(step, options, left, visit));
  }
  if (options.step && !found) {
    return absl::NotFoundError(
        Cat(directory_, ": has no step '", *options.step,
            names.empty() ? "'; no step keeps state" : Cat("'; there are: ", names)));
  }
  return absl::OkStatus();
}

absl::Status StateInspector::DumpStep(
    const StepRecord& step, const DumpOptions& options, uint64_t& left,
    const std::function<absl::Status(const DumpedKey&)>& visit) const {
  const auto read = [&](const std::string& bytes) -> absl::StatusOr<StoredSchema> {
    auto decoded = DecodeSchema(bytes);
    if (!decoded.ok()) {
      return Annotate(decoded.status(), Cat(directory_, ": step '", step.name, "'"));
    }
    return std::make_shared<const TypeSchema>(*std::move(decoded));
  };
  TM_ASSIGN_OR_RETURN(const StoredSchema schema, read(step.schema));
  StoredSchema value_schema = schema;
  if (!step.value_schema.empty()) {
    TM_ASSIGN_OR_RETURN(value_schema, read(step.value_schema));
  }
  StepWalk walk(*store_, step.id);
  TM_RETURN_IF_ERROR(walk.Start());
  const std::optional<KeyQuery> wanted_key =
      options.key ? std::optional<KeyQuery>(*options.key) : std::nullopt;
  for (; left > 0 && walk.Valid();) {
    const std::string& key = walk.user_key();
    const bool wanted = !wanted_key || wanted_key->Matches(key);
    if (wanted) {
      auto dumped = Decode(step, schema, value_schema, key, walk.value());
      if (!dumped.ok()) return Annotate(dumped.status(), directory_);
      TM_RETURN_IF_ERROR(visit(*dumped));
      --left;
    }
    TM_RETURN_IF_ERROR(walk.Next());
  }
  return absl::OkStatus();
}

void StateInspector::AddTimes(const StepRecord& step, const RowHeader& header,
                              std::string_view value, DumpedKey& out) const {
  const auto domain = static_cast<TimeDomain>(step.time_domain);
  if (!header.wake_at.is_never()) {
    out.wakes_by_watermark = domain == TimeDomain::kWatermark;
    switch (domain) {
      case TimeDomain::kJob:
        out.wakes = record_.wall_time + (header.wake_at - record_.job_time);
        break;
      case TimeDomain::kDeadline:
        out.wakes = ToWall(header.wake_at);
        break;
      case TimeDomain::kWall:
      case TimeDomain::kReading:
      case TimeDomain::kWatermark:
        out.wakes = header.wake_at;
        break;
    }
  }
  // The state of a window step with event time begins with its clock (docs/formats/values.md).
  if (step.parameters.rfind(kEventTimePerKey, 0) != 0) return;
  bool made = false;
  Timestamp base, at;
  if (DecodeValue(value, made).ok() && DecodeValue(value, base).ok() &&
      DecodeValue(value, at).ok() && made) {
    out.watermark = record_.job_time > at ? base + (record_.job_time - at) : base;
  }
}

absl::StatusOr<DumpedKey> StateInspector::Decode(const StepRecord& step, const StoredSchema& schema,
                                                 const StoredSchema& value_schema,
                                                 std::string_view user_key,
                                                 std::string_view main_row) const {
  DumpedKey out{.step = step.name,
                .kind = step.kind,
                .key_text = FormatUserKey(user_key),
                .key_json = UserKeyToJson(user_key),
                .items = {},
                .first = {},
                .newest = {},
                .due = {},
                .state = {},
                .value = {},
                .schema = schema,
                .wakes = {},
                .wakes_by_watermark = false,
                .watermark = {}};
  const std::string what = Cat("step '", step.name, "', key ", out.key_text);
  StateRowData row;
  TM_RETURN_IF_ERROR(DecodeStateRow(main_row, what, row));
  if (const auto* value = std::get_if<ValueRow>(&row.state)) {
    out.schema = value_schema;
    TM_ASSIGN_OR_RETURN(out.state, ValueToJson(*value_schema, value->value));
    out.value = value->value;
    AddTimes(step, row.header, value->value, out);
    return out;
  }
  if (const auto* pieces = std::get_if<PiecesRow>(&row.state)) {
    const KeySubRows sub_rows(*store_, step.id, user_key);
    TM_ASSIGN_OR_RETURN(out.value, JoinPieces(*schema, *pieces, sub_rows, what));
    TM_ASSIGN_OR_RETURN(out.state, ValueToJson(*schema, out.value));
    AddTimes(step, row.header, out.value, out);
    return out;
  }
  const auto& batch = std::get<BatchRow>(row.state);
  std::vector<std::string> items;
  std::string key;
  for (const ListSegment& segment : batch.segments) {
    SubRowKey(step.id, user_key, EpochSuffix(segment.epoch), key);
    TM_ASSIGN_OR_RETURN(const auto bytes, store_->Get(key));
    if (!bytes) return absl::DataLossError(Cat(what, ": a segment of the list is missing"));
    TM_RETURN_IF_ERROR(DecodeSegmentRow(*bytes, what, items));
  }
  if (batch.segment_rows > 0) {
    TM_ASSIGN_OR_RETURN(const auto rows, KeySubRows(*store_, step.id, user_key).All());
    if (rows.size() != batch.segment_rows) {
      return absl::DataLossError(
          Cat(what, ": ", rows.size(), " segments of the list are there, of ", batch.segment_rows));
    }
    for (const SubRow& segment : rows) {
      TM_RETURN_IF_ERROR(DecodeSegmentRow(segment.value, what, items));
    }
  }
  items.insert(items.end(), batch.tail.begin(), batch.tail.end());
  for (const std::string& item : items) {
    TM_ASSIGN_OR_RETURN(out.items.emplace_back(), ValueToJson(*schema, item));
  }
  out.first = ToWall(batch.first);
  out.newest = ToWall(batch.newest);
  if (const auto due = BatchDue(step, batch)) out.due = ToWall(*due);
  return out;
}

}  // namespace tidemark
