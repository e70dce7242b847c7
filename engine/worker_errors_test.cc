// What steps, sinks and sources do wrong ends the run, names who did it, and leaves nothing half
// done.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "engine/test_flows.h"
#include "engine/worker.h"
#include "state/state_key.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Thrower {
  enum class Where { kItem, kNotifyAt, kNotify, kEnd };
  using In = int64_t;
  using Outs = std::tuple<int64_t>;
  struct State {
    int64_t number = 0;
  };
  Where where;

  KeyState OnItem(State& state, int64_t&& number, StepContext<Outs>& context) const {
    context.Emit(number);
    state.number = number;
    if (where == Where::kItem && number == 2) throw std::runtime_error("no twos");
    return KeyState::kKeep;
  }
  Timestamp NotifyAt(const State& state) const {
    if (where == Where::kNotifyAt && state.number == 2) throw std::runtime_error("no twos");
    return SimClock::kDefaultStart + Span::Seconds(10);
  }
  KeyState OnNotify(State&, StepContext<Outs>&) const {
    if (where == Where::kNotify) throw std::runtime_error("no twos");
    return KeyState::kDiscard;
  }
  KeyState OnEnd(State&, StepContext<Outs>&) const {
    if (where == Where::kEnd) throw std::runtime_error("no twos");
    return KeyState::kDiscard;
  }
};

TEST(Worker, WhateverAStepThrowsStopsTheRunAndNamesTheStep) {
  using Where = Thrower::Where;
  for (const Where where : {Where::kItem, Where::kNotifyAt, Where::kNotify, Where::kEnd}) {
    SCOPED_TRACE(static_cast<int>(where));
    Collected<KeyValue<std::string, int64_t>> out;
    const auto script = MakeScript({{{"a", 1}, {"b", 2}, {"c", 3}}});
    script->ended = where == Where::kEnd;
    FlowTester tester;
    tester.Build([&](Flow& flow) {
      const auto [rows] = ByUser(flow.From("in", From(script))).Stateful("thrower", Thrower{where});
      rows.To("out", out.sink());
    });
    absl::Status status = tester.TryRun();
    if (where == Where::kNotify && status.ok()) {
      tester.clock().Advance(Span::Seconds(10));
      status = tester.TryRun();
    }
    EXPECT_EQ(std::string(status.message()), "step 'thrower': the step's own code threw: no twos");
    EXPECT_THAT(out.committed(), IsEmpty());
  }
}

TEST(Worker, AKeyThatIsTooLongStopsTheRunAndNamesTheStep) {
  for (const size_t bytes : {size_t{60'000}, size_t{70'000}}) {
    Collected<KeyValue<std::string, int64_t>> out;
    const auto script = MakeScript({{{"a", 1}, {std::string(bytes, 'x'), 2}}});
    FlowTester tester;
    tester.Build([&](Flow& flow) {
      const auto [rows] =
          ByUser(flow.From("in", From(script))).Stateful("long", Thrower{Thrower::Where::kNotify});
      rows.To("out", out.sink());
    });
    const std::string message(tester.TryRun().message());
    EXPECT_EQ(message,
              bytes < kUserKeyBytesMax
                  ? ""
                  : "step 'long': the key has 70003 bytes, and at most 65536 are possible");
  }
}

// A sink that counts how often it was opened, and may throw at the end of an epoch.
class CountingSink final : public SinkFactory<Item> {
 public:
  explicit CountingSink(int& opened, bool throws = false) : opened_(opened), throws_(throws) {}
  absl::StatusOr<std::unique_ptr<SinkWriter<Item>>> Open(const std::optional<Position>&,
                                                         const SinkContext&) override {
    class Writer final : public SinkWriter<Item> {
     public:
      explicit Writer(bool throws) : throws_(throws) {}
      absl::Status Write(const std::vector<Item>&) override { return absl::OkStatus(); }
      absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
        if (throws_) throw std::runtime_error("no end");
        return EpochOutput();
      }

     private:
      const bool throws_;
    };
    ++opened_;
    return std::make_unique<Writer>(throws_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  std::string Describe() const override { return "counting"; }

 private:
  int& opened_;
  const bool throws_;
};

TEST(Worker, WhatASinkThrowsAtTheEndOfAnEpochNamesTheSink) {
  int opened = 0;
  const auto script = MakeScript({{{"a", 1}}});
  FlowTester tester;
  tester.Build([&](Flow& flow) {
    flow.From("in", From(script))
        .To("out", Sink<Item>(std::make_shared<CountingSink>(opened, true)));
  });
  tester.Run();
  tester.job().RequestEpoch();
  const auto step = tester.job().worker(0).Step();
  EXPECT_EQ(std::string(step.status().message()), "step 'out': the step's own code threw: no end");
}

class PartitionIsMissing final : public SourceFactory<Item> {
 public:
  explicit PartitionIsMissing(bool throws) : throws_(throws) {}
  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"0", "1"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<Item>>> Open(const std::string& partition,
                                                              const std::optional<Position>&,
                                                              const SourceContext&) override {
    if (partition == "0") return std::make_unique<ScriptPartition>(MakeScript({{}}), 0, 0);
    if (throws_) throw std::runtime_error("gone");
    return absl::NotFoundError("gone");
  }
  std::string Describe() const override { return "missing"; }

