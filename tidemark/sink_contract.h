// CheckSinkContract: checks that a sink keeps its guarantee, wherever a process dies.
//
//   EXPECT_THAT(CheckSinkContract<std::string>({.make_sink = [&] { return LineFile(path); },
//                                               .item = [](int n) { return Cat("row ", n); },
//                                               .read = [&] { return LinesOf(path); },
//                                               .clear = [&] { RemoveAll(path); }}),
//               IsEmpty());
//
// A job writes a few epochs of items through the sink; then the same with a crash before or after
// each of the calls that the engine makes to it, and with a second crash at each later call. In the
// end the output must have each item once, in order; with an at-least-once sink, each item at least
// once, and the first occurrences in order.
//
// The number of jobs grows with the square of the calls; a sink that syncs to a disk takes seconds.
//
// A crash ends the job at that point: the writer's memory is lost, and anything its destructor does
// looks as if the process had run a little longer. Unsynced writes are not lost; losing them is
// left to the simulator (tests/sim).
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"
#include "tidemark/sink.h"
#include "tidemark/testing.h"

namespace tidemark {

template <class T>
struct SinkContract {
  // The sink as a new process makes it: called for each start.
  std::function<Sink<T>()> make_sink;
  // The items that it is given: all different, so that an output shows their order.
  std::function<T(int n)> item;
  // Returns the items that are in the output now.
  std::function<std::vector<T>()> read;
  // Removes the output, and everything that the sink keeps beside it.
  std::function<void()> clear;
  int epochs = 3;
  int items_per_epoch = 2;
};

namespace internal {

// Counts the places where a process can die, and dies at some of them.
class Deaths {
 public:
  explicit Deaths(std::vector<int64_t> at) : at_(std::move(at)) {}

  absl::Status Pass(const char* when, const char* call) {
    const int64_t place = places_++;
    if (std::find(at_.begin(), at_.end(), place) == at_.end()) return absl::OkStatus();
    story_ += Cat(story_.empty() ? "a crash " : ", then one ", when, " ", call);
    return absl::AbortedError("the process dies here");
  }
  int64_t places() const { return places_; }
  const std::string& story() const { return story_; }

 private:
  const std::vector<int64_t> at_;
  int64_t places_ = 0;
  std::string story_;
};

template <class T>
class MortalWriter final : public SinkWriter<T> {
 public:
  MortalWriter(std::unique_ptr<SinkWriter<T>> writer, Deaths& deaths)
      : writer_(std::move(writer)), deaths_(deaths) {}

  absl::Status Write(const std::vector<T>& items) override {
    return Around("Write", [&] { return writer_->Write(items); });
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override {
    EpochOutput output;
    TM_RETURN_IF_ERROR(Around("EndEpoch", [&]() -> absl::Status {
      TM_ASSIGN_OR_RETURN(output, writer_->EndEpoch(epoch));
      return absl::OkStatus();
    }));
    Wrap("make_durable", output.make_durable);
    Wrap("committed", output.committed);
    return output;
  }
  absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
    return Around("Publish", [&] { return writer_->Publish(epoch, rows); });
  }

 private:
  template <class Call>
  absl::Status Around(const char* name, const Call& call) {
    TM_RETURN_IF_ERROR(deaths_.Pass("before", name));
    TM_RETURN_IF_ERROR(call());
    return deaths_.Pass("after", name);
  }
  void Wrap(const char* name, std::function<absl::Status()>& call) {
    if (!call) return;
    call = [this, name, inner = std::move(call)] { return Around(name, inner); };
  }

