#include "tests/oracle/chain_stand_in.h"

#include <algorithm>
#include <deque>
#include <utility>

#include "base/random.h"
#include "tests/oracle/chain_oracle.h"

namespace tidemark::oracle {
namespace {

struct Message {
  enum class Kind { kItem, kMark, kIdle, kEnd };
  Kind kind = Kind::kItem;
  ChainItem item;
  int64_t mark = kMin;
};

// What one worker has of one step.
struct Site {
  explicit Site(const ChainStep& step) : windows(step) {}

  ChainWindows windows;
  int64_t watermark = kMin;
  // By sender: a partition, or a worker of a step in front.
  std::vector<int64_t> heard;
  std::vector<bool> idle;
  std::vector<bool> ends_heard;
  std::vector<bool> ended;
  std::vector<std::deque<Message>> queues;
  bool silent = false;  // no sender speaks
};

class StandIn final : public ChainPlayer {
 public:
  StandIn(const ChainScript& script, ChainBug bug)
      : bug_(bug),
        specs_(script.steps),
        random_(script.seed),
        workers_(script.workers),
        now_(script.start) {
    for (const ChainStep& spec : specs_) {
      state_.marks.push_back(std::vector<int64_t>(static_cast<size_t>(spec.partitions), kMin));
      over_.push_back(std::vector<bool>(static_cast<size_t>(spec.partitions)));
      spoke_.push_back(std::vector<int64_t>(static_cast<size_t>(spec.partitions), now_));
      state_.rows.push_back({});
      state_.saved.push_back(kMin);
      state_.keys.push_back({});
    }
    committed_ = state_;
    OpenSites();
  }

  void Play(const ChainEvent& event) override {
    switch (event.kind) {
      case ChainEvent::Kind::kPush:
        unread_.push_back(event);
        uncommitted_.push_back(event);
        break;
      case ChainEvent::Kind::kEndPartition:
        over_[Index(event.step)][Index(event.partition)] = true;
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
        Resume(event);
        break;
      case ChainEvent::Kind::kEnd:
        Run();
        End();
        Commit();
        Resume(event);
        break;
    }
  }

  std::vector<ChainRows> rows() override { return state_.rows; }

 private:
  struct State {
    std::vector<std::vector<int64_t>> marks;  // of partitions
    std::vector<ChainRows> rows;
    std::vector<int64_t> saved;  // the steps' watermarks
    std::vector<std::map<int64_t, ChainWindows::OfKey>> keys;
  };

  static size_t Index(int n) { return static_cast<size_t>(n); }
  size_t workers() const { return static_cast<size_t>(workers_); }
  size_t WorkerOf(size_t step, int64_t key) const {
    return (static_cast<size_t>(key) + step) % workers();
  }

  // ---- opening, committing ----

  void OpenSites() {
    sites_.assign(specs_.size(), {});
    for (size_t step = 0; step < specs_.size(); ++step) {
      const ChainStep& spec = specs_[step];
      const size_t senders =
          spec.inputs.empty() ? Index(spec.partitions) : spec.inputs.size() * workers();
      for (size_t worker = 0; worker < workers(); ++worker) {
        Site site(spec);
        site.heard.assign(senders, kMin);
        site.idle.resize(senders);
        site.ends_heard.resize(senders);
        site.ended.resize(senders);
        site.queues.resize(senders);
        sites_[step].push_back(std::move(site));
      }
      for (const auto& [key, of_key] : state_.keys[step]) {
        sites_[step][WorkerOf(step, key)].windows.keys()[key] = of_key;
      }
    }
  }

  void Commit() {
    for (size_t step = 0; step < specs_.size(); ++step) {
      state_.keys[step].clear();
      for (Site& site : sites_[step]) {
        state_.saved[step] = std::max(state_.saved[step], site.watermark);
        state_.keys[step].insert(site.windows.keys().begin(), site.windows.keys().end());
      }
    }
    committed_ = state_;
    uncommitted_.clear();
  }

  void Resume(const ChainEvent& event) {
    now_ += event.by;
    state_ = committed_;
    workers_ = event.workers;
    unread_ = uncommitted_;
    OpenSites();
    for (auto& partitions : spoke_) partitions.assign(partitions.size(), now_);
    for (size_t step = 0; step < specs_.size(); ++step) {
      if (bug_ == ChainBug::kResumedWatermarkLost) break;
      for (size_t worker = 0; worker < workers(); ++worker) {
        Rise(step, worker, state_.saved[step]);
      }
    }
    for (size_t step = 0; step < specs_.size(); ++step) {
      if (!specs_[step].inputs.empty()) continue;
      for (size_t p = 0; p < state_.marks[step].size(); ++p) Announce(step, p);
    }
    Drain();
    Run();
  }

  // ---- sending ----