 private:
  const bool throws_;
};

// A sink's Open() may cut or move a file, so it comes when the run is sure to start.
TEST(Worker, NoSinkIsOpenedWhenASourceOfAnyWorkerCannotBe) {
  for (const int workers : {1, 2, 3}) {
    for (const bool throws : {false, true}) {
      int opened = 0;
      FlowTester::Options options;
      options.workers = workers;
      FlowTester tester(options);
      const absl::Status status = tester.TryBuild([&](Flow& flow) {
        const auto items =
            flow.From("in", Source<Item>(std::make_shared<PartitionIsMissing>(throws)));
        items.To("one", Sink<Item>(std::make_shared<CountingSink>(opened)));
        items.To("two", Sink<Item>(std::make_shared<CountingSink>(opened)));
      });
      EXPECT_THAT(std::string(status.message()), HasSubstr("step 'in': "));
      EXPECT_THAT(std::string(status.message()), HasSubstr("gone"));
      EXPECT_EQ(opened, 0);
    }
  }
}

// ---- publishing ----------------------------------------

// A database that takes an epoch's rows in one transaction, and may be unreachable.
struct Database {
  std::vector<std::string> rows;
  uint64_t epoch = 0;
  bool reachable = true;
};

class DatabaseSink final : public SinkFactory<Item> {
 public:
  explicit DatabaseSink(Database& database) : database_(database) {}
  absl::StatusOr<std::unique_ptr<SinkWriter<Item>>> Open(const std::optional<Position>&,
                                                         const SinkContext&) override {
    class Writer final : public SinkWriter<Item> {
     public:
      explicit Writer(Database& database) : database_(database) {}
      absl::Status Write(const std::vector<Item>& items) override {
        for (const Item& item : items) pending_ += item.user + ";";
        return absl::OkStatus();
      }
      absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
        EpochOutput output;
        if (!pending_.empty()) output.rows.push_back(std::exchange(pending_, {}));
        return output;
      }
      absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
        if (!database_.reachable) return absl::UnavailableError("no connection");
        if (epoch.value <= database_.epoch) return absl::OkStatus();
        database_.epoch = epoch.value;
        TM_ASSIGN_OR_RETURN(const auto piece, rows.Next());
        database_.rows.emplace_back(*piece);
        return absl::OkStatus();
      }

     private:
      Database& database_;
      std::string pending_;
    };
    return std::make_unique<Writer>(database_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  std::string Describe() const override { return "database"; }

 private:
  Database& database_;
};

TEST(Worker, AResumePublishesWhatACrashKeptFromTheSink) {
  Database database;
  const auto script = MakeScript({{{"a", 1}, {"b", 2}, {"c", 3}}});
  script->released = 1;
  script->ended = false;
  FlowTester tester;
  tester.Build([&](Flow& flow) {
    flow.From("in", From(script)).To("out", Sink<Item>(std::make_shared<DatabaseSink>(database)));
  });
  tester.Run();
  tester.Commit();
  EXPECT_THAT(database.rows, ElementsAre("a;"));
  script->released = 2;
  tester.Run();
  database.reachable = false;
  tester.job().RequestEpoch();
  while (!tester.job().EpochReady()) ASSERT_TRUE(tester.job().worker(0).Step().ok());
  EXPECT_EQ(std::string(tester.job().CommitEpoch().message()), "step 'out': no connection");
  EXPECT_EQ(std::string(tester.TryCrashAndResume().message()), "step 'out': no connection");
  database.reachable = true;
  tester.CrashAndResume();
  EXPECT_THAT(database.rows, ElementsAre("a;", "b;"));
  tester.CrashAndResume();
  script->released = 3;
  tester.Run();
  tester.Commit();
  EXPECT_THAT(database.rows, ElementsAre("a;", "b;", "c;"));
}

}  // namespace
}  // namespace tidemark
