#include "command/window_look.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string_view>

#include "absl/strings/str_split.h"
#include "base/status.h"
#include "engine/windowing/session.h"
#include "engine/windowing/sliding.h"
#include "state/queue_segments.h"
#include "state/state_key.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

using Parameters = std::map<std::string, std::string, std::less<>>;

// "sliding: 10s, offset: 5s, system_time" by name.
Parameters ParametersOf(const StepRecord& step) {
  Parameters parameters;
  for (const absl::string_view part : absl::StrSplit(step.parameters, ", ")) {
    const std::string_view text = ToStd(part);
    const size_t colon = text.find(": ");
    const std::string_view value = colon == text.npos ? "" : text.substr(colon + 2);
    parameters.insert_or_assign(std::string(text.substr(0, colon)), std::string(value));
  }
  return parameters;
}

std::optional<Span> SpanIn(const Parameters& parameters, std::string_view name) {
  const auto found = parameters.find(name);
  if (found == parameters.end()) return std::nullopt;
  const auto span = ParseSpan(found->second);
  return span.ok() ? std::optional(*span) : std::nullopt;
}

// As SlidingWindower::Describe() wrote it.
std::optional<SlidingWindower> SlidingOf(const Parameters& parameters) {
  const auto tumbling = SpanIn(parameters, "tumbling");
  const auto length = tumbling ? tumbling : SpanIn(parameters, "sliding");
  const auto offset = tumbling ? tumbling : SpanIn(parameters, "offset");
  const auto align_to = parameters.find("align_to");
  if (!length || !offset || align_to == parameters.end()) return std::nullopt;
  const auto aligned = ParseTimestamp(align_to->second);
  if (!aligned.ok()) return std::nullopt;
  const SlidingWindower windower{.length = *length, .offset = *offset, .align_to = *aligned};
  return windower.Check().ok() ? std::optional(windower) : std::nullopt;
}

constexpr int64_t kFirstNumber = std::numeric_limits<int64_t>::min();

template <class T>
absl::Status Decode(const ValuePart& part, T& value) {
  std::string_view in = part.bytes;
  return DecodeValue(in, value);
}

// Reads the state of one key. Bytes may be damaged; what is asked of them is answered by a status.
class Look {
 public:
  Look(const EpochRecord& record, const StepRecord& step, const DumpedKey& key,
       const WindowValues* values, size_t windows_max)
      : record_(record), step_(step), key_(key), values_(values), windows_max_(windows_max) {}

