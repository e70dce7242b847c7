// What the windowed operators are built from. Only for operators_windows*.cc.
//
// One file for each kind of fold: each is a translation unit of its own, for every clock and every
// windower is compiled with every fold, and the templates take long.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/status.h"
#include "tests/conformance/operators.h"
#include "tidemark/window.h"

namespace tidemark::conformance {

inline absl::Status Wrong(std::string message) { return absl::InvalidArgumentError(message); }

// ---- the operators, by file ----

absl::Status BuildCollectWindow(FlowCase& c);
absl::Status BuildCountWindow(FlowCase& c);
absl::Status BuildFoldWindow(FlowCase& c);
absl::Status BuildReduceWindow(FlowCase& c);
absl::Status BuildMaxWindow(FlowCase& c);
absl::Status BuildMinWindow(FlowCase& c);
absl::Status BuildJoin(FlowCase& c);
absl::Status BuildJoinWindow(FlowCase& c);

// ---- rows ----

// As the cases have it: [key, id, value], and [key, id, {open_time, close_time, merged_ids}].
Json WindowRow(std::string key, int64_t id, Json value);
Json MetadataRow(const KeyValue<std::string, WindowMetadata>& row);

// Hands a step's three streams to the case; `shown` makes a result's value.
template <class Streams, class Shown>
void AddRows(FlowCase& c, const Streams& streams, Shown shown) {
  const auto& [results, late, metadata] = streams;
  c.DownRows(results.Pairs().Map([shown](const auto& row) {
    return WindowRow(row.key, row.value.window_id, shown(row.value.value));
  }));
  c.LateRows(late.Pairs().Map([](const auto& row) {
    return WindowRow(row.key, row.value.window_id, row.value.value.value);
  }));
  c.MetaRows(metadata.Pairs().Map(MetadataRow));
}

// ---- clock and windower ----

Timestamp TimeOf(const Item& item);
const Json* Field(const Json* map, std::string_view name);
absl::StatusOr<absl::Duration> SecondsIn(const Json* map, std::string_view name);
absl::StatusOr<absl::Time> AlignIn(const Json* windower);
WindowOptions OptionsOf(Params& params);

// Calls verb(windowed stream) for the windower the case names.
template <class Timed, class Verb>
absl::Status WithWindower(FlowCase& c, const Timed& timed, Verb verb) {
  const Json* windower = c.params().Value("windower");
  const Json* type = Field(windower, "type");
  const WindowOptions options = OptionsOf(c.params());
  if (type != nullptr && *type == Json("tumbling")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration length, SecondsIn(windower, "length"));
    TM_ASSIGN_OR_RETURN(const absl::Time align, AlignIn(windower));
    verb(timed.Window(Tumbling{length, align}, options).WithMetadata());
    return absl::OkStatus();
  }
  if (type != nullptr && *type == Json("sliding")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration length, SecondsIn(windower, "length"));
    TM_ASSIGN_OR_RETURN(const absl::Duration offset, SecondsIn(windower, "offset"));
    TM_ASSIGN_OR_RETURN(const absl::Time align, AlignIn(windower));
    verb(timed.Window(Sliding{length, offset, align}, options).WithMetadata());
    return absl::OkStatus();
  }
  if (type != nullptr && *type == Json("session")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration gap, SecondsIn(windower, "gap"));
    verb(timed.Window(Session{gap}, options).WithMetadata());
    return absl::OkStatus();
  }
  return Wrong("parameter 'windower' is neither tumbling, sliding nor session");
}

// Calls verb(windowed stream) for the clock and the windower that the case names.
template <class Verb>
absl::Status WithWindows(FlowCase& c, Verb verb) {
  const Json* clock = c.params().Value("clock");
  const Json* type = Field(clock, "type");
  if (type != nullptr && *type == Json("event")) {
    TM_ASSIGN_OR_RETURN(const absl::Duration bound, SecondsIn(clock, "wait_for_system_duration"));
    // Cases have times ahead of their clocks on purpose, and Bytewax judges none of them.
    const EventTimeOptions options{.max_out_of_orderness = bound,
                                   .max_ahead_of_system_time = absl::InfiniteDuration()};
    return WithWindower(c, c.KeyedItems().EventTime(TimeOf, options), verb);
  }
  if (type != nullptr && *type == Json("system")) {
    return WithWindower(c, c.KeyedItems().SystemTime(), verb);
  }
  return Wrong("parameter 'clock' is neither event nor system");
}

}  // namespace tidemark::conformance
