#include "jobs/window_parser.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/spelling.h"
#include "base/status.h"
#include "jobs/aggregate_parser.h"
#include "jobs/connector_parser.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 3> kWindows = {"tumbling", "sliding", "session"};

// ---- clock ---------------------------------------------

void ParseWatermark(const YamlMap& map, EventTimeSpec& clock, Problems& problems) {
  static constexpr std::array<std::string_view, 2> kScopes = {"per_key", "per_stream"};
  const YamlEntry* watermark = map.Find("watermark");
  const YamlEntry* idle_after = map.Find("idle_after");
  std::optional<size_t> scope = 0;
  if (watermark != nullptr) {
    scope = ReadWord(*watermark, kScopes, problems);
    clock.watermark_place = watermark->value.place;
    if (scope) {
      clock.watermark = *scope == 1 ? WatermarkScope::kPerStream : WatermarkScope::kPerKey;
    }
  }
  if (idle_after == nullptr) return;
  if (scope == 0u) {
    problems.Add(idle_after->place,
                 "idle_after is for 'watermark: per_stream'; a watermark per key waits for no "
                 "source");
  }
  if (const auto span = ReadSpan(*idle_after, SpanRange::kMoreThanZero, problems)) {
    clock.idle_after = *span;
  }
}

EventTimeSpec ParseEventTime(const YamlMap& map, Problems& problems) {
  static constexpr std::array<std::string_view, 5> kUnits = {"s", "ms", "us", "ns", "iso8601"};
  static constexpr std::array<TimeUnit, 5> kUnitValues = {TimeUnit::kSeconds, TimeUnit::kMillis,
                                                          TimeUnit::kMicros, TimeUnit::kNanos,
                                                          TimeUnit::kIso8601};
  EventTimeSpec clock;
  if (const YamlEntry* field = map.Require(
          "event_time", "a clock needs a field, as in {event_time: FIELD}, or is 'system_time'")) {
    clock.field = ReadText(*field, problems).value_or("");
    clock.place = field->value.place;
  }
  if (const YamlEntry* unit = map.Find("unit")) {
    if (const auto word = ReadWord(*unit, kUnits, problems)) clock.unit = kUnitValues[*word];
  }
  if (const YamlEntry* bound = map.Find("max_out_of_orderness")) {
    clock.has_bound = true;
    clock.max_out_of_orderness =
        ReadSpan(*bound, SpanRange::kZeroOrMore, problems).value_or(Span());
  }
  if (const YamlEntry* bound = map.Find("max_ahead_of_system_time")) {
    clock.max_ahead_of_system_time = ReadSpan(*bound, SpanRange::kZeroOrMoreOrInf, problems);
  }
  ParseWatermark(map, clock, problems);
  return clock;
}

void ParseClock(const YamlEntry& entry, WindowSpec& window, Problems& problems) {
  if (entry.value.is_text() && entry.value.text() == "system_time") {
    window.clock = SystemTimeSpec();
  } else if (entry.value.is_map()) {
    const YamlMap map(entry.value, "a clock",
                      {"event_time", "unit", "max_out_of_orderness", "max_ahead_of_system_time",
                       "watermark", "idle_after"},
                      problems);
    window.clock = ParseEventTime(map, problems);
  } else {
    ReportWrong("clock", "a map like {event_time: FIELD}, or 'system_time'", entry.value, problems);
  }
}

// ---- windows -------------------------------------------

absl::Duration ReadLength(const YamlMap& map, std::string_view key, std::string_view missing,
                          SpanRange range, Problems& problems) {
  const YamlEntry* entry = map.Require(key, missing);
  if (entry == nullptr) return absl::Seconds(1);
  return ReadSpan(*entry, range, problems).value_or(Span::Seconds(1)).ToAbsl();
}

absl::Time ReadAlignment(const YamlMap& map, Problems& problems) {
  const YamlEntry* entry = map.Find("align_to");
  if (entry == nullptr) return absl::UnixEpoch();
  const auto time = ReadTimestamp(*entry, problems);
  return time.has_value() ? time->ToAbsl() : absl::UnixEpoch();
}

