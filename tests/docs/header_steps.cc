// The examples in the headers of tidemark/, as a user would write them: header_examples_test finds
// every line of theirs here, and this unit compiles them.
// Lines are broken as they are in the headers.
// clang-format off

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "command/main.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "connectors/made/testing_source.h"
#include "connectors/stdio/stdout_sink.h"
#include "runtime/session.h"
#include "tests/support/temp_directory.h"
#include "tidemark/join.h"
#include "tidemark/sink_contract.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

using Words = tidemark::KeyValue<std::string, std::vector<std::string>>;

void PutWords(const Words& words, std::string& out) { out += words.key; }

// flow.h and main.h
void Build(tidemark::Flow& flow) {
  flow.From("in", tidemark::Lines("words.txt"))
      .KeyBy([](const std::string& line) { return line.substr(0, 1); })
      .Batch("by_letter", {.max_items = 3})
      .To("out", tidemark::StdoutLines<Words>({}, PutWords));
}
#define main MainOfAProgram
int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"my_job", Build}); }
#undef main

// key_traits.h
struct Isin {
  std::string text;
};
template <> struct tidemark::KeyTraits<Isin> {
  static void Append(const Isin& key, std::string& out) { AppendKeyString(key.text, out); }
  static absl::StatusOr<Isin> FromParts(std::span<const KeyPart>& parts);   // takes its parts
};
absl::StatusOr<Isin> tidemark::KeyTraits<Isin>::FromParts(std::span<const KeyPart>& parts) {
  TM_ASSIGN_OR_RETURN(std::string text, KeyTraits<std::string>::FromParts(parts));
  return Isin{std::move(text)};
}

