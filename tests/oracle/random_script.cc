// Random scripts: streams out of order, in bursts, with equal timestamps, pauses, crashes and ends.

#include <algorithm>
#include <utility>

#include "base/random.h"
#include "tests/oracle/script.h"

namespace tidemark::oracle {
namespace {

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
    spec.clock = random_.OneIn(5)   ? ClockKind::kSystem
                 : random_.OneIn(4) ? ClockKind::kStream
                                    : ClockKind::kEvent;
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
    spec.order = random_.OneIn(2) ? ValueOrder::kTimestamp : ValueOrder::kArrival;
    const int64_t keeps[] = {0, Small(1, 30), 86'400'000'000, kForever};
    spec.keep_watermark_for = keeps[random_.Below(4)];
    spec.at_eof = random_.OneIn(3) ? AtEof::kKeep : AtEof::kClose;
    spec.fold = static_cast<FoldKind>(random_.Below(9));
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
    const int64_t gap =
        script.step.window.windows == WindowKind::kSession && script.step.window.gap != kForever
            ? script.step.window.gap
            : 0;
    const auto add = [&](Event event) { script.events.push_back(std::move(event)); };
    for (int64_t n = 0; n < count; ++n) {
      const uint64_t dice = random_.Below(100);
      const auto push = [&](int64_t when, const std::string& key) {
        Event event{.kind = Event::Kind::kPush};
        event.item.key = key;
        event.item.at = std::clamp(when, kMin, kMax);
        event.item.value = std::string(1, name) + (round > 0 ? std::to_string(round) : "");
        event.item.side = static_cast<uint32_t>(random_.Below(sides));
        if (++name > 'Z') name = 'A', ++round;
        add(std::move(event));
      };
      const auto any_key = [&] {
        return std::string(1, static_cast<char>('a' + random_.Below(keys)));
      };
      if (dice < 60 && gap > 1 && random_.OneIn(5)) {
        // Sessions side by side, just out of reach of each other, and then what bridges them, the
        // later ones first: merges of merges.
        const int64_t sessions = random_.Between(2, 4);
        const int64_t step = gap + random_.Between(1, gap);
        const std::string key = any_key();
        for (int64_t i = 0; i < sessions; ++i) push(at + i * step, key);
        for (int64_t i = sessions - 1; i > 0; --i) push(at + i * step - step / 2, key);
        add({.kind = Event::Kind::kRun});
      } else if (dice < 60) {
        const int64_t burst = random_.OneIn(5) ? random_.Between(2, 6) : 1;
        for (int64_t i = 0; i < burst; ++i) {
          at += random_.OneIn(3) ? 0 : Small(-7, 9);
          if (random_.OneIn(8)) at += Small(-40, 40);
          if (random_.OneIn(12)) at += random_.Between(-1, 1);
          if (random_.OneIn(60)) at = random_.Between(kMin, kMax);
          if (random_.OneIn(20)) at = origin_;
          at = std::clamp(at, kMin, kMax);
          push(at, any_key());
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

}  // namespace

Script RandomScript(uint64_t seed) { return Generator(seed).Make(); }

}  // namespace tidemark::oracle
