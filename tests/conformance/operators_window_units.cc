// Clocks and windowers at unit level: the classes themselves.

#include <algorithm>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/status.h"
#include "engine/windowing/clocks.h"
#include "engine/windowing/session.h"
#include "engine/windowing/sliding.h"
#include "tests/conformance/operators.h"

namespace tidemark::conformance {
namespace {

absl::Status Wrong(std::string message) { return absl::InvalidArgumentError(message); }

Json Shown(Timestamp at) {
  if (at == Timestamp::Min()) return "UTC_MIN";
  if (at == Timestamp::Max()) return "UTC_MAX";
  return FormatTimestamp(at);
}

// Moves the clock for SYSTEM_TIME and PAUSE; false for any other entry.
bool MovesClock(const Entry& entry, SimClock& clock) {
  if (entry.kind == Entry::Kind::kSystemTime) clock.Set(entry.at);
  if (entry.kind == Entry::Kind::kPause) clock.Advance(entry.span);
  return entry.kind == Entry::Kind::kSystemTime || entry.kind == Entry::Kind::kPause;
}

// Every callback gives [callback, watermark].
template <class Clock>
absl::Status RunClock(UnitCase& c, const Clock& clock, typename Clock::State& state, SimClock& wall,
                      Span job_behind_wall) {
  for (const Entry& entry : c.entries()) {
    if (MovesClock(entry, wall)) continue;
    const Timestamp now = wall.Now() - job_behind_wall;
    if (entry.kind == Entry::Kind::kItem) {
      if (!entry.item.at) return Wrong("an item has no timestamp");
      c.Row(Json::List{"item", Shown(clock.OnItem(state, *entry.item.at, now))});
    } else if (entry.kind == Entry::Kind::kEof) {
      c.Row(Json::List{"eof", Shown(Timestamp::Max())});
    } else if (entry.name == "NOTIFY") {
      c.Row(Json::List{"notify", Shown(clock.Watermark(state, now))});
    } else if (entry.name != "BATCH") {
      return Wrong(Cat("a clock has no use for ", entry.name));
    }
  }
  return absl::OkStatus();
}

absl::Status RunEventClock(UnitCase& c) {
  Params& params = c.params();
  SimClock wall(params.Time("system_time_start").value_or(SimClock::kDefaultStart));
  const EventClock clock{.max_out_of_orderness =
                             params.Seconds("wait_for_system_duration").value_or(Span())};
  EventClock::State state = clock.Make(wall.Now());
  Span job_behind_wall;
  if (const Json* saved = params.Value("resume_state")) {
    const Json* at = saved->is_map() ? saved->Find("system_time_of_max_event") : nullptr;
    const Json* base = saved->is_map() ? saved->Find("watermark_base") : nullptr;
    if (at == nullptr || base == nullptr)
      return Wrong("parameter 'resume_state' is no clock state");
    TM_ASSIGN_OR_RETURN(state.at, ParseTime(*at));
    TM_ASSIGN_OR_RETURN(state.base, ParseTime(*base));
    // Saved at that moment: job time stood still until the resume.
    job_behind_wall = wall.Now() - state.at;
  }
  TM_RETURN_IF_ERROR(params.Check());
  TM_RETURN_IF_ERROR(RunClock(c, clock, state, wall, job_behind_wall));
  Json shown = Json::Map();
  shown.Set("system_time_of_max_event", Shown(state.at + job_behind_wall));
  shown.Set("watermark_base", Shown(state.base));
  c.State(std::move(shown));
  return absl::OkStatus();
}

absl::Status RunSystemClock(UnitCase& c) {
  SimClock wall(c.params().Time("system_time_start").value_or(SimClock::kDefaultStart));
  TM_RETURN_IF_ERROR(c.params().Check());
  SystemTimeClock::State state;
  return RunClock(c, SystemTimeClock(), state, wall, Span());
}

Json IdList(const std::vector<int64_t>& ids) {
  Json::List list;
  for (const int64_t id : ids) list.push_back(id);
  return list;
}

absl::Status RunSlidingIntersects(UnitCase& c) {
  Params& params = c.params();
  SlidingWindower windower;
  windower.length = params.Seconds("length").value_or(Span());
  windower.offset = params.Seconds("offset").value_or(Span());
  windower.align_to = params.Time("align_to").value_or(Timestamp());
  TM_RETURN_IF_ERROR(params.Check());
  TM_RETURN_IF_ERROR(windower.Check());
  for (const Entry& entry : c.entries()) {
    if (entry.kind != Entry::Kind::kItem || !entry.item.at) return Wrong("not an item with a time");
    std::vector<int64_t> ids;
    windower.WindowsOf(*entry.item.at, ids);
    c.Row(IdList(ids));
  }
  return absl::OkStatus();
}

absl::StatusOr<SessionWindower::State> InitialSessions(const Json* sessions) {
  SessionWindower::State state;
  if (sessions == nullptr) return state;
  if (!sessions->is_map()) return Wrong("parameter 'initial_sessions' is not a map");
  for (const JsonField& field : sessions->map()) {
    const Json* open = field.value.is_map() ? field.value.Find("open_time") : nullptr;
    const Json* close = field.value.is_map() ? field.value.Find("close_time") : nullptr;
    if (open == nullptr || close == nullptr) return Wrong("an initial session has no times");
    SessionWindower::Session session{.id = std::stoll(field.name), .last = {}, .merged_ids = {}};
    TM_ASSIGN_OR_RETURN(const Timestamp at, ParseTime(*open));
    TM_ASSIGN_OR_RETURN(session.last, ParseTime(*close));
    state.next_id = std::max(state.next_id, session.id + 1);
    state.open_of[session.id] = at;
    state.sessions[at] = std::move(session);
  }
  return state;
}

void SessionTable(UnitCase& c, const SessionWindower& windower,
                  const SessionWindower::State& state) {
  for (const auto& [id, open] : state.open_of.entries()) {
    const ClosedWindow session = windower.Look(state, id);
    Json about = Json::Map();
    about.Set("open_time", Shown(session.open));
    about.Set("close_time", Shown(session.close));
    about.Set("merged_ids", IdList(session.merged_ids));
    c.Meta(Json::List{id, std::move(about)});
  }
}

absl::Status RunSessionWindower(UnitCase& c) {
  Params& params = c.params();
  const SessionWindower windower{.gap = params.Seconds("gap").value_or(Span())};
  const std::string method = params.Text("method").value_or("open_for");
  TM_ASSIGN_OR_RETURN(SessionWindower::State state,
                      InitialSessions(params.Value("initial_sessions")));
  TM_RETURN_IF_ERROR(params.Check());
  TM_RETURN_IF_ERROR(windower.Check());
  std::vector<WindowMerge> merges;
  const auto merge_list = [&merges] {
    Json::List list;
    for (const WindowMerge& merge : merges) {
      list.push_back(Json::List{merge.absorbed, merge.survivor});
    }
    merges.clear();
    return list;
  };
  if (method == "find_merges") {
    windower.MergeAll(state, merges);
    for (Json& merge : merge_list()) c.Row(std::move(merge));
  } else if (method != "open_for" && method != "late_for") {
    return Wrong(Cat("parameter 'method': '", method, "' is not known"));
  }
  for (const Entry& entry : c.entries()) {
    if (entry.name == "MERGED") {
      c.Row(Json::List{"merged", Json(merge_list())});
    } else if (entry.kind == Entry::Kind::kItem && entry.item.at) {
      std::vector<int64_t> ids;
      if (method == "late_for") {
        windower.AllOf(*entry.item.at, ids);
      } else {
        windower.OpenFor(state, *entry.item.at, Timestamp::Min(), ids, merges);
      }
      c.Row(Json::List{method == "late_for" ? "late" : "open", IdList(ids)});
    } else {
      return Wrong("not an item with a time");
    }
  }
  SessionTable(c, windower, state);
  return absl::OkStatus();
}

constexpr Operator kOperators[] = {
    {.name = "event_clock", .run = RunEventClock},
    {.name = "system_clock", .run = RunSystemClock},
    {.name = "sliding_windower.intersects", .run = RunSlidingIntersects},
    {.name = "session_windower", .run = RunSessionWindower},
};

}  // namespace

std::span<const Operator> WindowUnitOperators() { return kOperators; }

}  // namespace tidemark::conformance
