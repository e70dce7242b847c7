#include "tests/oracle/chain_engine.h"

#include <optional>
#include <utility>

#include "tests/oracle/chain_engine_steps.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"

namespace tidemark::oracle {
namespace {

ChainPairs UnderKey(const Stream<ChainItem>& items, int64_t keys) {
  return items.Map([keys](ChainItem item) {
    return KeyValue<std::string, ChainItem>{KeyText(item.who % keys), std::move(item)};
  });
}

ChainResults AddWindow(const ChainStep& step, const std::string& name, const ChainPairs& in,
                       const ChainSinks& sinks) {
  switch (step.fold) {
    case ChainFold::kCount:
      return AddChainCount(step, name, in, sinks);
    case ChainFold::kSum:
      return AddChainSum(step, name, in, sinks);
    case ChainFold::kCollect:
      break;
  }
  return AddChainCollect(step, name, in, sinks);
}

// What stands behind the windows of `step`.
Stream<ChainResult> Passed(const ChainStep& step, const std::string& name,
                           const ChainResults& results) {
  switch (step.between) {
    case Between::kNothing:
      return results.Values();
    case Between::kMap:
      return results.Values().Map([](ChainResult result) {
        result.number = Mapped(result.number);
        return result;
      });
    case Between::kFilter:
      return results.Values().Filter(
          [](const ChainResult& result) { return !IsDropped(result.number); });
    case Between::kRunning:
      return results
          .StatefulMap(name + "_running",
                       [](std::optional<int64_t> running, ChainResult result) {
                         result.number += running.value_or(0);
                         return std::pair(std::optional<int64_t>(result.number), result);
                       })
          .Values();
    case Between::kTwice:
      return results
          .StatefulFlatMap(name + "_twice",
                           [](std::optional<int64_t> count, const ChainResult& result) {
                             const int64_t next = count.value_or(0) + 1;
                             const size_t copies = next % 2 == 0 ? 2 : 0;
                             return std::pair(std::optional<int64_t>(next),
                                              std::vector<ChainResult>(copies, result));
                           })
          .Values();
    case Between::kRedistribute:
      return results.Values().Redistribute();
  }
  return results.Values();
}

class ChainEngine final : public ChainPlayer {
 public:
  explicit ChainEngine(const ChainScript& script) : script_(script), tester_(Options(script)) {
    for (const ChainStep& step : script_.steps) {
      sources_.push_back(tester_.Input<ChainItem>(static_cast<size_t>(step.partitions)));
      results_.push_back(tester_.Output<Row>());
      late_.push_back(tester_.Output<Row>());
    }
    tester_.Build([this](Flow& flow) { Build(flow); });
  }

  void Play(const ChainEvent& event) override {
    const auto step = static_cast<size_t>(event.step);
    const auto partition = static_cast<size_t>(event.partition);
    switch (event.kind) {
      case ChainEvent::Kind::kPush:
        return sources_[step].PushTo(partition, event.item);
      case ChainEvent::Kind::kEndPartition:
        return sources_[step].EndPartition(partition);
      case ChainEvent::Kind::kAdvance:
        return tester_.Advance(absl::Microseconds(event.by));
      case ChainEvent::Kind::kRun:
        return tester_.Run();
      case ChainEvent::Kind::kCommit:
        tester_.Run();
        return tester_.Commit();
      case ChainEvent::Kind::kCrash:
        return Resume(event);
      case ChainEvent::Kind::kEnd:
        tester_.Run();
        tester_.End();
        return Resume(event);
    }
  }

  std::vector<ChainRows> rows() override {
    std::vector<ChainRows> rows;
    for (size_t i = 0; i < results_.size(); ++i) {
      rows.push_back({results_[i].rows(), late_[i].rows()});
    }
    return rows;
  }

  std::vector<uint64_t> late_rows() override {
    std::vector<uint64_t> rows(script_.steps.size());
    for (const StepRecord& record : tester_.job().record().steps) {
      for (size_t i = 0; i < rows.size(); ++i) {
        if (record.name == Name(i)) rows[i] = record.lateness.rows;
      }
    }
    return rows;
  }

 private:
  static std::string Name(size_t step) { return "w" + std::to_string(step); }

  FlowTester::Options Options(const ChainScript& script) {
    FlowTester::Options options;
    options.workers = script.workers;
    options.batch_items_max = script.batch_items_max;
    options.channel_batches_max = script.channel_batches_max;
    options.start = Timestamp{script.start};
    if (script.on_disk) {
      directory_ = std::make_unique<TempDirectory>();
      options.state_directory = directory_->Path("state");
    }
    return options;
  }

  void Build(Flow& flow) {
    std::vector<std::optional<Stream<ChainResult>>> passed(script_.steps.size());
    for (size_t i = 0; i < script_.steps.size(); ++i) {
      const ChainStep& step = script_.steps[i];
      const ChainPairs in = UnderKey(Items(flow, i, passed), step.keys);
      passed[i] = Passed(step, Name(i),
                         AddWindow(step, Name(i), in, {results_[i].sink(), late_[i].sink()}));
    }
  }

  Stream<ChainItem> Items(Flow& flow, size_t number,
                          const std::vector<std::optional<Stream<ChainResult>>>& passed) {
    const ChainStep& step = script_.steps[number];
    if (step.inputs.empty()) {
      return flow.From("in" + std::to_string(number), sources_[number].source());
    }
    Stream<ChainResult> results = *passed[static_cast<size_t>(step.inputs[0])];
    for (size_t i = 1; i < step.inputs.size(); ++i) {
      results = results.Merge(*passed[static_cast<size_t>(step.inputs[i])]);
    }
    return results.Map([time = step.time](const ChainResult& result) {
      return ChainItem{.at = TimeFor(time, result),
                       .who = result.who,
                       .number = result.number,
                       .text = result.text};
    });
  }

  void Resume(const ChainEvent& event) {
    tester_.clock().Advance(Span::Micros(event.by));
    tester_.CrashAndResumeWith(event.workers);
    tester_.Run();
  }

  const ChainScript script_;
  std::unique_ptr<TempDirectory> directory_;
  FlowTester tester_;
  std::vector<TestInput<ChainItem>> sources_;
  std::vector<TestOutput<Row>> results_, late_;
};

}  // namespace

std::unique_ptr<ChainPlayer> NewChainEngine(const ChainScript& script) {
  return std::make_unique<ChainEngine>(script);
}

}  // namespace tidemark::oracle
