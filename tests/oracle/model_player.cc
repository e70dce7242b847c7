// The model's run through a script.

#include <algorithm>
#include <set>
#include <utility>

#include "tests/oracle/script.h"

namespace tidemark::oracle {
namespace {

template <class Model, class Spec>
class KeysPlayer final : public ModelPlayer {
 public:
  KeysPlayer(Spec spec, ClockKind clock, const Script& script)
      : spec_(spec),
        clock_(clock),
        bound_(script.step.window.bound),
        closes_(script.step.window.at_eof == AtEof::kClose),
        commit_before_crash_(script.tiny_memory),
        wall_(script.start),
        now_(script.start),
        run_start_(script.start) {
    Commit();
  }

  void Play(const Event& event) override {
    order_is_defined_ = true;
    before_ = Counts();
    switch (event.kind) {
      case Event::Kind::kPush:
        unread_.push_back(event.item);
        uncommitted_.push_back(event.item);
        break;
      case Event::Kind::kAdvance:
        wall_ += event.by;
        // Which of several keys comes first depends on where the stream is cut.
        order_is_defined_ = unread_.empty() || event.by <= 0;
        now_ = std::max(now_, wall_);
        Run();
        break;
      case Event::Kind::kRun:
        Run();
        break;
      case Event::Kind::kCommit:
        Run();
        Commit();
        break;
      case Event::Kind::kCrash:
        if (commit_before_crash_) {
          Run();
          Commit();
        }
        state_ = committed_;
        before_ = Counts();
        Resume(event.by);
        break;
      case Event::Kind::kEnd:
        Run();
        if (clock_ == ClockKind::kStream && closes_) CloseAll();
        for (auto& [key, model] : state_.keys) {
          const int64_t rise = model.OnEnd(Now(), state_.rows);
          if (clock_ == ClockKind::kSystem) state_.reading = std::max(state_.reading, rise);
          if (clock_ == ClockKind::kStream) state_.stream = std::max(state_.stream, rise);
        }
        Commit();
        Resume(event.by);
        break;
    }
  }

  const Rows& rows() override { return state_.rows; }
  RowCounts before() const override { return before_; }
  bool order_is_defined() const override { return order_is_defined_; }
  bool empty() const override {
    for (const auto& [key, model] : state_.keys) {
      if (!model.empty()) return false;
    }
    return true;
  }

 private:
  struct State {
    std::map<std::string, Model> keys;
    Rows rows;
    int64_t reading = kMin;
    int64_t newest = kMin;  // event time, of the stream's one partition
    int64_t stream = kMin;  // the step's watermark
    int64_t job = 0;
    int64_t wall = 0;
  };

  RowCounts Counts() const {
    const Rows& rows = state_.rows;
    return {rows.results.size(), rows.late.size(), rows.metadata.size()};
  }
  Instant Now() const { return {JobTime(), now_, std::max(now_, state_.reading), state_.stream}; }
  int64_t JobTime() const { return run_start_job_ + (now_ - run_start_); }

  void Commit() {
    state_.job = JobTime();
    state_.wall = wall_;
    state_.reading = std::max(state_.reading, now_);
    committed_ = state_;
    uncommitted_.clear();
  }

  void Resume(int64_t down_time) {
    state_ = committed_;
    wall_ += down_time;
    now_ = run_start_ = wall_;
    run_start_job_ = state_.job;
    for (auto& [key, model] : state_.keys) model.OnResume(Now(), wall_ - state_.wall);
    unread_ = uncommitted_;
    RunTimers();  // Before any new item.
    Run();
  }

  void Run() {
    state_.reading = std::max(state_.reading, now_);
    for (const Item& item : std::exchange(unread_, {})) {
      state_.keys.try_emplace(item.key, spec_).first->second.OnItem(item, Now(), state_.rows);
      if (clock_ == ClockKind::kStream) MoveStream(item.at);
    }
    RunTimers();
  }

  // The watermark of the stream holds from the item after the one that moved it; what it makes due
  // comes first.
  void MoveStream(int64_t at) {
    state_.newest = std::max(state_.newest, at);
    if (bound_ == kForever || Wide{state_.newest} - bound_ <= state_.stream) return;
    state_.stream = state_.newest - bound_;
    RunTimers();
  }

  // As if the watermark rose to the end of time. It is left where the last window closed.
  void CloseAll() {
    int64_t before = kMin - 1;
    while (true) {
      int64_t least = kForever;
      for (const auto& [key, model] : state_.keys) least = std::min(least, model.due());
      if (least > kMax || least == before) return;
      before = least;
      state_.stream = std::max(state_.stream, least);
      RunTimers();
    }
  }

  // In order of (due time, key), each as of its due time; a key with several takes each in turn.
  void RunTimers() { RunTimersUntil(Now()); }

  void RunTimersUntil(Instant now) {
    std::set<const Model*> stuck;  // a wrong model does not get on
    while (true) {
      Model* next = nullptr;
      int64_t least = kForever;
      for (auto& [key, model] : state_.keys) {
        const int64_t due = model.due();
        if (due >= least || due > model.TimeIn(now) || stuck.contains(&model)) continue;
        next = &model;
        least = due;
      }
      if (next == nullptr) return;
      next->OnTime(now, state_.rows);
      if (next->due() == least) stuck.insert(next);
    }
  }

  const Spec spec_;
  const ClockKind clock_;
  const int64_t bound_;
  const bool closes_;
  const bool commit_before_crash_;
  State state_, committed_;
  RowCounts before_;
  std::vector<Item> unread_, uncommitted_;
  int64_t wall_, now_, run_start_, run_start_job_ = 0;
  bool order_is_defined_ = true;
};

}  // namespace

std::unique_ptr<ModelPlayer> NewModelPlayer(const Script& script) {
  const StepSpec& step = script.step;
  switch (step.kind) {
    case StepKind::kWindow:
      return std::make_unique<KeysPlayer<WindowModel, WindowSpec>>(step.window, step.window.clock,
                                                                   script);
    case StepKind::kBatch:
      return std::make_unique<KeysPlayer<BatchModel, BatchSpec>>(step.batch, ClockKind::kEvent,
                                                                 script);
    case StepKind::kJoin:
      return std::make_unique<KeysPlayer<JoinModel, JoinSpec>>(step.join, ClockKind::kEvent,
                                                               script);
  }
  return nullptr;
}

}  // namespace tidemark::oracle
