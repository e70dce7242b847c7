// The watermark of a stream while its partitions come and go: it never moves back, waits for a new
// partition, and is not held forever by one that is empty or gone.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/status.h"
#include "engine/test_folder.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// Lines are "KEY SECOND"; windows of ten seconds are counted.
struct Timed {
  explicit Timed(int workers, absl::Duration idle_after = absl::InfiniteDuration())
      : stage(workers), counts(stage.tester.Output<std::string>()) {
    build = [this, idle_after](Flow& flow) {
      auto [count, late] =
          flow.From("in", Source<std::string>(std::make_shared<FolderSource>(stage.folder)))
              .KeyBy([](const std::string& line) { return line.substr(0, line.find(' ')); })
              .EventTime(
                  [](const std::string& line) {
                    return absl::FromUnixSeconds(std::stoi(line.substr(line.find(' '))));
                  },
                  PerStream{.idle_after = idle_after})
              .Window(Tumbling{.length = absl::Seconds(10), .align_to = absl::UnixEpoch()})
              .Count("count");
      count.Pairs()
          .Map([](const KeyValue<std::string, Windowed<int64_t>>& row) {
            return Cat(row.key, row.value.window_id, ":", row.value.value);
          })
          .To("counts", counts.sink());
      late.Pairs()
          .Map([](const KeyValue<std::string, Windowed<std::string>>& row) {
            return Cat("late ", row.value.value);
          })
          .To("out", stage.out.sink());
    };
  }
  void Build() { stage.tester.Build(build); }
  Timestamp Watermark() { return stage.tester.job().record().steps.at(0).clock_floor; }

  Stage stage;
  TestOutput<std::string> counts;
  std::function<void(Flow&)> build;
};

Timestamp AtSecond(int64_t second) { return Timestamp{second * 1'000'000}; }

TEST(PartitionWatermarks, ANewPartitionHoldsTheWatermarkUntilItHasAnItemAndNeverSetsItBack) {
  for (const int workers : {1, 2, 3}) {
    Timed timed(workers);
    timed.stage.folder->Add("a", {"a 25"});
    timed.Build();
    timed.stage.Pass();
    timed.stage.tester.Commit();
    EXPECT_EQ(timed.Watermark(), AtSecond(25));
    timed.stage.folder->Add("b", {"b 3", "b 41"});
    timed.stage.Pass();
    timed.stage.tester.Commit();
    EXPECT_EQ(timed.Watermark(), AtSecond(25)) << "a holds it, and b does not set it back";
    EXPECT_THAT(timed.stage.out.rows(), ElementsAre("late b 3"));
    timed.stage.folder->files["a"].lines.push_back("a 62");
    timed.stage.Pass();
    timed.stage.tester.Commit();
    EXPECT_EQ(timed.Watermark(), AtSecond(41)) << "b holds it now";
    EXPECT_THAT(timed.counts.rows(), ElementsAre("a2:1"));
  }
}

TEST(PartitionWatermarks, AnEmptyPartitionHoldsNoStreamForever) {
  for (const int workers : {1, 2, 3}) {
    for (const bool from_the_start : {false, true}) {
      Timed timed(workers);
      timed.stage.folder->Add("a", {"a 5"});
      if (from_the_start) timed.stage.folder->Add("empty", {});
      timed.Build();
      timed.stage.Pass();
      timed.stage.folder->Add("empty", {});
      timed.stage.Pass();
      timed.stage.folder->files["a"].lines.push_back("a 35");
      timed.stage.Pass();
      timed.stage.tester.Commit();
      EXPECT_EQ(timed.Watermark(), AtSecond(35));
      timed.stage.tester.CrashAndResumeWith(workers % 3 + 1);
      timed.stage.folder->files["a"].lines.push_back("a 45");
      timed.stage.Pass();
      timed.stage.tester.Commit();
      EXPECT_EQ(timed.Watermark(), AtSecond(45)) << "also after a restart";
    }
  }
}

TEST(PartitionWatermarks, ANewPartitionIsWaitedForUntilIdleAfter) {
  Timed timed(2, absl::Seconds(5));
  timed.stage.folder->Add("a", {"a 5"});
  timed.Build();
  timed.stage.Pass();
  timed.stage.folder->Add("empty", {});
  timed.stage.Pass();
  for (int second = 1; second <= 5; ++second) {
    timed.stage.folder->files["a"].lines.push_back(Cat("a ", 30 + second));
    timed.stage.tester.Commit();
    EXPECT_EQ(timed.Watermark(), AtSecond(5)) << second;
    timed.stage.Pass();
  }
  timed.stage.tester.Run();
  timed.stage.tester.Commit();
  EXPECT_EQ(timed.Watermark(), AtSecond(35));
}

TEST(PartitionWatermarks, APartitionThatHasGoneHoldsNothingAndItsNumberStartsAgain) {
  for (const int workers : {1, 2, 3}) {
    Timed timed(workers);
    timed.stage.folder->Add("a", {"a 5"});
    timed.Build();
    timed.stage.Pass();
    const auto come_and_go = [&](const std::string& name, int second) {
      timed.stage.folder->Add(name, {Cat("x ", second)});
      timed.stage.Pass();
      timed.stage.folder->Vanish(name);
    };
    for (int round = 1; round <= 4; ++round) {
      come_and_go(Cat("far", round), 90'000);  // a holds the watermark
      timed.stage.Pass();
      timed.stage.tester.Commit();
      timed.stage.folder->Add(Cat("near", round), {Cat("x ", round * 100 - 50)});
      timed.stage.Pass();
      timed.stage.folder->files["a"].lines.push_back(Cat("a ", round * 100));
      timed.stage.Pass();
      timed.stage.tester.Commit();
      EXPECT_EQ(timed.Watermark(), AtSecond(round * 100 - 50)) << "it counts from its own item";
      timed.stage.folder->Vanish(Cat("near", round));
      timed.stage.Pass();
      timed.stage.tester.Commit();
      EXPECT_EQ(timed.Watermark(), AtSecond(round * 100));
      EXPECT_EQ(timed.stage.tester.job().record().steps.at(0).watermarks.size(), 1u);
    }
    EXPECT_THAT(timed.stage.out.rows(), IsEmpty()) << "nothing is late";
  }
}

}  // namespace
}  // namespace tidemark