  const std::unique_ptr<SinkWriter<T>> writer_;
  Deaths& deaths_;
};

template <class T>
class MortalSink final : public SinkFactory<T> {
 public:
  MortalSink(const Sink<T>& sink, Deaths& deaths) : sink_(sink.factory()), deaths_(deaths) {}

  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    TM_RETURN_IF_ERROR(sink_->Check(resume, context));
    return deaths_.Pass("after", "Check");
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto writer, sink_->Open(resume, context));
    TM_RETURN_IF_ERROR(deaths_.Pass("after", "Open"));
    return std::make_unique<MortalWriter<T>>(std::move(writer), deaths_);
  }
  SinkGuarantee guarantee() const override { return sink_->guarantee(); }
  std::string Describe() const override { return sink_->Describe(); }

 private:
  const std::shared_ptr<SinkFactory<T>> sink_;
  Deaths& deaths_;
};

// A job from its beginning to its last commit, through as many processes as it takes.
template <class T>
absl::Status LiveThrough(const SinkContract<T>& contract, Deaths& deaths) {
  contract.clear();
  FlowTester tester;
  auto in = tester.Input<T>();
  absl::Status status = tester.TryBuild([&](Flow& flow) {
    flow.From("in", in.source())
        .To("out", Sink<T>(std::make_shared<MortalSink<T>>(contract.make_sink(), deaths)));
  });
  int pushed = 0, committed = 0;
  while (committed < contract.epochs) {
    if (absl::IsAborted(status)) {
      status = tester.TryCrashAndResume();
      continue;
    }
    TM_RETURN_IF_ERROR(status);
    for (; pushed < (committed + 1) * contract.items_per_epoch; ++pushed) {
      in.Push(contract.item(pushed));
    }
    status = tester.TryRun();
    if (status.ok()) status = tester.TryCommit();
    if (status.ok()) ++committed;
  }
  return absl::OkStatus();
}

// Returns what is wrong with the output; empty if nothing is.
template <class T>
std::string JudgeOutput(const SinkContract<T>& contract, bool may_repeat) {
  const std::vector<T> found = contract.read();
  std::vector<T> wanted;
  for (int n = 0; n < contract.epochs * contract.items_per_epoch; ++n) {
    wanted.push_back(contract.item(n));
  }
  std::vector<T> first_times;
  for (const T& item : found) {
    const bool again = std::find(first_times.begin(), first_times.end(), item) != first_times.end();
    if (!again) first_times.push_back(item);
  }
  for (size_t n = 0; n < wanted.size(); ++n) {
    const auto count = std::count(found.begin(), found.end(), wanted[n]);
    if (count == 0) return Cat("item ", n, " is lost");
    if (count > 1 && !may_repeat) return Cat("item ", n, " is there ", count, " times");
  }
  if (first_times.size() > wanted.size()) return "something is there that was never written";
  return first_times == wanted ? "" : "the items are not in order";
}

}  // namespace internal

// Returns the failures, a line for each crash or pair of crashes, ten at most; empty if the sink
// keeps its contract.
template <class T>
std::vector<std::string> CheckSinkContract(const SinkContract<T>& contract) {
  constexpr size_t kLinesMax = 10;
  const bool may_repeat =
      contract.make_sink().factory()->guarantee() == SinkGuarantee::kAtLeastOnce;
  std::vector<std::string> wrong;
  // Returns true if the last of the deaths was reached.
  const auto live = [&](const std::vector<int64_t>& at) {
    internal::Deaths deaths(at);
    const absl::Status status = internal::LiveThrough(contract, deaths);
    const std::string fault =
        status.ok() ? internal::JudgeOutput(contract, may_repeat) : std::string(status.message());
    const std::string story = deaths.story().empty() ? "no crash at all" : deaths.story();
    if (!fault.empty()) wrong.push_back(Cat(story, ": ", fault));
    return at.empty() || deaths.places() > at.back();
  };
  live({});
  int64_t first = 0;
  while (wrong.size() < kLinesMax && live({first})) ++first;
  const int64_t places = first;
  for (first = 0; first < places && wrong.size() < kLinesMax; ++first) {
    for (int64_t second = first + 1; wrong.size() < kLinesMax && live({first, second}); ++second) {
    }
  }
  contract.clear();
  return wrong;
}

}  // namespace tidemark
