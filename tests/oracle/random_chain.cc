// Random chains: sources that lie apart and out of order, ends of partitions and of the input,
// crashes, commits, and other numbers of workers.
//
// Results are defined for any number of workers and any interleaving of partitions where nothing is
// late, and, late items included, where each source has one partition. Otherwise a script is played
// stepwise.

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "base/random.h"
#include "tests/oracle/chain_script.h"

namespace tidemark::oracle {
namespace {

class ChainGenerator {
 public:
  explicit ChainGenerator(uint64_t seed) : random_(seed) { script_.seed = seed; }

  ChainScript Make() {
    unit_ = random_.OneIn(3) ? 1 : 1'000'000;
    script_.start = 1'893'456'000'000'000;
    cursor_ = script_.start;
    late_ = random_.OneIn(3);
    idle_ = random_.OneIn(5);
    ends_ = !idle_ && random_.OneIn(3);
    Steps();
    bool several = false;
    for (const ChainStep& step : script_.steps) several |= step.partitions > 1;
    script_.stepwise = idle_ || (late_ && several);
    script_.workers = static_cast<int>(random_.Between(1, 4));
    const size_t batches[] = {1, 2, 3, 1024};
    script_.batch_items_max = batches[random_.Below(4)];
    const size_t channels[] = {1, 2, 64};
    script_.channel_batches_max = channels[random_.Below(3)];
    script_.on_disk = random_.OneIn(300);
    Events();
    return script_;
  }

 private:
  int64_t Small(int64_t low, int64_t high) { return unit_ * random_.Between(low, high); }

  void Steps() {
    const int sources = random_.OneIn(3) ? 2 : 1;
    const int behind = sources == 2 || random_.OneIn(2) ? 1 : 2;
    const int count = sources + behind;
    // What an ended partition that is left out lets pass depends on which one ends first.
    const bool keeps = sources == 1 && !idle_ && random_.OneIn(3);
    const int keep_from = keeps ? static_cast<int>(random_.Below(3)) : count;
    for (int number = 0; number < count; ++number) {
      ChainStep step;
      if (number < sources) {
        step.partitions = keeps || random_.OneIn(2) ? 1 : static_cast<int>(random_.Between(2, 3));
        step.keys = random_.Between(2, 6);
        step.bound = random_.OneIn(3) ? 0 : Small(0, 10);
        if (idle_) step.idle_after = 100 * unit_;
      } else {
        step.inputs = number == sources && sources == 2 ? std::vector<int>{0, 1}
                                                        : std::vector<int>{number - 1};
        step.keys = number + 1 == count ? random_.Between(1, 2) : random_.Between(2, 3);
      }
      Windows(number < sources ? 1 : number - sources + 2, step);
      if (!step.inputs.empty()) SecondClock(step);
      if (number >= keep_from) step.at_eof = AtEof::kKeep;
      // How far a step comes by the marks of one input when the other has ended is for the windows
      // that they fill to say.
      const bool drops = step.between == Between::kFilter || step.between == Between::kTwice;
      if (sources == 2 && ends_ && drops) step.between = Between::kNothing;
      script_.steps.push_back(step);
    }
  }

  void Windows(int level, ChainStep& step) {
    step.windows = static_cast<WindowKind>(random_.Below(3));
    step.length = Small(1, 8 * level);
    step.offset = std::max<int64_t>(1, step.length / random_.Between(1, 4));
    step.align_to = (random_.OneIn(2) ? 0 : script_.start) + Small(-20, 20);
    step.gap = random_.OneIn(6) ? 0 : Small(0, 4 * level);
    step.late_when = random_.OneIn(2) ? LateWhen::kWindowClosed : LateWhen::kBehindWatermark;
    // Behind an end of input, and behind silence, the rule for sessions asks what else has come.
    if ((ends_ || idle_) && step.windows == WindowKind::kSession) {
      step.late_when = LateWhen::kBehindWatermark;
    }
    step.order = random_.OneIn(2) ? ValueOrder::kTimestamp : ValueOrder::kArrival;
    step.fold = static_cast<ChainFold>(random_.Below(3));
    step.between = random_.OneIn(2) ? Between::kNothing : static_cast<Between>(random_.Below(6));
  }

