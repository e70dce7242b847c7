// The step `window` of a job file: what it says, and each mistake in it at its place.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "base/status.h"
#include "jobs/aggregate_spec.h"
#include "jobs/job_parser.h"
#include "jobs/job_spec.h"
#include "jobs/time_unit.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::SizeIs;

// A job with one window; what is in it stands from line 5, column 13 on.
std::string Job(const std::string& window, const std::string& source = "{file: in.jsonl}") {
  return Cat("name: j\nsource: ", source, "\nsteps:\n  - key_by: k\n  - window: ", window,
             "\nsink: {file: out.jsonl}\n");
}
// A window that lacks nothing but `more`, which stands from line 5, column 69 on.
std::string Complete(const std::string& more) {
  return Job(Cat("{clock: {event_time: t}, tumbling: 1m, aggregate: {n: count}, ", more, "}"));
}
std::string WithClock(const std::string& clock) {  // from column 21 on
  return Job(Cat("{clock: ", clock, ", tumbling: 1m, aggregate: {n: count}}"));
}
std::string WithWindows(const std::string& windows) {  // from column 40 on
  return Job(Cat("{clock: system_time, ", windows, ", aggregate: {n: count}}"));
}
std::string WithAggregate(const std::string& aggregate) {  // from column 61 on
  return Job(Cat("{clock: system_time, tumbling: 1m, aggregate: ", aggregate, "}"));
}

WindowSpec Parse(const std::string& text) {
  const absl::StatusOr<JobSpec> job = ParseJob(text, "job.yaml");
  EXPECT_TRUE(job.ok()) << text << "\n" << job.status();
  return job.ok() ? std::get<WindowSpec>(job->steps.at(1).step) : WindowSpec();
}

// The messages of a job, without the file's name.
std::string Mistakes(const std::string& text) {
  const auto job = ParseJob(text, "job.yaml");
  if (job.ok()) return "no mistake was found";
  std::string message(ToStd(job.status().message()));
  for (size_t at; (at = message.find("job.yaml:")) != std::string::npos;) message.erase(at, 9);
  return message;
}

