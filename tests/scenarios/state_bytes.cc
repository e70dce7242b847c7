#include "tests/scenarios/state_bytes.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "tidemark/join.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

struct Reading {
  int64_t key = 0;
  absl::Time at;
  std::string text;
};

constexpr int64_t kEpochValues = 10;
constexpr absl::Time kStart = absl::FromUnixSeconds(1'600'000'000);

}  // namespace

class StateBytes::Job {
 public:
  using Readings = KeyedStream<int64_t, Reading>;
  using Step = std::function<void(Readings)>;

  explicit Job(Step step) {
    input_ = tester_.Input<Reading>();
    tester_.Build(
        [this, step](Flow& flow) { step(flow.From("in", input_.source()).KeyBy(&Reading::key)); });
  }
  void Push(int64_t key, int64_t number, absl::Duration apart) {
    input_.Push(
        {key, kStart + number * apart, Cat("{\"n\": ", number, ", \"place\": \"harbour\"}")});
  }
  uint64_t CommitBytes() {
    const uint64_t before = tester_.committed_bytes();
    tester_.Run();
    tester_.Commit();
    return tester_.committed_bytes() - before;
  }
  uint64_t committed_bytes() const { return tester_.committed_bytes(); }
  void End() { tester_.End(); }

 private:
  FlowTester tester_;
  TestInput<Reading> input_;
};

namespace {

using Job = StateBytes::Job;
using Readings = Job::Readings;

std::unique_ptr<Job> Made(Job::Step step) { return std::make_unique<Job>(std::move(step)); }

auto Texts(const Readings& readings) {
  return readings.MapValue([](Reading reading) { return std::move(reading.text); });
}

// For years; a test that wants windows to close makes its own.
constexpr absl::Duration kLong = absl::Hours(24 * 365 * 10);

template <class Windows>
void Collect(const Readings& readings, Windows windows, WindowOptions options = {},
             absl::Duration bound = absl::Hours(1)) {
  readings.EventTime(&Reading::at, {.max_out_of_orderness = bound})
      .Window(windows, options)
      .Collect("collect");
}

std::unique_ptr<Job> ManyWindows() {
  return Made([](Readings readings) {
    readings.EventTime(&Reading::at, {.max_out_of_orderness = kLong})
        .Window(Tumbling{absl::Seconds(1)})
        .Count("count");
  });
}

}  // namespace

std::vector<StateBytes::Shape> StateBytes::Shapes() {
  return {
      {"batch", [] { return Made([](Readings r) { r.Batch("list", {.max_items = 1 << 30}); }); }},
      {"collect_tumbling", [] { return Made([](Readings r) { Collect(r, Tumbling{kLong}); }); }},
      {"collect_sliding",
       [] { return Made([](Readings r) {
              Collect(r, Sliding{kLong, kLong / 10});
            }); }},
      {"collect_session",
       [] { return Made([](Readings r) { Collect(r, tidemark::Session{absl::Hours(1)}); }); }},
      {"queue_of_windows",
       [] {
         return Made([](Readings r) {
           Collect(r, Tumbling{absl::Minutes(1)}, {.late_when = LateWhen::kBehindWatermark}, kLong);
         });
       }},
      {"many_windows", ManyWindows},
      {"many_sessions",
       [] {
         return Made([](Readings r) {
           r.EventTime(&Reading::at, {.max_out_of_orderness = kLong})
               .Window(tidemark::Session{absl::Milliseconds(1)})
               .Count("count");
         });
       }},
      {"join_product",
       [] {
         return Made([](Readings r) {
           Join("join", {.insert = JoinInsert::kProduct, .emit = JoinEmit::kFinal}, Texts(r),
                Texts(r.FilterValue([](const Reading&) { return false; })));
         });
       }},
  };
}

StateBytes::StateBytes(const Shape& shape) : job_(shape.make()) {}
StateBytes::~StateBytes() = default;

void StateBytes::Hold(int64_t values) {
  while (held_ < values) {
    // Epochs that are few, and small enough for a list to be in many pieces.
    const int64_t more = std::max<int64_t>(100, values / 1000);
    for (int64_t i = 0; i < more && held_ < values; ++i) job_->Push(7, held_++, absl::Seconds(1));
    job_->CommitBytes();
  }
}

double StateBytes::BytesPerEpoch() {
  constexpr int kEpochs = 30;
  uint64_t bytes = 0;
  for (int epoch = 0; epoch < kEpochs; ++epoch) {
    for (int64_t i = 0; i < kEpochValues; ++i) job_->Push(7, held_++, absl::Seconds(1));
    bytes += job_->CommitBytes();
  }
  return static_cast<double>(bytes) / kEpochs;
}

double StateBytes::TotalBytes(const std::string& name) {
  constexpr int64_t kKeys = 100, kEpochs = 200, kPerEpoch = 3, kListItems = 100;
  std::unique_ptr<Job> job;
  if (name == "batch") {
    job = Made([](Readings r) { r.Batch("list", {.max_items = kListItems}); });
  } else if (name == "collect_tumbling") {
    job = Made(
        [](Readings r) { Collect(r, Tumbling{absl::Seconds(100)}, {}, absl::ZeroDuration()); });
  } else if (name == "collect_sliding") {
    job = Made([](Readings r) {
      Collect(r, Sliding{absl::Seconds(100), absl::Seconds(50)}, {}, absl::ZeroDuration());
    });
  } else {
    job = Made([](Readings r) {
      Collect(r, tidemark::Session{absl::Seconds(2)}, {}, absl::ZeroDuration());
    });
  }
  int64_t number = 0;
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) {
    for (int64_t i = 0; i < kPerEpoch; ++i, ++number) {
      // A session ends where a list is full.
      const int64_t at = name == "collect_session" ? number + number / kListItems * 10 : number;
      for (int64_t key = 0; key < kKeys; ++key) job->Push(key, at, absl::Seconds(1));
    }
    job->CommitBytes();
  }
  return static_cast<double>(job->committed_bytes());
}

}  // namespace tidemark