  // One under which no result of the steps in front is late.
  void SecondClock(ChainStep& step) {
    step.time = static_cast<ChainTime>(random_.Below(4));
    for (const int input : step.inputs) {
      const ChainStep& front = script_.steps[static_cast<size_t>(input)];
      const bool session = front.windows == WindowKind::kSession;
      if (session && step.time == ChainTime::kBeforeClose) step.time = ChainTime::kClose;
    }
    for (const int input : step.inputs) {
      const ChainStep& front = script_.steps[static_cast<size_t>(input)];
      const bool session = front.windows == WindowKind::kSession;
      if (step.time == ChainTime::kOpen || step.time == ChainTime::kMiddle) {
        step.bound = std::max(step.bound, session ? 1'000 * unit_ : front.length);
      }
    }
    if (random_.OneIn(5)) step.bound += Small(0, 10);
  }

  using Place = std::pair<int, int>;  // a source's step, and the partition

  void Push() {
    const int step = static_cast<int>(random_.Below(Sources()));
    PushTo({step, static_cast<int>(random_.Below(Partitions(step)))});
  }

  void PushTo(Place place) {
    if (over_.count(place) > 0) return;
    ChainEvent event;
    event.step = place.first;
    event.partition = place.second;
    int64_t at = cursor_ + Small(-6, 6);
    if (random_.OneIn(12)) at += random_.Between(-1, 1);
    if (late_ && random_.OneIn(4)) at -= Small(0, 40);
    int64_t& newest = newest_.try_emplace(place, at).first->second;
    if (!late_) {
      at = std::max(at, newest - script_.steps[static_cast<size_t>(place.first)].bound);
    }
    newest = std::max(newest, at);
    event.item = {.at = at,
                  .who = random_.Between(0, 11),
                  .number = random_.Between(1, 9),
                  .text = std::string(1, name_)};
    name_ = name_ == 'z' ? 'a' : static_cast<char>(name_ + 1);
    script_.events.push_back(event);
    silent_.erase(place);
  }

  // One partition falls silent, and no other.
  void FallSilent() {
    std::vector<Place> speaking;
    for (int step = 0; step < static_cast<int>(Sources()); ++step) {
      for (int p = 0; p < static_cast<int>(Partitions(step)); ++p) {
        if (silent_.count({step, p}) == 0) speaking.push_back({step, p});
      }
    }
    if (speaking.empty()) return;
    const Place chosen = speaking[random_.Below(speaking.size())];
    for (const Place& place : speaking) PushTo(place);
    Add(ChainEvent::Kind::kAdvance, 90 * unit_);
    for (const Place& place : speaking) {
      if (place != chosen) PushTo(place);
    }
    Add(ChainEvent::Kind::kAdvance, 10 * unit_);
    silent_.insert(chosen);
  }

  void AllSpeak() {
    for (int step = 0; step < static_cast<int>(Sources()); ++step) {
      for (int p = 0; p < static_cast<int>(Partitions(step)); ++p) PushTo({step, p});
    }
  }

  uint64_t Partitions(int step) const {
    return static_cast<uint64_t>(script_.steps[static_cast<size_t>(step)].partitions);
  }

  uint64_t Sources() const {
    return static_cast<uint64_t>(
        std::count_if(script_.steps.begin(), script_.steps.end(),
                      [](const ChainStep& step) { return step.inputs.empty(); }));
  }

  // Ends a partition, but never the last of a source.
  void EndPartition() {
    if (idle_) return;
    ChainEvent event;
    event.kind = ChainEvent::Kind::kEndPartition;
    event.step = static_cast<int>(random_.Below(Sources()));
    const int partitions = script_.steps[static_cast<size_t>(event.step)].partitions;
    if (partitions < 2) return;
    event.partition = static_cast<int>(random_.Between(1, partitions - 1));
    if (!over_.insert({event.step, event.partition}).second) return;
    script_.events.push_back(event);
  }

  void Add(ChainEvent::Kind kind, int64_t by = 0) {
    ChainEvent event;
    event.kind = kind;
    event.by = by;
    event.workers = workers_;
    script_.events.push_back(event);
  }

  void Events() {
    using Kind = ChainEvent::Kind;
    workers_ = script_.workers;
    const bool rescales = workers_ > 1 && random_.OneIn(2);
    const int64_t count = random_.OneIn(5) ? random_.Between(40, 120) : random_.Between(10, 50);
    for (int64_t n = 0; n < count; ++n) {
      const uint64_t dice = random_.Below(100);
      if (dice < 70) {
        cursor_ += random_.OneIn(3) ? 0 : Small(0, 6);
        if (random_.OneIn(15)) cursor_ += Small(10, 60);
        const int64_t burst = random_.OneIn(4) ? random_.Between(2, 8) : 1;
        for (int64_t i = 0; i < burst; ++i) Push();
        if (random_.OneIn(2)) Add(Kind::kRun);
      } else if (dice < 76 && idle_) {
        FallSilent();
      } else if (dice < 76) {
        Add(Kind::kAdvance, random_.OneIn(8) ? 86'400'000'000 : Small(0, 30));
      } else if (dice < 85) {
        Add(Kind::kCommit);
      } else if (dice < 94) {
        if (rescales) workers_ = static_cast<int>(random_.Between(1, 4));
        if (random_.OneIn(2)) Add(Kind::kCommit);
        Add(Kind::kCrash, Small(0, 40));
        silent_.clear();
      } else if (dice < 97) {
        EndPartition();
      } else if (ends_) {
        Add(Kind::kEnd, Small(0, 40));
      }
    }
    if (idle_) AllSpeak();
    Add(Kind::kRun);
    Add(Kind::kEnd);
    Add(Kind::kCommit);
  }

  Random random_;
  ChainScript script_;
  int64_t unit_ = 1;
  int64_t cursor_ = 0;
  bool late_ = false;  // items beyond their bound
  bool ends_ = false;  // the input ends and goes on
  bool idle_ = false;  // partitions fall silent
  int workers_ = 1;
  char name_ = 'a';
  std::map<Place, int64_t> newest_;
  std::set<Place> over_, silent_;
};

}  // namespace

ChainScript RandomChain(uint64_t seed) { return ChainGenerator(seed).Make(); }

}  // namespace tidemark::oracle