Tumbling ParseTumbling(const YamlEntry& entry, Problems& problems) {
  Tumbling tumbling{.length = absl::Seconds(1)};
  if (!entry.value.is_map()) {
    const auto length = ReadSpan(entry, SpanRange::kMoreThanZeroFinite, problems);
    if (length.has_value()) tumbling.length = length->ToAbsl();
    return tumbling;
  }
  const YamlMap map(entry.value, "tumbling", {"length", "align_to"}, problems);
  tumbling.length = ReadLength(map, "length", "tumbling needs a length, as in {length: 1h}",
                               SpanRange::kMoreThanZeroFinite, problems);
  tumbling.align_to = ReadAlignment(map, problems);
  return tumbling;
}

Sliding ParseSliding(const YamlEntry& entry, Problems& problems) {
  Sliding sliding{.length = absl::Seconds(1), .offset = absl::Seconds(1)};
  if (!entry.value.is_map()) {
    ReportWrong(entry.key, "a map like {length: 1h, offset: 10m}", entry.value, problems);
    return sliding;
  }
  const YamlMap map(entry.value, "sliding", {"length", "offset", "align_to"}, problems);
  const size_t before = problems.count();
  sliding.length = ReadLength(map, "length", "sliding needs a length, as in {length: 1h, …}",
                              SpanRange::kMoreThanZeroFinite, problems);
  sliding.offset = ReadLength(map, "offset", "sliding needs an offset, as in {offset: 10m, …}",
                              SpanRange::kMoreThanZeroFinite, problems);
  sliding.align_to = ReadAlignment(map, problems);
  const YamlEntry* offset = map.Find("offset");
  if (problems.count() == before && offset != nullptr && sliding.offset > sliding.length) {
    ReportWrong("offset", "at most the length, or rows between two windows would be lost",
                offset->value, problems);
  } else if (problems.count() == before && offset != nullptr) {
    const absl::Status possible = internal::ToWindower(sliding).Check();
    if (!possible.ok()) problems.Add(offset->value.place, ToStd(possible.message()));
  }
  return sliding;
}

Session ParseSession(const YamlEntry& entry, Problems& problems) {
  if (!entry.value.is_map()) {
    const auto gap = ReadSpan(entry, SpanRange::kZeroOrMore, problems);
    return {.gap = gap.value_or(Span()).ToAbsl()};
  }
  const YamlMap map(entry.value, "session", {"gap"}, problems);
  return {.gap = ReadLength(map, "gap", "session needs a gap, as in {gap: 30m}",
                            SpanRange::kZeroOrMore, problems)};
}

void ParseWindows(const YamlMap& map, WindowSpec& window, Problems& problems) {
  const std::vector<const YamlEntry*> given = map.FindAll(kWindows);
  if (given.empty()) {
    if (!map.Misspells(kWindows)) {
      problems.Add(map.place(), Cat("a window needs one of: ", ListOf(kWindows)));
    }
    return;
  }
  for (size_t i = 1; i < given.size(); ++i) {
    problems.Add(given[i]->place, Cat("a window has one of ", ListOf(kWindows), ", and '",
                                      given[0]->key, "' is there already"));
  }
  if (given[0]->key == "tumbling") {
    window.windows = ParseTumbling(*given[0], problems);
  } else if (given[0]->key == "sliding") {
    window.windows = ParseSliding(*given[0], problems);
  } else {
    window.windows = ParseSession(*given[0], problems);
  }
}

// ---- aggregates ----------------------------------------

// Where byte `at` of the text stands; the value's own place where that cannot be told.
Place PlaceIn(const YamlValue& value, size_t at) {
  Place place = value.node->text_place;
  if (!place.known()) return value.place;
  for (const char c : std::string_view(value.text()).substr(0, at)) {
    const bool continues = (static_cast<unsigned char>(c) & 0xc0) == 0x80;  // a character of UTF-8
    if (!continues) ++place.column;
  }
  return place;
}

std::optional<AggregateSpec> ParseOne(const YamlEntry& entry, Problems& problems) {
  if (entry.key.empty()) {
    problems.Add(entry.place, "an aggregate needs a name");
    return std::nullopt;
  }
  if (!entry.value.is_text()) {
    ReportWrong(entry.key, "an aggregate like count or max(FIELD)", entry.value, problems);
    return std::nullopt;
  }
  auto parsed = ParseAggregate(entry.value.text());
  if (const auto* mistake = std::get_if<AggregateMistake>(&parsed)) {
    problems.Add(PlaceIn(entry.value, mistake->at), mistake->what);
    return std::nullopt;
  }
  auto& aggregate = std::get<ParsedAggregate>(parsed);
  return AggregateSpec{.name = entry.key,
                       .kind = aggregate.kind,
                       .field = std::move(aggregate.field),
                       .place = entry.place,
                       .field_place = PlaceIn(entry.value, aggregate.field_at)};
}