  void Send(size_t step, size_t worker, size_t sender, Message message) {
    sites_[step][worker].queues[sender].push_back(std::move(message));
  }
  void SendToAll(size_t step, size_t sender, const Message& message) {
    for (size_t worker = 0; worker < workers(); ++worker) Send(step, worker, sender, message);
  }
  void Announce(size_t step, size_t partition) {
    SendToAll(step, partition, {Message::Kind::kMark, {}, state_.marks[step][partition]});
  }
  // use(step behind, the sender's number there)
  template <class Use>
  void Behind(size_t step, size_t worker, Use use) {
    for (size_t behind = 0; behind < specs_.size(); ++behind) {
      const std::vector<int>& inputs = specs_[behind].inputs;
      for (size_t input = 0; input < inputs.size(); ++input) {
        if (Index(inputs[input]) == step) use(behind, input * workers() + worker);
      }
    }
  }
  // Gives results out and sends them on; returns which workers got one.
  std::vector<bool> Emit(size_t step, size_t worker, const ClosedChainWindow& closed) {
    std::vector<bool> got(workers());
    state_.rows[step].results.push_back(ResultRow(closed.result));
    for (const ChainResult& result : sites_[step][worker].windows.Passed(closed.result)) {
      Behind(step, worker, [&](size_t behind, size_t sender) {
        const ChainItem item = ToItem(result, specs_[behind]);
        const size_t to = WorkerOf(behind, item.who % specs_[behind].keys);
        got[to] = true;
        Send(behind, to, sender, {Message::Kind::kItem, item, kMin});
      });
    }
    return got;
  }
  void SendMark(size_t step, size_t worker, const std::vector<bool>& got) {
    const bool session_bug = bug_ == ChainBug::kSessionNotHeldBack;
    const int64_t watermark = sites_[step][worker].watermark;
    const int64_t mark = session_bug ? watermark : HandedOn(specs_[step], watermark);
    Behind(step, worker, [&](size_t behind, size_t sender) {
      for (size_t to = 0; to < workers(); ++to) {
        if (bug_ == ChainBug::kMarkWithResultsOnly && !got[to]) continue;
        Send(behind, to, sender, {Message::Kind::kMark, {}, mark});
      }
    });
  }

  // ---- receiving ----

  void Rise(size_t step, size_t worker, int64_t watermark) {
    Site& site = sites_[step][worker];
    if (watermark <= site.watermark) return;
    site.watermark = watermark;
    std::vector<bool> got(workers());
    if (bug_ == ChainBug::kMarkBeforeResults) SendMark(step, worker, got);
    for (const ClosedChainWindow& closed : site.windows.Close(watermark)) {
      const std::vector<bool> now = Emit(step, worker, closed);
      for (size_t to = 0; to < now.size(); ++to) got[to] = got[to] || now[to];
    }
    if (bug_ != ChainBug::kMarkBeforeResults) SendMark(step, worker, got);
  }

  // An input is silent when all of its workers are: one of them hears first that it speaks again,
  // and what the others still have comes before their own word.
  bool IsLeftOut(size_t step, const Site& site, size_t sender) const {
    if (specs_[step].inputs.empty() || bug_ == ChainBug::kIdlePerWorker) return site.idle[sender];
    const auto from =
        site.idle.begin() + static_cast<std::ptrdiff_t>(sender / workers() * workers());
    return std::count(from, from + workers_, false) == 0;
  }

  void Move(size_t step, size_t worker) {
    const Site& site = sites_[step][worker];
    const ChainStep& spec = specs_[step];
    const bool greatest = bug_ == ChainBug::kGreatestOverWorkers && !spec.inputs.empty();
    int64_t measured = greatest ? kMin : kMax;
    for (size_t sender = 0; sender < site.heard.size(); ++sender) {
      if (site.ended[sender] || IsLeftOut(step, site, sender)) continue;
      measured = greatest ? std::max(measured, site.heard[sender])
                          : std::min(measured, site.heard[sender]);
    }
    if (measured == kMax) return;  // nobody speaks
    const bool held_back = bug_ != ChainBug::kNotHeldBack || spec.time != ChainTime::kOpen;
    if (!spec.inputs.empty() && held_back) measured = MinusBound(measured, spec.bound);
    Rise(step, worker, measured);
  }

  // One that all are silent for says so, and that it speaks again.
  void SaySilence(size_t step, size_t worker) {
    Site& site = sites_[step][worker];
    const bool silent = std::count(site.idle.begin(), site.idle.end(), false) == 0;
    if (silent == site.silent || bug_ == ChainBug::kIdleNotHandedOn) return;
    site.silent = silent;
    if (!silent) return SendMark(step, worker, std::vector<bool>(workers(), true));
    Behind(step, worker, [&](size_t behind, size_t sender) {
      SendToAll(behind, sender, {Message::Kind::kIdle, {}, kMin});
    });
  }

