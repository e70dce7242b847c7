// The model's run through a chain: item by item, mark by mark.

#include <algorithm>
#include <utility>

#include "tests/oracle/chain_oracle.h"

namespace tidemark::oracle {
namespace {

class ChainModel final : public ChainPlayer {
 public:
  explicit ChainModel(const ChainScript& script) : specs_(script.steps) {
    for (const ChainStep& spec : specs_) {
      state_.steps.push_back({ChainWindows(spec), kMin, {}, {}});
      state_.steps.back().marks.assign(static_cast<size_t>(spec.partitions), kMin);
      ends_.push_back(std::vector<bool>(static_cast<size_t>(spec.partitions)));
    }
    ended_ = ends_;
    committed_ = state_;
  }

  void Play(const ChainEvent& event) override {
    switch (event.kind) {
      case ChainEvent::Kind::kPush:
        unread_.push_back(event);
        uncommitted_.push_back(event);
        break;
      case ChainEvent::Kind::kEndPartition:
        ends_[static_cast<size_t>(event.step)][static_cast<size_t>(event.partition)] = true;
        break;
      case ChainEvent::Kind::kAdvance:
      case ChainEvent::Kind::kRun:
        Run();
        break;
      case ChainEvent::Kind::kCommit:
        Run();
        Commit();
        break;
      case ChainEvent::Kind::kCrash:
        Resume();
        break;
      case ChainEvent::Kind::kEnd:
        Run();
        End();
        Commit();
        Resume();
        break;
    }
  }

  std::vector<ChainRows> rows() override {
    std::vector<ChainRows> rows;
    for (const StepState& step : state_.steps) rows.push_back(step.rows);
    return rows;
  }

 private:
  struct StepState {
    ChainWindows windows;
    int64_t watermark = kMin;
    std::vector<int64_t> marks;  // of the source's partitions
    ChainRows rows;
  };
  struct State {
    std::vector<StepState> steps;
  };

  void Commit() {
    committed_ = state_;
    uncommitted_.clear();
  }

  void Resume() {
    state_ = committed_;
    unread_ = uncommitted_;
    for (auto& partitions : ended_) partitions.assign(partitions.size(), false);
    Settle();  // Each step hands on where it stands.
    Run();
  }

  void Run() {
    for (const ChainEvent& event : std::exchange(unread_, {})) {
      StepState& step = state_.steps[static_cast<size_t>(event.step)];
      step.windows.OnItem(event.item, step.watermark, step.rows.late);
      // The item moves the watermark for those behind it.
      int64_t& mark = step.marks[static_cast<size_t>(event.partition)];
      mark =
          std::max(mark, MinusBound(event.item.at, specs_[static_cast<size_t>(event.step)].bound));
      Settle();
    }
    ended_ = ends_;
    Settle();
  }

  // What is handed to the step, less what its own clock waits for.
  int64_t Measured(size_t number) const {
    const ChainStep& spec = specs_[number];
    int64_t least = kMax;
    if (spec.inputs.empty()) {
      for (size_t p = 0; p < ended_[number].size(); ++p) {
        if (!ended_[number][p]) least = std::min(least, state_.steps[number].marks[p]);
      }
      return least;
    }
    for (const int input : spec.inputs) {
      const auto from = static_cast<size_t>(input);
      least = std::min(least, HandedOn(specs_[from], state_.steps[from].watermark));
    }
    return MinusBound(least, spec.bound);
  }

  // From front to back: what a watermark closes goes on before the watermark does.
  void Settle() {
    for (size_t number = 0; number < specs_.size(); ++number) {
      StepState& step = state_.steps[number];
      const int64_t measured = Measured(number);
      if (measured <= step.watermark) continue;
      step.watermark = measured;
      Emit(number, step.windows.Close(step.watermark));
    }
  }

  // §4.6: the watermark rises to what would have closed the windows, no further.
  void End() {
    for (size_t number = 0; number < specs_.size(); ++number) {
      if (specs_[number].at_eof == AtEof::kKeep) continue;
      StepState& step = state_.steps[number];
      const auto closed = step.windows.Close(kMax);
      if (!closed.empty()) step.watermark = std::max(step.watermark, closed.back().closing);
      Emit(number, closed);
    }
  }

  void Emit(size_t number, const std::vector<ClosedChainWindow>& closed) {
    for (const ClosedChainWindow& window : closed) {
      state_.steps[number].rows.results.push_back(ResultRow(window.result));
      for (const ChainResult& result : state_.steps[number].windows.Passed(window.result)) {
        for (size_t behind = 0; behind < specs_.size(); ++behind) {
          const std::vector<int>& inputs = specs_[behind].inputs;
          if (std::count(inputs.begin(), inputs.end(), static_cast<int>(number)) == 0) continue;
          StepState& next = state_.steps[behind];
          next.windows.OnItem(ToItem(result, specs_[behind]), next.watermark, next.rows.late);
        }
      }
    }
  }

  const std::vector<ChainStep> specs_;
  State state_, committed_;
  std::vector<std::vector<bool>> ends_;   // where nothing more will come
  std::vector<std::vector<bool>> ended_;  // and where that has been read
  std::vector<ChainEvent> unread_, uncommitted_;
};

}  // namespace

std::unique_ptr<ChainPlayer> NewChainModel(const ChainScript& script) {
  return std::make_unique<ChainModel>(script);
}

}  // namespace tidemark::oracle
