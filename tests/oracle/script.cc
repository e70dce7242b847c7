#include "tests/oracle/script.h"

#include <algorithm>
#include <utility>

#include "base/random.h"

namespace tidemark::oracle {
namespace {

// --- The model's run
// ------------------------------------------------------------------------------

template <class Model, class Spec>
class KeysPlayer final : public ModelPlayer {
 public:
  KeysPlayer(Spec spec, ClockKind clock, const Script& script)
      : spec_(spec),
        clock_(clock),
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
        for (auto& [key, model] : state_.keys) {
          const int64_t rise = model.OnEnd(Now(), state_.rows);
          if (clock_ == ClockKind::kSystem) state_.reading = std::max(state_.reading, rise);
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
    int64_t job = 0;
    int64_t wall = 0;
  };

  RowCounts Counts() const {
    const Rows& rows = state_.rows;
    return {rows.results.size(), rows.late.size(), rows.metadata.size()};
  }
  Instant Now() const { return {JobTime(), now_, std::max(now_, state_.reading)}; }
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
    }
    RunTimers();
  }

  // In order of (due time, key).
  void RunTimers() {
    std::vector<std::pair<int64_t, std::string>> order;
    for (const auto& [key, model] : state_.keys) order.push_back({model.due(), key});
    std::sort(order.begin(), order.end());
    for (const auto& [due, key] : order) state_.keys.at(key).OnTime(Now(), state_.rows);
  }

  const Spec spec_;
  const ClockKind clock_;
  const bool commit_before_crash_;
  State state_, committed_;
  RowCounts before_;
  std::vector<Item> unread_, uncommitted_;
  int64_t wall_, now_, run_start_, run_start_job_ = 0;
  bool order_is_defined_ = true;
};

// --- Comparing
// ------------------------------------------------------------------------------------

std::string Text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += "      " + row.key + ": " + row.text + "\n";
  return text.empty() ? "      nothing\n" : text;
}

std::string RowsText(const Rows& rows) {
  return "    results\n" + Text(rows.results) + "    late\n" + Text(rows.late) + "    metadata\n" +
         Text(rows.metadata);
}

std::vector<Row> Since(const std::vector<Row>& rows, size_t before, bool ordered) {
  std::vector<Row> fresh(rows.begin() + static_cast<std::ptrdiff_t>(std::min(before, rows.size())),
                         rows.end());
  if (!ordered) {
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const Row& a, const Row& b) { return a.key < b.key; });
  }
  return fresh;
}

Rows Since(const Rows& rows, const RowCounts& before, bool ordered) {
  return {Since(rows.results, before.results, ordered), Since(rows.late, before.late, ordered),
          Since(rows.metadata, before.metadata, ordered)};
}

// --- Random scripts
// -------------------------------------------------------------------------------

class Generator {
 public:
  explicit Generator(uint64_t seed) : random_(seed) {}

  Script Make() {
    Script script;
    unit_ = random_.OneIn(2) ? 1 : 1'000'000;
    script.start = 1'893'456'000'000'000;
    if (random_.OneIn(8)) script.start += random_.Between(-1'000'000'000'000, 1'000'000'000'000);
    origin_ = Origin(script.start);
    if (random_.OneIn(5)) {
      script.step.kind = random_.OneIn(3) ? StepKind::kJoin : StepKind::kBatch;
    }
    script.step.window = Window(script.start);
    script.step.batch = Batch();
    script.step.join = Join();
    script.step.window.join = Join();
    const bool join =
        script.step.kind == StepKind::kJoin ||
        (script.step.kind == StepKind::kWindow && script.step.window.fold == FoldKind::kJoin);
    script.step.typed_join = join && random_.OneIn(4);
    const size_t batches[] = {1, 2, 1024};
    script.batch_items_max = script.step.typed_join ? 1 : batches[random_.Below(3)];
    script.workers = random_.OneIn(3) ? 3 : 1;
    script.tiny_memory = random_.OneIn(8);
    script.on_disk = random_.OneIn(400);
    const uint32_t sides = script.step.kind == StepKind::kJoin ? script.step.join.sides
                                                               : script.step.window.join.sides;
    Events(sides, script);
    // TODO(test): where the clock stepped back between two runs the engine's deadlines go on from
    // where they were, and a deadline may then fire later than its point in wall time (§2).
    if (script.step.kind == StepKind::kBatch) {
      for (Event& event : script.events) event.by = std::max<int64_t>(event.by, 0);
    }
    return script;
  }