TEST(WindowParser, ReadsEveryKey) {
  const WindowSpec window = Parse(Job(R"(
      name: daily
      clock:
        event_time: place.at
        unit: iso8601
        max_out_of_orderness: 1d
        max_ahead_of_system_time: 1h
        watermark: per_stream
        idle_after: 1m
      sliding: {length: 1d, offset: 6h, align_to: 2018-01-01T00:00:00Z}
      aggregate: {quakes: count, strongest: max(mag), where: count(distinct place.country)}
      late_to: {file: late.jsonl, name: stragglers}
      late_when: behind_watermark
      order: timestamp
      keep_watermark_for: 2d
      at_eof: keep)"));
  EXPECT_EQ(window.name, "daily");
  const auto& clock = std::get<EventTimeSpec>(window.clock);
  EXPECT_EQ(clock.field, "place.at");
  EXPECT_EQ(clock.unit, TimeUnit::kIso8601);
  EXPECT_EQ(clock.max_out_of_orderness, Span::Seconds(86'400));
  EXPECT_EQ(clock.max_ahead_of_system_time, Span::Seconds(3'600));
  EXPECT_EQ(clock.watermark, WatermarkScope::kPerStream);
  EXPECT_EQ(clock.idle_after, Span::Seconds(60));
  const auto& sliding = std::get<Sliding>(window.windows);
  EXPECT_EQ(sliding.length, absl::Hours(24));
  EXPECT_EQ(sliding.offset, absl::Hours(6));
  EXPECT_EQ(sliding.align_to, absl::FromUnixSeconds(1'514'764'800));
  ASSERT_THAT(window.aggregates, SizeIs(3));
  EXPECT_EQ(window.aggregates[0].name, "quakes");
  EXPECT_EQ(window.aggregates[0].kind, AggregateKind::kCount);
  EXPECT_EQ(window.aggregates[1].field, "mag");
  EXPECT_EQ(window.aggregates[2].kind, AggregateKind::kCountDistinct);
  EXPECT_EQ(window.aggregates[2].field, "place.country");
  ASSERT_TRUE(window.late_to.has_value());
  EXPECT_EQ(window.late_to->name, "stragglers");
  EXPECT_EQ(window.late_to->connector.Text("file"), "late.jsonl");
  EXPECT_EQ(window.options.late_when, LateWhen::kBehindWatermark);
  EXPECT_EQ(window.options.order, ValueOrder::kTimestamp);
  EXPECT_EQ(window.options.keep_watermark_for, absl::Hours(48));
  EXPECT_EQ(window.options.at_eof, AtEof::kKeep);
}

TEST(WindowParser, HasDefaults) {
  const WindowSpec window = Parse(Complete("late_to: stdout"));
  EXPECT_EQ(window.name, "window");
  EXPECT_EQ(window.late_to->name, "window_late");
  const auto& clock = std::get<EventTimeSpec>(window.clock);
  EXPECT_FALSE(clock.unit.has_value());
  EXPECT_EQ(clock.max_out_of_orderness, Span());
  EXPECT_EQ(clock.max_ahead_of_system_time, std::nullopt) << "a day";
  EXPECT_EQ(clock.watermark, std::nullopt);
  EXPECT_TRUE(clock.idle_after.is_infinite());
  EXPECT_EQ(std::get<Tumbling>(window.windows).length, absl::Minutes(1));
  EXPECT_EQ(std::get<Tumbling>(window.windows).align_to, absl::UnixEpoch());
  EXPECT_EQ(window.options.late_when, LateWhen::kWindowClosed);
  EXPECT_FALSE(window.options.order.has_value());
  EXPECT_EQ(window.options.keep_watermark_for, absl::Hours(24));
  EXPECT_EQ(window.options.at_eof, AtEof::kClose);
}

TEST(WindowParser, ReadsShortFormsAndWords) {
  EXPECT_TRUE(std::holds_alternative<SystemTimeSpec>(Parse(WithWindows("session: 30m")).clock));
  EXPECT_EQ(std::get<Session>(Parse(WithWindows("session: 30m")).windows).gap, absl::Minutes(30));
  EXPECT_EQ(std::get<Session>(Parse(WithWindows("session: {gap: 0s}")).windows).gap,
            absl::ZeroDuration());
  EXPECT_EQ(std::get<Tumbling>(Parse(WithWindows("tumbling: {length: 2h}")).windows).length,
            absl::Hours(2));
  const std::vector<std::pair<std::string, TimeUnit>> units = {{"s", TimeUnit::kSeconds},
                                                               {"ms", TimeUnit::kMillis},
                                                               {"us", TimeUnit::kMicros},
                                                               {"ns", TimeUnit::kNanos},
                                                               {"iso8601", TimeUnit::kIso8601}};
  for (const auto& [word, unit] : units) {
    const WindowSpec window = Parse(WithClock(Cat("{event_time: t, unit: ", word, "}")));
    EXPECT_EQ(std::get<EventTimeSpec>(window.clock).unit, unit);
  }
  EXPECT_EQ(Parse(Complete("keep_watermark_for: inf")).options.keep_watermark_for,
            absl::InfiniteDuration());
  EXPECT_EQ(Parse(Complete("late_when: window_closed")).options.late_when, LateWhen::kWindowClosed);
  EXPECT_EQ(Parse(Complete("order: arrival")).options.order, ValueOrder::kArrival);
  EXPECT_EQ(Parse(Complete("at_eof: close")).options.at_eof, AtEof::kClose);
}

TEST(WindowMistakes, InItsParts) {
  EXPECT_EQ(Mistakes(Job("1d")),
            "5:13: window must be a map with clock, tumbling (or sliding, session) and aggregate, "
            "found '1d'");
  EXPECT_EQ(Mistakes(Job("{}")),
            "5:13: a window needs a clock: {event_time: FIELD} or 'system_time'\n"
            "5:13: a window needs one of: tumbling, sliding, session\n"
            "5:13: a window needs aggregates, like 'aggregate: {rows: count, top: max(FIELD)}'");
  EXPECT_EQ(Mistakes(Complete("late_too: stdout")),
            "5:75: unknown key 'late_too'; did you mean 'late_to'?");
  EXPECT_EQ(
      Mistakes(Complete("session: 1m")),
      "5:75: a window has one of tumbling, sliding, session, and 'tumbling' is there already");
  EXPECT_EQ(Mistakes(Complete("late_when: never")),
            "5:86: late_when must be 'window_closed' or 'behind_watermark', found 'never'");
  EXPECT_EQ(Mistakes(Complete("order: random")),
            "5:82: order must be 'timestamp' or 'arrival', found 'random'");
  EXPECT_EQ(Mistakes(Complete("at_eof: stop")),
            "5:83: at_eof must be 'close' or 'keep', found 'stop'");
  EXPECT_EQ(Mistakes(Complete("keep_watermark_for: -1s")),
            "5:95: keep_watermark_for must be zero or longer, found '-1s'");
  EXPECT_EQ(Mistakes(Complete("late_to: {path: x}")),
            "5:84: a sink needs one of: file, stdout, sqlite, kafka\n"
            "5:85: unknown key 'path'; a sink can have: file, stdout, sqlite, kafka, name");
}

TEST(WindowMistakes, InTheClock) {
  EXPECT_EQ(Mistakes(WithClock("event_time")),
            "5:21: clock must be a map like {event_time: FIELD}, or 'system_time', found "
            "'event_time'");
  EXPECT_EQ(Mistakes(WithClock("{unit: ms}")),
            "5:21: a clock needs a field, as in {event_time: FIELD}, or is 'system_time'");
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, unit: hours}")),
            "5:43: unit must be 's' or 'ms' or 'us' or 'ns' or 'iso8601', found 'hours'");
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, max_out_of_orderness: -1s}")),
            "5:59: max_out_of_orderness must be zero or longer, found '-1s'");
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, max_out_of_orderness: inf}")),
            "5:59: max_out_of_orderness must be a duration like 10s, 1m30s, 24h or 3d, found "
            "'inf'");
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, max_ahead_of_system_time: soon}")),
            "5:63: max_ahead_of_system_time must be a duration like 10s, 1m30s, 24h or 3d, found "
            "'soon'");
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, watermark: per_row}")),
            "5:48: watermark must be 'per_key' or 'per_stream', found 'per_row'");
  for (const char* scope : {"", "watermark: per_key, "}) {
    EXPECT_THAT(Mistakes(WithClock(Cat("{event_time: t, ", scope, "idle_after: 1m}"))),
                HasSubstr("idle_after is for 'watermark: per_stream'; a watermark per key waits"));
  }
  EXPECT_EQ(Mistakes(WithClock("{event_time: t, watermark: per_stream, idle_after: 0s}")),
            "5:72: idle_after must be longer than zero, found '0s'");
  EXPECT_EQ(Mistakes(Job("{clock: system_time, tumbling: 1m, aggregate: {n: count}, "
                         "late_to: stdout}")),
            "5:80: by clock: system_time no row is late; remove late_to");
}

