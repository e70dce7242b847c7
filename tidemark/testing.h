// FlowTester: runs a flow inside a test, with a virtual clock, and kills it at any point.
//
//   FlowTester t;
//   auto in = t.Input<std::string>();
//   auto out = t.Output<KeyValue<std::string, std::vector<std::string>>>();
//   t.Build([&](Flow& flow) {
//     flow.From("in", in.source()).KeyBy(FirstLetter).Batch("b", {.max_items = 2})
//         .To("out", out.sink());
//   });
//   in.Push("apple");
//   t.Run();                                  // until nothing is left to do
//   t.CrashAndResume();                       // nothing was committed: "apple" is read again
//   in.Push("avocado");
//   t.Run();
//   EXPECT_EQ(out.rows().size(), 1u);
//   t.Advance(absl::Seconds(10));             // moves the clock, lets due timers fire
//   t.End();                                  // end of input, final epoch
//
// Any test thus becomes a recovery test by one line. Nothing sleeps; everything happens in the
// calling thread, with any number of workers. A status that is not OK stops the test with its text,
// unless the Try… form is used.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/files.h"
#include "engine/channel.h"
#include "engine/job.h"
#include "engine/skip_log.h"
#include "runtime/session.h"
#include "state/store.h"
#include "tidemark/flow.h"

namespace tidemark {

// Items pushed by a test; all of them are kept, so that a resumed run can read them again.
template <class T>
class TestInput {
 public:
  void Push(T item) { PushTo(0, std::move(item)); }
  // For an input with several partitions (FlowTester::Input<T>(partitions)), numbered from 0.
  void PushTo(size_t partition, T item) {
    shared_->partitions.at(partition).push_back(std::move(item));
  }
  // This partition ends after its present items, in this execution and the next ones.
  void EndPartition(size_t partition) { shared_->ended_alone.insert(partition); }
  void PushAll(std::vector<T> items) {
    for (T& item : items) Push(std::move(item));
  }
  Source<T> source() const { return Source<T>(std::make_shared<Factory>(shared_)); }

 private:
  friend class FlowTester;
  struct Shared {
    std::vector<std::vector<T>> partitions = std::vector<std::vector<T>>(1);
    std::set<size_t> ended_alone;
    const bool* ended = nullptr;
  };
  class Partition final : public SourcePartition<T> {
   public:
    Partition(std::shared_ptr<Shared> shared, size_t number, size_t next)
        : shared_(std::move(shared)), number_(number), next_(next) {}
    absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<T>& out) override {
      const std::vector<T>& items = shared_->partitions[number_];
      for (; max > 0 && next_ < items.size(); --max) out.push_back(items[next_++]);
      if (next_ < items.size()) return PollResult::Again();
      const bool ended = *shared_->ended || shared_->ended_alone.count(number_) > 0;
      return ended ? PollResult::AtEnd() : PollResult::Again();
    }
    Position position() const override {
      return Position().Set("next", static_cast<int64_t>(next_));
    }

   private:
    const std::shared_ptr<Shared> shared_;
    const size_t number_;
    size_t next_;
  };
  class Factory final : public SourceFactory<T> {
   public:
    explicit Factory(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
      std::vector<std::string> names;
      for (size_t i = 0; i < shared_->partitions.size(); ++i) names.push_back(std::to_string(i));
      return names;
    }
    absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string& name,
                                                             const std::optional<Position>& resume,
                                                             const SourceContext&) override {
      const int64_t next = resume ? resume->Number("next").value_or(0) : 0;
      return std::make_unique<Partition>(shared_, std::stoul(name), static_cast<size_t>(next));
    }
    std::string Describe() const override { return "test input"; }

   private:
    const std::shared_ptr<Shared> shared_;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

// Collected output: a truncating sink in memory.
template <class T>
class TestOutput {
 public:
  // All output so far, including rows that are not committed yet.
  const std::vector<T>& rows() const { return shared_->rows; }
  // The rows that the last commit made final.
  std::vector<T> committed() const {
    return {shared_->rows.begin(),
            shared_->rows.begin() + static_cast<std::ptrdiff_t>(shared_->durable)};
  }
  Sink<T> sink() const { return Sink<T>(std::make_shared<Factory>(shared_)); }