namespace tidemark {
namespace {

using ::testing::IsEmpty;

struct Quake {
  std::string net;
};
struct Order {
  std::string flight, travel_class;
  int64_t seats = 0;
  absl::Time at;
};
struct Payment {
  std::string flight;
  absl::Time at;
};
struct Reading {
  std::string sensor;
  absl::Time at;
  double celsius = 0;
};
struct Alarm {};
struct Click {
  std::string page;
};

template <class T>
Stream<T> None(Flow& flow, std::string name) {
  return flow.From(std::move(name), TestingSource<T>({}));
}

void Batches(Flow& flow) {
  const auto quakes = None<Quake>(flow, "quakes");
  auto lists = quakes.KeyBy(&Quake::net).Batch("ledger", {.max_items = 50,
                                                          .max_wait = absl::Minutes(10)});
}

void Finals(Flow& flow) {
  const auto orders = None<Order>(flow, "orders");
  auto seats = orders.KeyBy(&Order::flight)
                   .FoldFinal("seats", [] { return int64_t{0}; },
                              [](int64_t sum, const Order& order) { return sum + order.seats; });
  auto latest = orders.KeyBy(&Order::flight).MaxFinal("latest", &Order::at);
  auto per_class = orders.CountFinal("per_class", &Order::travel_class);
}

void Joins(Flow& flow) {
  const auto orders = None<Order>(flow, "orders").KeyBy(&Order::flight);
  const auto payments = None<Payment>(flow, "payments").KeyBy(&Payment::flight);
  auto paid = Join("paid", {}, orders, payments);
  auto [row, late] = JoinWindow("paid", Tumbling{absl::Minutes(1)}, {}, {},
                                orders.EventTime(&Order::at), payments.EventTime(&Payment::at));
}

struct EveryTenth : tidemark::ValueState<int64_t> {
  using In = Click;
  using Outs = std::tuple<int64_t>;                       // one type for each output stream
  void OnItem(int64_t& seen, Click&&, tidemark::StepContext<Outs>& context) const {
    if (++seen % 10 == 0) context.Emit(seen);
  }
};

void LogicOfItsOwn(Flow& flow) {
  const auto clicks = None<Click>(flow, "clicks").KeyBy(&Click::page);
  auto [tenths] = clicks.Stateful("every_tenth", EveryTenth{});
}

class Ones final : public SourcePartition<int> {
 public:
  absl::StatusOr<PollResult> Poll(size_t, Timestamp, std::vector<int>& out) override {
    out.push_back(1), ++next_;
    return next_ == 10 ? PollResult::AtEnd() : PollResult::Again();
  }
  Position position() const override { return Position().Set("next", next_); }
 private:
  int64_t next_ = 0;
};

struct Silence {
  using In = Reading;
  struct State { Timestamp last; };                       // a plain struct, made anew as {}
  using Outs = std::tuple<Alarm>;                         // one type for each output stream
  KeyState OnItem(State& state, Reading&&, StepContext<Outs>& context) const {
    state.last = context.now();
    return KeyState::kKeep;
  }
  Timestamp NotifyAt(const State& state) const {          // a function of the state alone
    return state.last + Span::Seconds(60);
  }
  KeyState OnNotify(State&, StepContext<Outs>& context) const {
    context.Emit(Alarm{});
    return KeyState::kDiscard;
  }
};

void Stateful(Flow& flow) {
  const auto readings = None<Reading>(flow, "readings");
  auto [alarms] = readings.KeyBy(&Reading::sensor).Stateful("silence", Silence{});
  // stateful_map.h
  struct Mean { double sum = 0; int64_t count = 0; };
  readings.KeyBy(&Reading::sensor)
      .StatefulMap("mean", [](std::optional<Mean> mean, const Reading& reading) {
        Mean next = mean.value_or(Mean{});
        next.sum += reading.celsius;
        ++next.count;
        return std::pair(std::optional(next), next.sum / static_cast<double>(next.count));
      });
}

std::vector<std::string> SplitWords(const std::string& line) {
  return absl::StrSplit(line, ' ', absl::SkipEmpty());
}

void KeyedStreams(Flow& flow) {
  const auto orders = None<Order>(flow, "orders");
  KeyedStream<std::string, Order> by_flight = orders.KeyBy(&Order::flight);
  by_flight.Batch("fifties", {.max_items = 50, .max_wait = absl::Seconds(5)});
}

void Streams(Flow& flow) {
  flow.From("in", Lines("words.txt"))
      .FlatMap(SplitWords)
      .Filter([](const std::string& word) { return !word.empty(); })
      .KeyBy([](const std::string& word) { return word; })
      .Batch("pairs", {.max_items = 2})
      .To("out", StdoutLines<Words>({}, PutWords));
}

Reading Higher(const Reading& a, const Reading& b) { return a.celsius > b.celsius ? a : b; }

void Windows(Flow& flow) {
  const auto readings = None<Reading>(flow, "readings");
  auto [peak, late] = readings.KeyBy(&Reading::sensor)
      .EventTime(&Reading::at, {.max_out_of_orderness = absl::Seconds(30)})
      .Window(Tumbling{.length = absl::Minutes(1)})
      .Reduce("minute_peak", Higher);
  FlowTester t;
  auto sink = t.Output<KeyValue<std::string, Windowed<Reading>>>().sink();
  peak.To("peaks", sink);
  late.To("too_late", sink);              // cannot be forgotten: it is in the pair
}

struct Spread {                       // highest minus lowest
  using Value = double;
  struct Acc { double low = 1e308, high = -1e308; };
  using Out = double;
  Acc Init() const { return {}; }
  template <class Emit> void OnValue(Acc& acc, double v, Emit&&) const {
    acc.low = std::min(acc.low, v), acc.high = std::max(acc.high, v);
  }
  template <class Emit> void OnMerge(Acc& into, Acc from, Emit&&) const {
    into.low = std::min(into.low, from.low), into.high = std::max(into.high, from.high);
  }
  template <class Emit> void OnClose(Acc acc, Emit&& emit) const { emit(acc.high - acc.low); }
};

// Combines in any order.
struct Total {
  using Value = double;
  struct Acc { double sum = 0; };
  using Out = double;
  static constexpr bool kCombines = true;          // emits nothing before OnClose
  static void Combine(Acc& into, const Acc& from); // Combine(Init(), x) is x
  Acc Init() const { return {}; }
  template <class Emit> void OnValue(Acc& acc, double v, Emit&&) const { acc.sum += v; }
  template <class Emit> void OnMerge(Acc& into, Acc from, Emit&&) const { Combine(into, from); }
  template <class Emit> void OnClose(Acc acc, Emit&& emit) const { emit(acc.sum); }
};
void Total::Combine(Acc& into, const Acc& from) { into.sum += from.sum; }

void Folds(Flow& flow) {
  const auto windows = None<double>(flow, "values")
                           .KeyBy([](double) { return std::string("all"); })
                           .SystemTime()
                           .Window(Tumbling{.length = absl::Minutes(1)});
  auto [spread, late] = windows.Apply("spread", Spread{});
  auto [total, never] = windows.Apply("total", Total{});
}

std::string FirstLetter(const std::string& word) { return word.substr(0, 1); }

TEST(HeaderExamples, TheTesterDoesWhatItsHeaderSays) {
  FlowTester t;
  auto in = t.Input<std::string>();
  auto out = t.Output<KeyValue<std::string, std::vector<std::string>>>();
  t.Build([&](Flow& flow) {
    flow.From("in", in.source()).KeyBy(FirstLetter).Batch("b", {.max_items = 2})
        .To("out", out.sink());
  });
  in.Push("apple");
  t.Run();                                  // until nothing is left to do
  t.CrashAndResume();                       // nothing was committed: "apple" is read again
  in.Push("avocado");
  t.Run();
  EXPECT_EQ(out.rows().size(), 1u);
  t.Advance(absl::Seconds(10));             // moves the clock, lets due timers fire
  t.End();                                  // end of input, final epoch
}

absl::StatusOr<uint64_t> Hold(const Flow& flow, const SessionOptions& options, Files& files) {
  const SystemClock clock;
  TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
  TM_ASSIGN_OR_RETURN(auto session, JobSession::Open(std::move(plan), options,
                                                     {.files = &files, .clock = &clock}));
  TM_RETURN_IF_ERROR(session->Run());   // until all input has ended, or RequestStop()
  return session->status().items_out;   // and at any time before
}

TEST(HeaderExamples, ASessionIsHeldByAProgram) {
  TempDirectory dir;
  Flow flow("numbers");
  const auto in = TestingSource<int>({1, 2, 3});
  flow.From("in", in).To("out", TestOutput<int>().sink());
  SessionOptions options;
  options.state_directory = dir.Path("state");
  for (const uint64_t out : {3u, 0u}) {  // and the second one finds nothing new
    const auto items = Hold(flow, options, dir.files());
    ASSERT_TRUE(items.ok()) << items.status();
    EXPECT_EQ(*items, out);
  }
}

TEST(HeaderExamples, ASinkKeepsItsContract) {
  TempDirectory dir;
  const std::string path = dir.Path("out.txt");
  const auto LinesOf = [&](const std::string& file) -> std::vector<std::string> {
    return absl::StrSplit(ReadSmallFile(dir.files(), file).value_or(""), '\n', absl::SkipEmpty());
  };
  const auto RemoveAll = [&](const std::string& file) {
    for (const std::string& each : {file, Cat(file, ".tidemark")}) {
      dir.files().Remove(each).IgnoreError();
    }
  };
  EXPECT_THAT(CheckSinkContract<std::string>({.make_sink = [&] { return LineFile(path); },
                                              .item = [](int n) { return Cat("row ", n); },
                                              .read = [&] { return LinesOf(path); },
                                              .clear = [&] { RemoveAll(path); }}),
              IsEmpty());
}

// Each is a flow without a mistake.
TEST(HeaderExamples, Compile) {
  for (const auto build :
       {Batches, Finals, LogicOfItsOwn, Stateful, Streams, KeyedStreams, Folds}) {
    Flow flow("examples");
    build(flow);
  }
  Flow joins("joins"), windows("windows");
  Joins(joins);
  Windows(windows);
  std::vector<int> ones;
  EXPECT_TRUE(Ones().Poll(1, Timestamp(), ones).ok());
  std::string bytes;
  KeyTraits<Isin>::Append({"DE0001"}, bytes);
  EXPECT_FALSE(bytes.empty());
  EXPECT_NE(&MainOfAProgram, nullptr);
}

}  // namespace
}  // namespace tidemark