TEST(WindowMistakes, InTheWindows) {
  EXPECT_EQ(Mistakes(WithWindows("tumbling: 0s")),
            "5:44: tumbling must be longer than zero, found '0s'");
  EXPECT_EQ(Mistakes(WithWindows("tumbling: {length: inf}")),
            "5:53: length must be a duration like 10s, 1m30s, 24h or 3d, found 'inf'");
  EXPECT_EQ(Mistakes(WithWindows("tumbling: {align_to: 2018-01-01}")),
            "5:44: tumbling needs a length, as in {length: 1h}\n"
            "5:55: align_to must be a time with a zone like 2022-01-01T00:00:00Z, found "
            "'2018-01-01'");
  EXPECT_EQ(Mistakes(WithWindows("sliding: 1m")),
            "5:43: sliding must be a map like {length: 1h, offset: 10m}, found '1m'");
  EXPECT_EQ(Mistakes(WithWindows("sliding: {length: 1m}")),
            "5:43: sliding needs an offset, as in {offset: 10m, …}");
  EXPECT_EQ(Mistakes(WithWindows("sliding: {length: 1m, offset: 2m}")),
            "5:64: offset must be at most the length, or rows between two windows would be lost, "
            "found '2m'");
  EXPECT_EQ(Mistakes(WithWindows("session: -1s")),
            "5:43: session must be zero or longer, found '-1s'");
  EXPECT_EQ(Mistakes(WithWindows("session: {}")), "5:43: session needs a gap, as in {gap: 30m}");
}

TEST(WindowMistakes, InAggregates) {
  EXPECT_EQ(Mistakes(WithAggregate("count")),
            "5:59: aggregate must be a map like {rows: count, top: max(FIELD)}, found 'count'");
  EXPECT_EQ(
      Mistakes(WithAggregate("{}")),
      "5:59: aggregate must be a map like {rows: count, top: max(FIELD)}, found an empty map");
  EXPECT_EQ(Mistakes(WithAggregate("{n: [count]}")),
            "5:63: n must be an aggregate like count or max(FIELD), found a list");
  EXPECT_EQ(Mistakes(WithAggregate("{'': count}")), "5:60: an aggregate needs a name");
  EXPECT_EQ(Mistakes(WithAggregate("{n: maxx(mag)}")),
            "5:63: unknown aggregate 'maxx'; did you mean 'max'?");
  EXPECT_EQ(Mistakes(WithAggregate("{ü: \"max(order)\"}")),
            "5:68: not an aggregate like max(mag): syntax error at or near \"order\"");
  EXPECT_EQ(Mistakes(WithAggregate("{n: count, n: sum(a)}")),
            "5:70: the name 'n' is that of two aggregates");
  EXPECT_EQ(Mistakes(WithAggregate("{k: count, window_open: count}")),
            "5:60: the name 'k' is a field of the key; call the aggregate otherwise\n"
            "5:70: the name 'window_open' is that of the window's time; call the aggregate "
            "otherwise");
}

// ---- what connects it with other parts ----------------------------------------

