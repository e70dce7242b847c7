#include "tests/oracle/engine_player.h"

#include <utility>

#include "tests/oracle/engine_steps.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"

namespace tidemark::oracle {
namespace {

// The first byte of the keys of stored rows; what comes before are records of the job.
constexpr char kFirstRow = '\x10';

void AddStep(const StepSpec& step, const Stream<EngineInput>& in, const Sinks& sinks) {
  if (step.kind == StepKind::kBatch) return AddBatch(step, in, sinks);
  if (step.kind == StepKind::kJoin) return AddJoin(step, in, sinks);
  if (IsTypedJoinWindow(step)) return AddTypedJoinWindow(step, in, sinks);
  const bool join = step.window.fold == FoldKind::kJoin;
  const bool any_order = IsAnyOrder(step.window.fold);
  switch (step.window.clock) {
    case ClockKind::kEvent:
      if (join) return AddEventTimeJoin(step, in, sinks);
      return any_order ? AddEventTimeAnyOrderFold(step, in, sinks)
                       : AddEventTimeFold(step, in, sinks);
    case ClockKind::kSystem:
      if (join) return AddSystemTimeJoin(step, in, sinks);
      return any_order ? AddSystemTimeAnyOrderFold(step, in, sinks)
                       : AddSystemTimeFold(step, in, sinks);
    case ClockKind::kStream:
      if (join) return AddStreamTimeJoin(step, in, sinks);
      return any_order ? AddStreamTimeAnyOrderFold(step, in, sinks)
                       : AddStreamTimeFold(step, in, sinks);
  }
}

class Engine final : public EnginePlayer {
 public:
  Engine(const Script& script, StepAdder add_step)
      : script_(script), tester_(Options(script)), in_(tester_.Input<EngineInput>()) {
    tester_.Build([this, add_step = std::move(add_step)](Flow& flow) {
      const auto items = flow.From("in", in_.source()).Filter([](const EngineInput& input) {
        return !input.key.empty();
      });
      add_step(script_.step, items, {results_.sink(), late_.sink(), metadata_.sink()});
    });
    // What the model falls back to before the first commit.
    Commit();
  }

  void Play(const Event& event) override {
    switch (event.kind) {
      case Event::Kind::kPush:
        in_.Push({event.item.key,
                  event.item.side,
                  {absl::FromUnixMicros(event.item.at), event.item.value}});
        break;
      case Event::Kind::kAdvance:
        tester_.Advance(absl::Microseconds(event.by));
        break;
      case Event::Kind::kRun:
        tester_.Run();
        break;
      case Event::Kind::kCommit:
        Commit();
        break;
      case Event::Kind::kCrash:
        if (script_.tiny_memory) Commit();
        Resume(event);
        break;
      case Event::Kind::kEnd:
        PushHeartbeat();
        tester_.Run();
        tester_.End();
        Resume(event);
        break;
    }
    if (event.kind != Event::Kind::kPush) {
      rows_ = {results_.rows(), late_.rows(), metadata_.rows()};
    }
  }

  const Rows& rows() override { return rows_; }
  uint64_t late_rows() override { return tester_.job().record().steps.at(0).lateness.rows; }
  bool empty() override { return !tester_.store().Scan(std::string(1, kFirstRow), "")->Valid(); }

 private:
  FlowTester::Options Options(const Script& script) {
    FlowTester::Options options;
    options.workers = script.workers;
    options.batch_items_max = script.batch_items_max;
    options.start = Timestamp{script.start};
    if (script.tiny_memory) options.memory_bytes = 2'000;
    if (script.on_disk) {
      directory_ = std::make_unique<TempDirectory>();
      options.state_directory = directory_->Path("state");
    }
    return options;
  }

  // An epoch without anything new is not committed, unless the last time mark is ten seconds old:
  // job time may fall back by that much (§1). An item that goes no further makes every commit one
  // of now.
  void PushHeartbeat() { in_.Push({}); }
  void Commit() {
    PushHeartbeat();
    tester_.Run();
    tester_.Commit();
  }

  void Resume(const Event& event) {
    tester_.clock().Advance(Span::Micros(event.by));
    tester_.CrashAndResumeWith(event.workers);
    tester_.Run();
  }

  const Script script_;
  std::unique_ptr<TempDirectory> directory_;
  FlowTester tester_;
  TestInput<EngineInput> in_;
  TestOutput<Row> results_, late_, metadata_;
  Rows rows_;
};

}  // namespace

std::unique_ptr<EnginePlayer> NewEnginePlayer(const Script& script) {
  return std::make_unique<Engine>(script, AddStep);
}

std::unique_ptr<EnginePlayer> NewEnginePlayerWith(const Script& script, StepAdder add_step) {
  return std::make_unique<Engine>(script, std::move(add_step));
}

}  // namespace tidemark::oracle
