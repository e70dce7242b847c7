// Flows for tests of workers and runner, whose output per key does not depend on who does what
// when.
//
// Script is a source of several partitions with a list each, released bit by bit; Collected is a
// cut-back sink in memory. Both may be used by several threads, and outlive crashes.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/synchronization/mutex.h"
#include "base/random.h"
#include "tidemark/flow.h"

namespace tidemark {

struct Item {
  std::string user;
  int64_t number = 0;
  bool operator==(const Item&) const = default;
};
using Row = KeyValue<std::string, std::vector<int64_t>>;
using RowsByKey = std::map<std::string, std::vector<std::vector<int64_t>>>;

inline RowsByKey ByKey(const std::vector<Row>& rows) {
  RowsByKey by_key;
  for (const Row& row : rows) by_key[row.key].push_back(row.value);
  return by_key;
}

struct Script {
  std::vector<std::vector<Item>> partitions;
  std::atomic<size_t> released{SIZE_MAX};  // items of each partition that may be read
  std::atomic<bool> ended{true};           // whether the end of a list is the end of input
  std::atomic<int64_t> fails_at{-1};       // reading this item of any partition is an error, once
  bool sleeps = false;                     // at the end of what is there; else it is asked again

  size_t longest() const {
    size_t items = 0;
    for (const auto& partition : partitions) items = std::max(items, partition.size());
    return items;
  }
};

// Users of partition p are named "p<name>", so that the order of a user's items is that of a list.
inline std::vector<std::vector<Item>> RandomPartitions(Random& random, int partitions, int items,
                                                       int users) {
  std::vector<std::vector<Item>> lists(static_cast<size_t>(partitions));
  for (int p = 0; p < partitions; ++p) {
    for (int i = 0; i < items; ++i) {
      const uint64_t user = random.Below(static_cast<uint64_t>(users));
      lists[static_cast<size_t>(p)].push_back(
          {std::to_string(p) + "u" + std::to_string(user), p * 1'000'000 + i});
    }
  }
  return lists;
}

class ScriptPartition final : public SourcePartition<Item> {
 public:
  ScriptPartition(std::shared_ptr<Script> script, size_t partition, size_t next)
      : script_(std::move(script)), items_(script_->partitions[partition]), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<Item>& out) override {
    // Asked for first: what is released before the end is said must not be missed.
    const bool ended = script_->ended.load();
    const size_t end = std::min(items_.size(), script_->released.load());
    for (; max > 0 && next_ < end; --max) {
      int64_t here = static_cast<int64_t>(next_);
      if (script_->fails_at.compare_exchange_strong(here, -1)) {
        return absl::UnavailableError("the source cannot be read");
      }
      out.push_back(items_[next_++]);
    }
    if (next_ == items_.size() && ended) return PollResult::AtEnd();
    return next_ == end && script_->sleeps ? PollResult::At(Timestamp::Never())
                                           : PollResult::Again();
  }
  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }

 private:
  const std::shared_ptr<Script> script_;
  const std::vector<Item>& items_;
  size_t next_;
};

class ScriptFactory final : public SourceFactory<Item> {
 public:
  explicit ScriptFactory(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    std::vector<std::string> names;
    for (size_t p = 0; p < script_->partitions.size(); ++p) names.push_back(std::to_string(p));
    return names;
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<Item>>> Open(const std::string& partition,
                                                              const std::optional<Position>& resume,
                                                              const SourceContext&) override {
    const int64_t next = resume ? resume->Number("next").value_or(0) : 0;
    return std::make_unique<ScriptPartition>(script_, std::stoul(partition),
                                             static_cast<size_t>(next));
  }
  std::string Describe() const override { return "script"; }

 private:
  const std::shared_ptr<Script> script_;
};

inline Source<Item> From(std::shared_ptr<Script> script) {
  return Source<Item>(std::make_shared<ScriptFactory>(std::move(script)));
}

template <class T>
class Collected {
 public:
  // What is final, and what would be lost by a crash behind it.
  std::vector<T> committed() const {
    absl::MutexLock lock(&shared_->mutex);
    const auto begin = shared_->rows.begin();
    return {begin, begin + static_cast<std::ptrdiff_t>(shared_->durable)};
  }
  std::vector<T> rows() const {
    absl::MutexLock lock(&shared_->mutex);
    return shared_->rows;
  }
  // The n-th write from now on is an error, once.
  void FailAt(int64_t writes) { shared_->fails_in.store(writes); }
  Sink<T> sink() const { return Sink<T>(std::make_shared<Factory>(shared_)); }