  absl::StatusOr<std::optional<WindowsLook>> Run() {
    // Lists have no state of one value.
    const bool may_be = !key_.first && key_.schema->root.kind == TypeKind::kStruct;
    if (!may_be) return std::optional<WindowsLook>();
    const ValuePart state{.type = &key_.schema->root, .bytes = key_.value};
    TM_ASSIGN_OR_RETURN(const auto fields, PartsOf(schema(), state));
    const auto field = [&](const char* name) { return FieldNamed(schema(), state, fields, name); };
    const ValuePart* windower = field("windower");
    const ValuePart* windows = field("windows");
    const ValuePart* queue = field("queue");
    if (field("made") == nullptr || windower == nullptr || windows == nullptr || queue == nullptr) {
      return std::optional<WindowsLook>();
    }
    TakeWatermark();
    TM_ASSIGN_OR_RETURN(const auto waiting, PartsOf(schema(), *queue));
    look_.waiting = waiting.size() / 2;
    TM_ASSIGN_OR_RETURN(const auto entries, PartsOf(schema(), *windows));
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
      int64_t id = 0;
      TM_RETURN_IF_ERROR(Decode(entries[i], id));
      kept_.emplace(id, entries[i + 1]);
    }
    if (const ValuePart* values = field("values")) TM_RETURN_IF_ERROR(TakeValues(*values));
    const Parameters parameters = ParametersOf(step_);
    if (const auto sliding = SlidingOf(parameters)) {
      TM_RETURN_IF_ERROR(AddSliding(*sliding, *windower));
    } else if (const auto gap = SpanIn(parameters, "session")) {
      TM_RETURN_IF_ERROR(AddSessions(*gap, *windower));
    } else {
      return std::optional<WindowsLook>();
    }
    return std::optional<WindowsLook>(std::move(look_));
  }

 private:
  const TypeSchema& schema() const { return *key_.schema; }
  TimeDomain domain() const { return static_cast<TimeDomain>(step_.time_domain); }

  void TakeWatermark() {
    look_.watermark_of_key = domain() == TimeDomain::kJob;
    if (look_.watermark_of_key) {
      look_.watermark = key_.watermark;
    } else if (domain() == TimeDomain::kReading) {
      look_.watermark = std::max(record_.reading_time, step_.clock_floor);
    } else {
      look_.watermark = step_.clock_floor;
    }
    if (look_.watermark == Timestamp::Min()) look_.watermark.reset();
  }

  // Values that are held by their time, not by window.
  absl::Status TakeValues(const ValuePart& values) {
    TM_ASSIGN_OR_RETURN(const auto entries, PartsOf(schema(), values));
    for (size_t i = 0; i + 1 < entries.size(); i += 2) {
      QueueKey key;
      TM_RETURN_IF_ERROR(Decode(entries[i], key));
      held_.emplace(key, entries[i + 1]);
    }
    return absl::OkStatus();
  }

  absl::Status AddSliding(const SlidingWindower& sliding, const ValuePart& windower) {
    SlidingWindower::State state;
    TM_RETURN_IF_ERROR(Decode(windower, state));
    // In panes nobody keeps which windows are open (window_keeper.h).
    const bool in_panes = state.open.empty();
    // Panes ascend, and so do the first and the last window of each.
    std::vector<int64_t> ids;
    int64_t next = in_panes ? state.closed_through + 1 : std::numeric_limits<int64_t>::min();
    for (const auto& [id, kept] : kept_) {
      const int64_t last = in_panes ? sliding.LastWindowOfPane(id) : id;
      next = std::max(next, in_panes ? sliding.FirstWindowOfPane(id) : id);
      while (next <= last && ids.size() < windows_max_) ids.push_back(next++);
      if (next > last) continue;
      look_.more += static_cast<uint64_t>(last - next) + 1;
      next = last + 1;
    }
    for (const int64_t id : ids) {
      OpenWindowLook window;
      window.open = sliding.OpenOf(id);
      window.close = sliding.CloseOf(id);
      SetClosing(window.close, window.close, window);
      const int64_t first = in_panes ? sliding.FirstPaneOf(id) : id;
      const int64_t last = in_panes ? sliding.LastPaneOf(id) : id;
      const auto owns = [&](Timestamp at) {
        const int64_t pane = sliding.PaneOf(at);
        return pane >= first && pane <= last;
      };
      TM_RETURN_IF_ERROR(SetContent(first, last, owns, window));
    }
    return absl::OkStatus();
  }

  absl::Status AddSessions(Span gap, const ValuePart& windower) {
    SessionTable table;
    TM_RETURN_IF_ERROR(Decode(windower, table));
    for (const auto& entry : table.sessions.entries()) {
      const Timestamp open = entry.first;
      const OpenSession& session = entry.second;
      if (look_.windows.size() == windows_max_) {
        ++look_.more;
        continue;
      }
      OpenWindowLook window;
      window.open = open;
      window.close = session.last;
      window.is_session = true;
      const Timestamp end = session.last + gap;
      SetClosing(end, end + Span::Micros(1), window);
      const auto owns = [&](Timestamp at) { return open <= at && at <= session.last; };
      TM_RETURN_IF_ERROR(SetContent(session.id, session.id, owns, window));
    }
    return absl::OkStatus();
  }

  // `shown`: the end as people would name it; `at`: the watermark that closes the window.
  void SetClosing(Timestamp shown, Timestamp at, OpenWindowLook& window) const {
    window.is_due = look_.watermark && *look_.watermark >= at;
    window.closes_by_watermark = domain() != TimeDomain::kJob && domain() != TimeDomain::kReading;
    window.closes = shown;
    if (domain() == TimeDomain::kJob && look_.watermark) {
      const Span left = shown > *look_.watermark ? shown - *look_.watermark : Span();
      window.closes = record_.wall_time + left;
    } else if (domain() == TimeDomain::kJob) {
      window.closes_by_watermark = true;  // nothing has set the key's clock yet
    }
  }

  // What the windows or panes `first` to `last` keep together; owns(time) of values.
  template <class Owns>
  absl::Status SetContent(int64_t first, int64_t last, const Owns& owns, OpenWindowLook& window) {
    KeptByWindow kept{
        .step = step_.name, .results = step_.results, .schema = &schema(), .accs = {}, .held = {}};
    const bool holds =
        step_.parameters.find("late: window_closed, order: timestamp") != std::string::npos;
    const auto end = kept_.upper_bound(last);
    for (auto it = kept_.lower_bound(first); it != end; ++it) {
      TM_ASSIGN_OR_RETURN(const auto fields, PartsOf(schema(), it->second));
      const ValuePart* acc = FieldNamed(schema(), it->second, fields, "acc");
      const ValuePart* held = FieldNamed(schema(), it->second, fields, "held");
      if (acc == nullptr || held == nullptr) continue;
      if (!holds) kept.accs.push_back(*acc);
      TM_ASSIGN_OR_RETURN(const auto entries, PartsOf(schema(), *held));
      for (size_t i = 1; i < entries.size(); i += 2) kept.held.push_back(entries[i]);
    }
    auto it = held_.lower_bound({window.open, kFirstNumber});
    for (; it != held_.end() && it->first.first <= window.close; ++it) {
      if (owns(it->first.first)) kept.held.push_back(it->second);
    }
    if (holds) window.rows = kept.held.size();
    TM_RETURN_IF_ERROR(SetValues(kept, window));
    look_.windows.push_back(std::move(window));
    return absl::OkStatus();
  }

  absl::Status SetValues(const KeptByWindow& kept, OpenWindowLook& window) const {
    if (values_ != nullptr) {
      TM_ASSIGN_OR_RETURN(auto result, values_->ResultOf(kept));
      if (result) {
        window.fields = std::move(result->fields);
        if (result->rows) window.rows = result->rows;
        return absl::OkStatus();
      }
    }
    for (const ValuePart& value : kept.held) {
      TM_ASSIGN_OR_RETURN(window.items.emplace_back(), JsonOf(value));
    }
    if (step_.kind == "count_window") return SetCount(kept, window);
    for (const ValuePart& acc : kept.accs) {
      TM_ASSIGN_OR_RETURN(window.parts.emplace_back(), JsonOf(acc));
    }
    return absl::OkStatus();
  }

  // The one fold of programs whose panes can be put together without the program.
  static absl::Status SetCount(const KeptByWindow& kept, OpenWindowLook& window) {
    if (kept.accs.empty()) return absl::OkStatus();
    uint64_t rows = 0;
    for (const ValuePart& acc : kept.accs) {
      int64_t count = 0;
      TM_RETURN_IF_ERROR(Decode(acc, count));
      rows += static_cast<uint64_t>(count);
    }
    window.rows = rows;
    return absl::OkStatus();
  }

  absl::StatusOr<std::string> JsonOf(const ValuePart& part) const {
    return ValueToJson(SchemaOfPart(schema(), part), part.bytes);
  }

  const EpochRecord& record_;
  const StepRecord& step_;
  const DumpedKey& key_;
  const WindowValues* const values_;
  const size_t windows_max_;
  std::map<int64_t, ValuePart> kept_;   // windows or panes
  std::map<QueueKey, ValuePart> held_;  // values by their time
  WindowsLook look_;
};

}  // namespace

absl::StatusOr<std::optional<WindowsLook>> LookAtWindows(const EpochRecord& record,
                                                         const StepRecord& step,
                                                         const DumpedKey& key,
                                                         const WindowValues* values,
                                                         size_t windows_max) {
  return Look(record, step, key, values, windows_max).Run();
}

}  // namespace tidemark