// Over how many entries the call that begins at `first` goes: YAML takes a comma in {…} for the end
// of a value, so that `p: percentile(v, 95)` has a value `percentile(v` and a key `95)`.
size_t PartsOfCall(const std::vector<YamlEntry>& entries, size_t first) {
  const auto open = [](std::string_view text) {
    return std::count(text.begin(), text.end(), '(') - std::count(text.begin(), text.end(), ')');
  };
  const YamlValue& value = entries[first].value;
  if (!value.is_text() || value.is_quoted()) return 1;
  auto depth = open(value.text());
  size_t parts = 1;
  for (; depth > 0 && first + parts < entries.size(); ++parts) {
    const YamlEntry& next = entries[first + parts];
    if (!next.value.is_nothing()) return 1;
    depth += open(next.key);
  }
  return depth == 0 ? parts : 1;
}

void ParseAggregates(const YamlMap& map, WindowSpec& window, Problems& problems) {
  const YamlEntry* aggregates = map.Require(
      "aggregate", "a window needs aggregates, like 'aggregate: {rows: count, top: max(FIELD)}'");
  if (aggregates == nullptr) return;
  if (!aggregates->value.is_map() || aggregates->value.entries().empty()) {
    ReportWrong("aggregate", "a map like {rows: count, top: max(FIELD)}", aggregates->value,
                problems);
    return;
  }
  const std::vector<YamlEntry>& entries = aggregates->value.entries();
  for (size_t i = 0; i < entries.size(); ++i) {
    if (const size_t parts = PartsOfCall(entries, i); parts > 1) {
      std::string whole = entries[i].value.text();
      for (size_t part = 1; part < parts; ++part) whole += Cat(", ", entries[i + part].key);
      problems.Add(entries[i].value.place,
                   Cat("quotes are needed around a comma: ", entries[i].key, ": '", whole, "'"));
      i += parts - 1;
    } else if (auto aggregate = ParseOne(entries[i], problems)) {
      window.aggregates.push_back(*std::move(aggregate));
    }
  }
}

// ---- options -------------------------------------------

void ParseOptions(const YamlMap& map, WindowOptions& options, Problems& problems) {
  if (const auto behind =
          ReadChoice(map, "late_when", {"window_closed", "behind_watermark"}, problems)) {
    options.late_when = *behind ? LateWhen::kBehindWatermark : LateWhen::kWindowClosed;
  }
  if (const auto arrival = ReadChoice(map, "order", {"timestamp", "arrival"}, problems)) {
    options.order = *arrival ? ValueOrder::kArrival : ValueOrder::kTimestamp;
  }
  if (const auto keep = ReadChoice(map, "at_eof", {"close", "keep"}, problems)) {
    options.at_eof = *keep ? AtEof::kKeep : AtEof::kClose;
  }
  if (const YamlEntry* entry = map.Find("keep_watermark_for")) {
    if (const auto span = ReadSpan(*entry, SpanRange::kZeroOrMoreOrInf, problems)) {
      options.keep_watermark_for = span->ToAbsl();
    }
  }
}

}  // namespace

WindowSpec ParseWindow(const YamlEntry& entry, Place& place, Problems& problems) {
  WindowSpec window;
  if (!entry.value.is_map()) {
    ReportWrong("window", "a map with clock, tumbling (or sliding, session) and aggregate",
                entry.value, problems);
    return window;
  }
  const YamlMap map(entry.value, "a window",
                    {"name", "clock", "tumbling", "sliding", "session", "aggregate", "late_to",
                     "late_when", "order", "keep_watermark_for", "at_eof"},
                    problems);
  if (const YamlEntry* name = map.Find("name")) {
    place = name->value.place;
    window.name = ReadName(*name, problems).value_or("");
  }
  if (const YamlEntry* clock =
          map.Require("clock", "a window needs a clock: {event_time: FIELD} or 'system_time'")) {
    ParseClock(*clock, window, problems);
  }
  ParseWindows(map, window, problems);
  ParseAggregates(map, window, problems);
  if (const YamlEntry* late = map.Find("late_to")) {
    window.late_to = ParseSink(late->value, nullptr, problems, Cat(window.name, "_late"));
  }
  ParseOptions(map, window.options, problems);
  return window;
}

}  // namespace tidemark