 private:
  // Where the event times lie.
  int64_t Origin(int64_t start) {
    switch (random_.Below(10)) {
      case 0:
        return kMin + unit_ * random_.Between(0, 30);
      case 1:
        return kMax - unit_ * random_.Between(0, 30);
      case 2:
        return random_.Between(-20, 20);
      case 3:
        return random_.Between(kMin / 2, kMax / 2);
      default:
        return start;
    }
  }
  int64_t Small(int64_t low, int64_t high) { return unit_ * random_.Between(low, high); }

  WindowSpec Window(int64_t start) {
    WindowSpec spec;
    spec.clock = random_.OneIn(5) ? ClockKind::kSystem : ClockKind::kEvent;
    spec.bound = random_.OneIn(4) ? 0 : Small(0, random_.OneIn(2) ? 12 : 60);
    if (random_.OneIn(25)) spec.bound = kForever;
    spec.windows = static_cast<WindowKind>(random_.Below(3));
    spec.length = Small(1, 20);
    if (random_.OneIn(20)) spec.length = unit_ * 1'000'000;
    spec.offset = std::max<int64_t>(1, spec.length / random_.Between(1, 6));
    if (random_.OneIn(2) && spec.length <= 20 * unit_) {
      spec.offset = unit_ * random_.Between(1, spec.length / unit_);
    }
    switch (random_.Below(6)) {
      case 0:
        spec.align_to = random_.Between(kMin, kMax);
        break;
      case 1:
        spec.align_to = random_.OneIn(2) ? kMin : kMax;
        break;
      case 2:
        spec.align_to = 0;
        break;
      default:
        spec.align_to = (spec.clock == ClockKind::kSystem
                             ? start
                             : std::clamp(origin_, kMin + 100'000'000, kMax - 100'000'000)) +
                        Small(-20, 20);
        break;
    }
    spec.gap = random_.OneIn(6) ? 0 : Small(0, 10);
    if (random_.OneIn(25)) spec.gap = kForever;
    spec.late_when = random_.OneIn(2) ? LateWhen::kWindowClosed : LateWhen::kBehindWatermark;
    spec.order = random_.OneIn(2) ? Order::kTimestamp : Order::kArrival;
    const int64_t keeps[] = {0, Small(1, 30), 86'400'000'000, kForever};
    spec.keep_watermark_for = keeps[random_.Below(4)];
    spec.at_eof = random_.OneIn(3) ? AtEof::kKeep : AtEof::kClose;
    spec.fold = static_cast<FoldKind>(random_.Below(7));
    return spec;
  }
  BatchSpec Batch() {
    BatchSpec spec;
    if (random_.OneIn(2)) spec.max_items = random_.Between(1, 5);
    if (random_.OneIn(2)) spec.max_wait = Small(1, 15);
    if (random_.OneIn(2)) spec.idle_timeout = Small(1, 10);
    if (spec.max_wait == kForever && spec.idle_timeout == kForever && spec.max_items == 0) {
      spec.max_items = 2;
    }
    return spec;
  }
  JoinSpec Join() {
    return {.sides = static_cast<uint32_t>(random_.Between(1, 3)),
            .insert = static_cast<JoinInsert>(random_.Below(3)),
            .emit = static_cast<JoinEmit>(random_.Below(3))};
  }

  void Events(uint32_t sides, Script& script) {
    const int64_t count = random_.OneIn(5) ? random_.Between(30, 90) : random_.Between(3, 30);
    const int64_t keys = random_.OneIn(2) ? 1 : random_.Between(2, 3);
    int64_t at = origin_;
    char name = 'A';
    int round = 0;
    int workers = script.workers;
    const bool rescales = random_.OneIn(3);
    const auto add = [&](Event event) { script.events.push_back(std::move(event)); };
    for (int64_t n = 0; n < count; ++n) {
      const uint64_t dice = random_.Below(100);
      if (dice < 60) {
        const int64_t burst = random_.OneIn(5) ? random_.Between(2, 6) : 1;
        for (int64_t i = 0; i < burst; ++i) {
          at += random_.OneIn(3) ? 0 : Small(-7, 9);
          if (random_.OneIn(8)) at += Small(-40, 40);
          if (random_.OneIn(12)) at += random_.Between(-1, 1);
          if (random_.OneIn(60)) at = random_.Between(kMin, kMax);
          if (random_.OneIn(20)) at = origin_;
          at = std::clamp(at, kMin, kMax);
          Event push{.kind = Event::Kind::kPush};
          push.item.key = std::string(1, static_cast<char>('a' + random_.Below(keys)));
          push.item.at = at;
          push.item.value = std::string(1, name) + (round > 0 ? std::to_string(round) : "");
          push.item.side = static_cast<uint32_t>(random_.Below(sides));
          if (++name > 'Z') name = 'A', ++round;
          add(std::move(push));
        }
        if (!random_.OneIn(4)) add({.kind = Event::Kind::kRun});
      } else if (dice < 85) {
        if (!random_.OneIn(6)) add({.kind = Event::Kind::kRun});
        int64_t by = Small(0, 12);
        if (random_.OneIn(4)) by = 1;
        if (random_.OneIn(15)) by = 86'400'000'000;
        if (random_.OneIn(15)) by = -Small(0, 12);
        add({.kind = Event::Kind::kAdvance, .by = by});
      } else if (dice < 90) {
        add({.kind = Event::Kind::kCommit});
      } else {
        if (rescales) workers = random_.OneIn(2) ? 3 : 1;
        int64_t down = random_.OneIn(3) ? 0 : Small(0, 40);
        if (random_.OneIn(10)) down = -Small(0, 15);
        if (dice < 96) {
          if (random_.OneIn(2)) add({.kind = Event::Kind::kCommit});
          add({.kind = Event::Kind::kCrash, .by = down, .workers = workers});
        } else {
          add({.kind = Event::Kind::kRun});
          add({.kind = Event::Kind::kEnd, .by = down, .workers = workers});
        }
      }
    }
    add({.kind = Event::Kind::kRun});
    add({.kind = Event::Kind::kEnd, .workers = workers});
    add({.kind = Event::Kind::kAdvance, .by = 86'400'000'000});
    add({.kind = Event::Kind::kCommit});
  }

  Random random_;
  int64_t unit_ = 1;
  int64_t origin_ = 0;
};

// --- Describing
// -----------------------------------------------------------------------------------

std::string DurationText(int64_t us) { return us == kForever ? "inf" : std::to_string(us); }

std::string JoinText(const JoinSpec& join) {
  const char* inserts[] = {"first", "last", "product"};
  const char* emits[] = {"complete", "running", "final"};
  return "sides " + std::to_string(join.sides) + ", insert " +
         inserts[static_cast<int>(join.insert)] + ", emit " + emits[static_cast<int>(join.emit)];
}

std::string StepText(const StepSpec& step) {
  const std::string typed = step.typed_join ? ", typed" : "";
  if (step.kind == StepKind::kJoin) return "join " + JoinText(step.join) + typed;
  if (step.kind == StepKind::kBatch) {
    return "batch max_items " + std::to_string(step.batch.max_items) + ", max_wait " +
           DurationText(step.batch.max_wait) + ", idle_timeout " +
           DurationText(step.batch.idle_timeout);
  }
  const WindowSpec& w = step.window;
  std::string text =
      w.clock == ClockKind::kSystem ? "system time" : "event time, bound " + DurationText(w.bound);
  if (w.windows == WindowKind::kSession) {
    text += "; session gap " + DurationText(w.gap);
  } else {
    text += "; length " + DurationText(w.length);
    if (w.windows == WindowKind::kSliding) text += ", offset " + DurationText(w.offset);
    text += ", align_to " + std::to_string(w.align_to);
  }
  text += w.late_when == LateWhen::kWindowClosed ? "; kWindowClosed" : "; kBehindWatermark";
  text += w.order == Order::kTimestamp ? ", kTimestamp" : ", kArrival";
  text += ", keep_watermark_for " + DurationText(w.keep_watermark_for);
  text += w.at_eof == AtEof::kKeep ? ", at_eof keep" : "";
  const char* folds[] = {"collect", "count", "reduce", "fold", "max", "min", "join"};
  text += std::string("; ") + folds[static_cast<int>(w.fold)];
  if (w.fold == FoldKind::kJoin) text += " " + JoinText(w.join);
  return text + typed;
}

std::string EventText(const Event& event) {
  const std::string resume =
      " " + std::to_string(event.by) + " us later, workers " + std::to_string(event.workers);
  switch (event.kind) {
    case Event::Kind::kPush:
      return "push " + event.item.value + " key " + event.item.key + " at " +
             std::to_string(event.item.at) + " side " + std::to_string(event.item.side);
    case Event::Kind::kAdvance:
      return "advance " + std::to_string(event.by) + " us, run";
    case Event::Kind::kRun:
      return "run";
    case Event::Kind::kCommit:
      return "run, commit";
    case Event::Kind::kCrash:
      return "crash; resume" + resume + ", run";
    case Event::Kind::kEnd:
      return "run, end of input, commit; resume" + resume + ", run";
  }
  return "";
}

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

Script RandomScript(uint64_t seed) { return Generator(seed).Make(); }

std::string Describe(const Script& script) {
  std::string text =
      "  " + StepText(script.step) + "\n  workers " + std::to_string(script.workers) +
      ", batch_items_max " + std::to_string(script.batch_items_max) +
      (script.tiny_memory ? ", tiny memory" : "") + (script.on_disk ? ", state directory" : "") +
      ", clock starts at " + std::to_string(script.start) + "\n";
  for (const Event& event : script.events) text += "  " + EventText(event) + "\n";
  return text;
}

std::optional<std::string> Compare(const Script& script, const EngineFactory& engine) {
  const std::unique_ptr<ModelPlayer> model = NewModelPlayer(script);
  const std::unique_ptr<EnginePlayer> real = engine(script);
  int workers = script.workers;
  for (size_t i = 0; i < script.events.size(); ++i) {
    const Event& event = script.events[i];
    model->Play(event);
    real->Play(event);
    if (event.kind == Event::Kind::kPush) continue;
    // At an end of input the rows come before the resume.
    const bool ordered = workers == 1 && model->order_is_defined();
    if (event.kind == Event::Kind::kCrash || event.kind == Event::Kind::kEnd) {
      workers = event.workers;
    }
    Rows expected = Since(model->rows(), model->before(), ordered && workers == 1);
    if (IsTypedJoinWindow(script.step)) expected.metadata.clear();
    const Rows actual = Since(real->rows(), model->before(), ordered && workers == 1);
    if (expected != actual) {
      return "after event " + std::to_string(i + 1) + " (" + EventText(event) + ")\n  expected\n" +
             RowsText(expected) + "  actual\n" + RowsText(actual);
    }
    if (event.kind == Event::Kind::kCommit && model->empty() && !real->empty()) {
      return "after event " + std::to_string(i + 1) + " a key has left something in the store\n";
    }
  }
  return std::nullopt;
}

Script Shrink(Script script, const std::function<bool(const Script&)>& fails) {
  const auto take_if_failing = [&](const Script& simpler) {
    if (!fails(simpler)) return false;
    script = simpler;
    return true;
  };
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (size_t piece = std::max<size_t>(1, script.events.size() / 2); piece > 0; piece /= 2) {
      for (size_t at = 0; at + piece <= script.events.size();) {
        Script simpler = script;
        const auto from = simpler.events.begin() + static_cast<std::ptrdiff_t>(at);
        simpler.events.erase(from, from + static_cast<std::ptrdiff_t>(piece));
        if (take_if_failing(simpler)) {
          smaller = true;
        } else {
          ++at;
        }
      }
    }
  }
  const auto simplify = [&](auto change) {
    Script simpler = script;
    change(simpler);
    take_if_failing(simpler);
  };
  simplify([](Script& s) { s.on_disk = false; });
  simplify([](Script& s) { s.tiny_memory = false; });
  simplify([](Script& s) { s.batch_items_max = 1; });
  simplify([](Script& s) { s.step.typed_join = false; });
  simplify([](Script& s) {
    s.workers = 1;
    for (Event& event : s.events) event.workers = 1;
  });
  simplify([](Script& s) { s.step.window.fold = FoldKind::kCollect; });
  simplify([](Script& s) { s.step.window.order = Order::kArrival; });
  simplify([](Script& s) { s.step.window.late_when = LateWhen::kWindowClosed; });
  simplify([](Script& s) { s.step.window.keep_watermark_for = kForever; });
  simplify([](Script& s) {
    for (Event& event : s.events) event.item.key = "a";
  });
  return script;
}

}  // namespace tidemark::oracle
