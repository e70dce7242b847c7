// The model's run through a chain: item by item, mark by mark.

#include <algorithm>
#include <utility>

#include "tests/oracle/chain_oracle.h"

namespace tidemark::oracle {
namespace {

class ChainModel final : public ChainPlayer {
 public:
  explicit ChainModel(const ChainScript& script) : specs_(script.steps), now_(script.start) {
    for (const ChainStep& spec : specs_) {
      const auto partitions = static_cast<size_t>(spec.partitions);
      state_.steps.push_back({ChainWindows(spec), kMin, {}, {}});
      state_.steps.back().marks.assign(partitions, kMin);
      over_.push_back(std::vector<bool>(partitions));
      heard_.push_back(std::vector<Heard>(partitions, Heard{.spoke = now_}));
    }
    committed_ = state_;
  }

  void Play(const ChainEvent& event) override {
    switch (event.kind) {
      case ChainEvent::Kind::kPush:
        unread_.push_back(event);
        uncommitted_.push_back(event);
        break;
      case ChainEvent::Kind::kEndPartition:
        over_[static_cast<size_t>(event.step)][static_cast<size_t>(event.partition)] = true;
        break;
      case ChainEvent::Kind::kAdvance:
        now_ += event.by;
        Run();
        break;
      case ChainEvent::Kind::kRun:
        Run();
        break;
      case ChainEvent::Kind::kCommit:
        Run();
        Commit();
        break;
      case ChainEvent::Kind::kCrash:
        Resume(event.by);
        break;
      case ChainEvent::Kind::kEnd:
        Run();
        End();
        Commit();
        Resume(event.by);
        break;
    }
  }

  std::vector<ChainRows> rows() override {
    std::vector<ChainRows> rows;
    for (const StepState& step : state_.steps) rows.push_back(step.rows);
    return rows;
  }
  bool is_defined() const override { return defined_; }

 private:
  // Of a partition, in this life.
  struct Heard {
    int64_t spoke = 0;
    bool idle = false;
    bool ended = false;
  };
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

  void Resume(int64_t down_time) {
    now_ += down_time;
    state_ = committed_;
    unread_ = uncommitted_;
    for (auto& partitions : heard_) partitions.assign(partitions.size(), Heard{.spoke = now_});
    Settle();  // Each step hands on where it stands.
    Run();
  }

  void Run() {
    for (const ChainEvent& event : std::exchange(unread_, {})) {
      const auto number = static_cast<size_t>(event.step);
      const auto partition = static_cast<size_t>(event.partition);
      StepState& step = state_.steps[number];
      step.windows.OnItem(event.item, step.watermark, step.rows.late);
      // The item moves the watermark for those behind it.
      int64_t& mark = step.marks[partition];
      mark = std::max(mark, MinusBound(event.item.at, specs_[number].bound));
      heard_[number][partition] = {.spoke = now_};
      Settle();
    }
    int silent = 0;
    for (size_t number = 0; number < specs_.size(); ++number) {
      for (size_t p = 0; p < heard_[number].size(); ++p) {
        Heard& heard = heard_[number][p];
        heard.ended = over_[number][p];
        const int64_t idle_after = specs_[number].idle_after;
        if (heard.idle || idle_after == kForever || now_ - heard.spoke < idle_after) continue;
        heard.idle = true;
        ++silent;
      }
    }
    defined_ = defined_ && silent <= 1;
    Settle();
  }

  bool IsIdle(size_t number) const {
    const std::vector<int>& inputs = specs_[number].inputs;
    const auto& partitions = heard_[number];
    if (inputs.empty()) {
      return std::all_of(partitions.begin(), partitions.end(),
                         [](const Heard& heard) { return heard.idle; });
    }
    return std::all_of(inputs.begin(), inputs.end(),
                       [&](int input) { return IsIdle(static_cast<size_t>(input)); });
  }

  // What is handed to the step, less what its own clock waits for. Without anybody who speaks it
  // holds.
  int64_t Measured(size_t number) const {
    if (IsIdle(number)) return kMin;
    const ChainStep& spec = specs_[number];
    int64_t least = kMax;
    if (spec.inputs.empty()) {
      for (size_t p = 0; p < heard_[number].size(); ++p) {
        const bool counts = !heard_[number][p].idle && !heard_[number][p].ended;
        if (counts) least = std::min(least, state_.steps[number].marks[p]);
      }
      return least;
    }
    for (const int input : spec.inputs) {
      const auto from = static_cast<size_t>(input);
      if (IsIdle(from)) continue;
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
      defined_ = defined_ && !(specs_[number].inputs.empty() && IsIdle(number));
    }
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
  std::vector<std::vector<bool>> over_;  // partitions where nothing more will come
  std::vector<std::vector<Heard>> heard_;
  int64_t now_;
  bool defined_ = true;
  std::vector<ChainEvent> unread_, uncommitted_;
};

}  // namespace

std::unique_ptr<ChainPlayer> NewChainModel(const ChainScript& script) {
  return std::make_unique<ChainModel>(script);
}

}  // namespace tidemark::oracle