 private:
  struct Shared {
    std::vector<T> rows;
    size_t durable = 0;
  };
  class Writer final : public SinkWriter<T> {
   public:
    explicit Writer(std::shared_ptr<Shared> shared) : shared_(std::move(shared)) {}
    absl::Status Write(const std::vector<T>& items) override {
      shared_->rows.insert(shared_->rows.end(), items.begin(), items.end());
      return absl::OkStatus();
    }
    absl::StatusOr<EpochOutput> EndEpoch(Epoch) override {
      const size_t rows = shared_->rows.size();
      EpochOutput output;
      output.position.Set("rows", static_cast<int64_t>(rows));
      output.make_durable = [shared = shared_, rows] {
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
      const int64_t rows = resume ? resume->Number("rows").value_or(0) : 0;
      shared_->durable = static_cast<size_t>(rows);
      shared_->rows.resize(shared_->durable);
      return std::make_unique<Writer>(shared_);
    }
    SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
    std::string Describe() const override { return "test output"; }

   private:
    const std::shared_ptr<Shared> shared_;
  };
  std::shared_ptr<Shared> shared_ = std::make_shared<Shared>();
};

class FlowTester {
 public:
  struct Options {
    int workers = 1;
    // Items read from a source at once; 1 makes every item an activation of its own.
    size_t batch_items_max = 1024;
    size_t memory_bytes = size_t{1} << 30;
    // Bound of the channels between workers; affects the order of steps, not results.
    size_t channel_batches_max = Channel::kBatchesMax;
    Timestamp start = SimClock::kDefaultStart;
    // Empty: state in memory, which survives CrashAndResume(). Otherwise a state directory on disk.
    std::string state_directory = {};
    // Items that are skipped, as by --skip-item.
    std::vector<SkippedItem> skip_items = {};
    // Sinks that begin a new output at the next start, as by --new-output.
    std::vector<std::string> new_outputs = {};
    // Nothing is kept, as in a run without --state.
    bool keep_nothing = false;
  };

  FlowTester() : FlowTester(Options()) {}
  explicit FlowTester(Options options);
  ~FlowTester();

  template <class T>
  TestInput<T> Input(size_t partitions = 1) {
    TestInput<T> input;
    input.shared_->partitions.resize(partitions);
    input.shared_->ended = &input_ended_;
    return input;
  }
  template <class T>
  TestOutput<T> Output() {
    return {};
  }

  // Builds the flow and starts it. `build` is called again for each resume.
  void Build(std::function<void(Flow&)> build, const std::string& name = "test");
  absl::Status TryBuild(std::function<void(Flow&)> build, const std::string& name = "test");

  // Steps every worker until no work is left at the present time.
  void Run();
  absl::Status TryRun();
  // Moves the clock, then Run().
  void Advance(absl::Duration d);
  // Sets the clock (it may step back), then Run().
  void SetTime(Timestamp t);
  // Closes an epoch and commits it.
  void Commit();
  absl::Status TryCommit();
  // Discards everything since the last commit; builds the flow again and resumes it.
  void CrashAndResume();
  absl::Status TryCrashAndResume();
  // As CrashAndResume(), with another number of workers.
  void CrashAndResumeWith(int workers);
  // The end of input: runs to the end and commits. A resume afterwards starts a new execution. Only
  // the inputs of Input() end by it; another source has to reach its own end.
  void End();

  SimClock& clock() { return clock_; }
  // The options of the next start.
  Options& options() { return options_; }
  Job& job() { return session_->job(); }
  // As a command that shows the run would have it.
  JobStatus status() const { return session_->status(); }
  // Of the present run.
  SkipLog& skips() { return session_->skips(); }
  const StateReader& store() const;
  // Sums over the workers since the last (re)start.
  uint64_t loaded_keys() const;
  uint64_t evicted_keys() const;
  uint64_t hot_keys() const;
  uint64_t early_epochs() const;
  // Keys and values of all rows of all commits so far, deleted rows included: what epochs write.
  uint64_t committed_bytes() const;

 private:
  absl::Status Start();
  SessionOptions OptionsOfSession();
  absl::Status StepAll(bool& did);
  absl::Status CommitEpoch();
  absl::Status RunQuiet();

  Options options_;
  SimClock clock_;
  std::unique_ptr<Files> files_;
  bool input_ended_ = false;
  std::string flow_name_;
  std::function<void(Flow&)> build_;
  struct Storage;
  std::unique_ptr<Storage> storage_;
  std::unique_ptr<JobSession> session_;
};

}  // namespace tidemark