 private:
  struct Shared {
    mutable absl::Mutex mutex;
    std::vector<T> rows ABSL_GUARDED_BY(mutex);
    size_t durable ABSL_GUARDED_BY(mutex) = 0;
    std::atomic<int64_t> fails_in{-1};
  };
  class Writer final : public SinkWriter<T> {
   public:
    explicit Writer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    absl::Status Write(const std::vector<T>& items) override {
      if (shared_->fails_in.load() >= 0 && shared_->fails_in.fetch_sub(1) == 0) {
        return absl::ResourceExhaustedError("the sink is full");
      }
      absl::MutexLock lock(&shared_->mutex);
      shared_->rows.insert(shared_->rows.end(), items.begin(), items.end());
      return absl::OkStatus();
    }
    absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
      absl::MutexLock lock(&shared_->mutex);
      const size_t rows = shared_->rows.size();
      EpochOutput output;
      output.position.Set("rows", static_cast<int64_t>(rows));
      output.make_durable = [shared = shared_, rows] {
        absl::MutexLock inner(&shared->mutex);
        shared->durable = rows;
        return absl::OkStatus();
      };
      return output;
    }

   private:
    const std::shared_ptr<Shared> shared_;
  };
  class Factory final : public SinkFactory<T> {
   public:
    explicit Factory(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                        const SinkContext&) override {
      absl::MutexLock lock(&shared_->mutex);
      shared_->durable = static_cast<size_t>(resume ? resume->Number("rows").value_or(0) : 0);
      shared_->rows.resize(shared_->durable);
      return std::make_unique<Writer>(shared_);
    }
    SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
    std::string Describe() const override { return "collected"; }

   private:
    const std::shared_ptr<Shared> shared_;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// ---- flows ----------------------------------------

inline KeyedStream<std::string, int64_t> ByUser(const Stream<Item>& items) {
  return items.KeyBy(&Item::user).MapValue([](Item item) { return item.number; });
}

// Lists of three by user, then pairs of their sums by user and parity: two exchanges in a row.
inline void TwoKeyedSteps(Flow& flow, std::shared_ptr<Script> script, Sink<Row> out) {
  ByUser(flow.From("in", From(std::move(script))))
      .Batch("threes", {.max_items = 3})
      .Pairs()
      .Map([](const Row& row) {
        int64_t sum = 0;
        for (const int64_t number : row.value) sum += number;
        return Item{row.key + (sum % 2 == 0 ? "-even" : "-odd"), sum};
      })
      .KeyBy(&Item::user)
      .MapValue([](Item item) { return item.number; })
      .Batch("pairs", {.max_items = 2})
      .To("out", std::move(out));
}

// Lists that time closes, too.
inline void TimedLists(Flow& flow, std::shared_ptr<Script> script, Sink<Row> out) {
  ByUser(flow.From("in", From(std::move(script))))
      .Batch("lists",
             {.max_items = 4, .max_wait = absl::Seconds(5), .idle_timeout = absl::Seconds(3)})
      .To("out", std::move(out));
}

// Parted by parity and put together again: every item at its place.
inline void BranchAndMerge(Flow& flow, std::shared_ptr<Script> script, Sink<Row> out) {
  const auto [even, odd] = flow.From("in", From(std::move(script))).Branch([](const Item& item) {
    return item.number % 2 == 0;
  });
  const auto negative = odd.Map([](Item item) { return Item{item.user, -item.number}; });
  ByUser(even.Merge(negative)).Batch("lists", {.max_items = 3}).To("out", std::move(out));
}

// One stream with two users that come together again.
inline void SplitAtTheSource(Flow& flow, std::shared_ptr<Script> script, Sink<Row> out) {
  const auto items = flow.From("in", From(std::move(script)));
  const auto thirds = items.Filter([](const Item& item) { return item.number % 3 == 0; });
  const auto negative = items.Map([](Item item) { return Item{item.user, -item.number}; });
  ByUser(thirds.Merge(negative)).Batch("lists", {.max_items = 3}).To("out", std::move(out));
}

// A source that gives these items.
inline std::shared_ptr<Script> MakeScript(std::vector<std::vector<Item>> partitions) {
  auto script = std::make_shared<Script>();
  script->partitions = std::move(partitions);
  return script;
}

}  // namespace tidemark