TEST(WindowMistakes, InItsPlaceAmongSteps) {
  EXPECT_EQ(Mistakes("name: j\nsource: stdin\nsink: stdout\nsteps:\n- window: {clock: system_time, "
                     "tumbling: 1m, aggregate: {n: count}}\n"),
            "5:3: window works per key; put a step 'key_by: FIELD' before it, or 'key_by: []' for "
            "windows over all rows");
  EXPECT_EQ(Mistakes("name: j\nsource: stdin\nsink: stdout\nsteps:\n- key_by: k\n"
                     "- batch: {max_items: 2}\n- window: {clock: {event_time: items, "
                     "max_ahead_of_system_time: 1h}, tumbling: 1m, aggregate: {n: sum(mag)}}\n"),
            "7:3: max_ahead_of_system_time is judged where a row is read, and those of this window "
            "come from another step\n"
            "7:32: the field 'items' is the list of the batch above, and a time is a single value\n"
            "7:103: the rows have no field 'mag' here; what can be a value is: k");
}

TEST(WindowMistakes, AWatermarkPerStreamBehindAStep) {
  EXPECT_EQ(
      Mistakes("name: j\nsource: stdin\nsink: stdout\nsteps:\n- key_by: k\n"
               "- window: {name: a, clock: system_time, tumbling: 1m, aggregate: {n: count}}\n"
               "- window: {name: b, clock: {event_time: window_open, watermark: per_stream}, "
               "tumbling: 1m, aggregate: {n: count}}\n"),
      "7:65: watermark: per_stream has nothing to follow, since the windows of 'a' hand none "
      "on; leave it out, so that each key has its own");
}

TEST(WindowMistakes, InNamesAndPaths) {
  EXPECT_EQ(
      Mistakes(Complete("late_to: {file: in.jsonl, name: sink}")),
      "5:91: the file 'in.jsonl' is read by the source at 2:16 and would be overwritten\n"
      "6:7: the name 'sink' is taken by the one at 5:107; each source, batch, window and sink "
      "needs a name of its own, by which its state is found");
  EXPECT_EQ(Mistakes(Complete("late_to: {file: ./out.jsonl}")),
            "6:14: the file 'out.jsonl' is written already by the sink at 5:91");
  EXPECT_EQ(Mistakes(Complete("name: source")),
            "5:81: the name 'source' is taken by the one at 2:9; each source, batch, window and "
            "sink needs a name of its own, by which its state is found");
}

TEST(WindowMistakes, InFieldsOfItsRows) {
  EXPECT_EQ(Mistakes("name: j\nsource: generator\nsink: stdout\nsteps:\n- key_by: key\n"
                     "- window: {clock: {event_time: tiem}, tumbling: 1m, "
                     "aggregate: {n: max(valeu), m: max(VALUE)}}\n"),
            "6:32: the rows have no field 'tiem' here; did you mean 'time'?\n"
            "6:72: the rows have no field 'valeu' here; did you mean 'value'?");
  // Behind the window there are the key, its times and its aggregates.
  EXPECT_EQ(Mistakes("name: j\nsource: generator\nsink: stdout\nsteps:\n- key_by: key\n"
                     "- window: {clock: {event_time: time, watermark: per_stream}, tumbling: 1m, "
                     "aggregate: {n: count, all: collect(value)}}\n- key_by: all\n"
                     "- window: {name: next, clock: {event_time: window_end, "
                     "max_out_of_orderness: 1m}, tumbling: 1m, "
                     "aggregate: {n: sum(n), m: sum(value)}}\n"),
            "7:11: the field 'all' is the list of the window above, and a key is a single value\n"
            "8:44: the rows have no field 'window_end' here; did you mean 'window_open'?\n"
            "8:127: the rows have no field 'value' here; what can be a value is: key, window_open, "
            "window_close, n");
}

TEST(WindowMistakes, InFieldsThatASourceDeclares) {
  const std::string window =
      "{clock: {event_time: t.at}, tumbling: 1m, aggregate: {n: max(magg), p: max(place.country)}}";
  EXPECT_EQ(Mistakes(Job(window, "{file: in.jsonl, fields: [kk, t, place, mag]}")),
            "4:13: the rows have no field 'k' here; did you mean 'kk'?\n"
            "5:74: the rows have no field 'magg' here; did you mean 'mag'?");
  EXPECT_EQ(Mistakes(Job(window, "{file: in.jsonl, fields: mag}")),
            "2:34: fields must be a list of names like [net, mag], found 'mag'");
  EXPECT_EQ(Mistakes(Job(window, "{file: in.jsonl, fields: [[a]]}")),
            "2:35: fields must be names of fields, found a list");
  EXPECT_EQ(Mistakes(Job(window, "{generator: {}, fields: [a]}")),
            "2:25: fields means nothing to a generator, whose rows are all good json");
  EXPECT_EQ(Mistakes("{name: j, source: {file: a, format: lines, fields: [a]}, sink: stdout}"),
            "1:44: fields are those of json rows; lines have none");
}

}  // namespace
}  // namespace tidemark