  void Receive(size_t step, size_t worker, size_t sender, const Message& message) {
    Site& site = sites_[step][worker];
    switch (message.kind) {
      case Message::Kind::kItem:
        site.windows.OnItem(message.item, site.watermark, state_.rows[step].late);
        break;
      case Message::Kind::kMark:
        site.heard[sender] = std::max(site.heard[sender], message.mark);
        site.idle[sender] = false;
        Move(step, worker);
        SaySilence(step, worker);
        break;
      case Message::Kind::kIdle:
        site.idle[sender] = true;
        Move(step, worker);
        SaySilence(step, worker);
        break;
      case Message::Kind::kEnd:
        site.ends_heard[sender] = true;
        ReceiveEnd(step, worker, sender);
        break;
    }
  }

  // An input has ended when every worker has finished it.
  void ReceiveEnd(size_t step, size_t worker, size_t sender) {
    Site& site = sites_[step][worker];
    const bool source = specs_[step].inputs.empty();
    const size_t from = source ? sender : sender / workers() * workers();
    const size_t to = source ? sender + 1 : from + workers();
    const bool first_counts = bug_ == ChainBug::kEndOfFirstWorker;
    for (size_t s = from; s < to && !first_counts; ++s) {
      if (!site.ends_heard[s]) return;
    }
    for (size_t s = from; s < to; ++s) site.ended[s] = true;
    if (std::count(site.ended.begin(), site.ended.end(), false) > 0) return Move(step, worker);
    if (specs_[step].at_eof == AtEof::kClose) CloseAll(step, worker);
    Behind(step, worker, [&](size_t behind, size_t sender_there) {
      SendToAll(behind, sender_there, {Message::Kind::kEnd, {}, kMin});
    });
  }

  void CloseAll(size_t step, size_t worker) {
    Site& site = sites_[step][worker];
    std::vector<ClosedChainWindow> closed = site.windows.Close(kMax);
    if (bug_ == ChainBug::kEndKeyByKey) {
      std::stable_sort(closed.begin(), closed.end(),
                       [](const auto& a, const auto& b) { return a.result.who < b.result.who; });
    }
    for (size_t i = 0; i < closed.size(); ++i) {
      const std::vector<bool> got = Emit(step, worker, closed[i]);
      site.watermark = std::max(site.watermark, closed[i].closing);
      const bool more = i + 1 < closed.size() && closed[i + 1].closing == closed[i].closing;
      if (!more) SendMark(step, worker, got);
    }
  }

  // ---- running ----

  void Run() {
    for (const ChainEvent& event : std::exchange(unread_, {})) {
      const size_t step = Index(event.step), partition = Index(event.partition);
      const ChainStep& spec = specs_[step];
      Send(step, WorkerOf(step, event.item.who % spec.keys), partition,
           {Message::Kind::kItem, event.item, kMin});
      int64_t& mark = state_.marks[step][partition];
      mark = std::max(mark, MinusBound(event.item.at, spec.bound));
      spoke_[step][partition] = now_;
      Announce(step, partition);
    }
    for (size_t step = 0; step < over_.size(); ++step) {
      for (size_t p = 0; p < over_[step].size(); ++p) {
        if (over_[step][p]) SendToAll(step, p, {Message::Kind::kMark, {}, kMax});
        const int64_t idle_after = specs_[step].idle_after;
        if (idle_after == kForever || now_ - spoke_[step][p] < idle_after) continue;
        SendToAll(step, p, {Message::Kind::kIdle, {}, kMin});
      }
    }
    Drain();
  }

  void End() {
    for (size_t step = 0; step < specs_.size(); ++step) {
      if (!specs_[step].inputs.empty()) continue;
      for (size_t p = 0; p < state_.marks[step].size(); ++p) {
        SendToAll(step, p, {Message::Kind::kEnd, {}, kMin});
      }
    }
    Drain();
  }

  // Delivers what is on its way, in an order that keeps only that of each sender.
  void Drain() {
    struct Place {
      size_t step, worker, sender;
    };
    for (;;) {
      std::vector<Place> places;
      for (size_t step = 0; step < sites_.size(); ++step) {
        for (size_t worker = 0; worker < workers(); ++worker) {
          const auto& queues = sites_[step][worker].queues;
          for (size_t sender = 0; sender < queues.size(); ++sender) {
            if (!queues[sender].empty()) places.push_back({step, worker, sender});
          }
        }
      }
      if (places.empty()) return;
      const Place at = places[random_.Below(places.size())];
      auto& queue = sites_[at.step][at.worker].queues[at.sender];
      const Message message = std::move(queue.front());
      queue.pop_front();
      Receive(at.step, at.worker, at.sender, message);
    }
  }

  const ChainBug bug_;
  const std::vector<ChainStep> specs_;
  Random random_;
  int workers_;
  int64_t now_;
  State state_, committed_;
  std::vector<std::vector<Site>> sites_;     // by step and worker
  std::vector<std::vector<bool>> over_;      // partitions that have ended
  std::vector<std::vector<int64_t>> spoke_;  // when each partition was heard last
  std::vector<ChainEvent> unread_, uncommitted_;
};

}  // namespace

std::unique_ptr<ChainPlayer> NewChainStandIn(const ChainScript& script, ChainBug bug) {
  return std::make_unique<StandIn>(script, bug);
}

}  // namespace tidemark::oracle
