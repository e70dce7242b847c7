// Partitions that come and go, through whole flows: the rows are those of an external list, and the
// record contains the partitions that are there, whatever crashes and whichever worker reads.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"
#include "engine/test_folder.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(WorkerPartitions, AFileThatAppearsIsReadAfterTheNextBoundary) {
  for (const int workers : {1, 2, 3}) {
    Stage stage(workers);
    stage.Build();  // the folder is empty
    stage.tester.Run();
    stage.folder->Add("a", {"a0"});
    stage.folder->Add("b", {"b0", "b1"});
    stage.tester.Run();
    EXPECT_THAT(stage.out.rows(), IsEmpty()) << "the list is not due";
    stage.Pass();
    EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "b0", "b1"));
    stage.tester.Commit();
    EXPECT_THAT(stage.Recorded(), ElementsAre("a@1", "b@2"));
    stage.tester.CrashAndResumeWith(workers % 3 + 1);
    stage.folder->files["a"].lines.push_back("a1");
    stage.tester.Run();
    EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "a1", "b0", "b1"));
  }
}

TEST(WorkerPartitions, TheCommitOfItsLastItemForgetsAPartitionThatIsGone) {
  for (const bool says_gone : {true, false}) {
    for (const int workers : {1, 2, 3}) {
      Stage stage(workers);
      stage.folder->says_gone = says_gone;
      stage.folder->Add("a", {"a0", "a1"});
      stage.folder->Add("b", {"b0"});
      stage.Build();
      stage.tester.Commit();
      stage.folder->Vanish("a");
      stage.tester.CrashAndResume();  // it is in the record, and no longer in the list
      stage.Pass();
      EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "a1", "b0"));
      stage.tester.CrashAndResume();
      stage.Pass();
      EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "a1", "b0")) << "nothing was committed";
      stage.tester.Commit();
      EXPECT_THAT(stage.Recorded(), ElementsAre("b@1"));
      stage.tester.CrashAndResume();
      stage.folder->Add("a", {"another a"});  // the name is free again
      stage.Pass();
      stage.tester.Commit();
      EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "a1", "another a", "b0"));
      EXPECT_THAT(stage.Recorded(), ElementsAre("a@1", "b@1"));
    }
  }
}

TEST(WorkerPartitions, AFinishedPartitionThatIsStillListedIsNotReadAgain) {
  Stage stage;
  stage.folder->Add("a", {"a0"}, /*closed=*/true);
  stage.Build();
  stage.tester.Run();
  stage.tester.Commit();
  stage.Pass(5);
  EXPECT_THAT(stage.Recorded(), ElementsAre("a@1"));
  stage.tester.CrashAndResume();
  stage.Pass(5);
  EXPECT_THAT(stage.Sorted(), ElementsAre("a0"));
}

TEST(WorkerPartitions, TheInputEndsWhenTheListIsFinalAndAllHaveEnded) {
  for (const int workers : {1, 2, 3}) {
    Stage stage(workers);
    stage.folder->Add("a", {"a0"}, true);
    stage.Build();
    stage.Pass();
    stage.tester.Commit();
    EXPECT_FALSE(stage.tester.job().ended()) << "others may come";
    stage.folder->Add("b", {"b0"}, true);
    stage.folder->is_final = true;
    stage.Pass();
    stage.tester.Commit();
    EXPECT_THAT(stage.Sorted(), ElementsAre("a0", "b0"));
    EXPECT_TRUE(stage.tester.job().ended()) << workers;
    const int lists = stage.folder->lists;
    stage.Pass(10);
    EXPECT_EQ(stage.folder->lists, lists);
  }
}

TEST(WorkerPartitions, AnIdleJobThatDiscoversNothingClosesNoEpoch) {
  Stage stage(2);
  stage.folder->Add("a", {"a0"}, true);
  stage.Build();
  stage.tester.Run();
  stage.tester.Commit();
  const int lists = stage.folder->lists;
  const uint64_t epoch = stage.tester.job().committed_epoch();
  stage.Pass(1);
  stage.Pass(1);
  stage.folder->Vanish("a");
  stage.Pass(1);
  EXPECT_EQ(stage.folder->lists, lists + 3);
  EXPECT_EQ(stage.tester.job().committed_epoch(), epoch);
  for (int w = 0; w < 2; ++w) {
    EXPECT_FALSE(stage.tester.job().worker(w).changed());
  }
  EXPECT_EQ(stage.tester.job().worker(0).NextWait(), Span::Seconds(1)) << "it requests the list";
  EXPECT_TRUE(stage.tester.job().worker(1).NextWait().is_infinite());
}

TEST(WorkerPartitions, EachCommitIsReportedToThePartitionOnItsWorker) {
  Stage stage;
  stage.folder->Add("a", {"a0"});
  stage.Build();
  stage.tester.Run();
  stage.tester.Commit();
  EXPECT_THAT(stage.folder->commits, IsEmpty()) << "the worker has not run since the commit";
  stage.tester.Run();
  EXPECT_THAT(stage.folder->commits, ElementsAre("a@1"));
  stage.tester.Commit();
  stage.tester.Run();
  EXPECT_THAT(stage.folder->commits, ElementsAre("a@1")) << "nothing new";
  stage.folder->files["a"].lines.push_back("a1");
  stage.folder->Vanish("a");
  stage.Pass();
  stage.tester.CrashAndResume();  // it is not reported: it was not committed
  stage.Pass();
  stage.tester.Commit();
  ASSERT_TRUE(stage.tester.job().worker(0).NoticeCommit().ok());
  EXPECT_THAT(stage.folder->commits, ElementsAre("a@1", "a@2")) << "also of one that is forgotten";
}

TEST(WorkerPartitions, TheRateIsThatOfTheSourceHoweverManyPartitionsThereAre) {
  Stage stage(1, /*rate=*/10);
  Texts lines(1000, "line");
  stage.folder->Add("a", lines);
  stage.Build();
  const auto rows_of = [&](int seconds) {
    const size_t before = stage.out.rows().size();
    for (int i = 0; i < seconds * 10; ++i) stage.tester.Advance(absl::Milliseconds(100));
    return static_cast<int>(stage.out.rows().size() - before);
  };
  EXPECT_NEAR(rows_of(10), 100, 2);
  for (const char* name : {"b", "c", "d"}) stage.folder->Add(name, lines);
  rows_of(1);
  EXPECT_NEAR(rows_of(10), 100, 5);
  for (const char* name : {"b", "c", "d"}) {
    stage.folder->files[name].lines.resize(1);
    stage.folder->Vanish(name);
  }
  rows_of(2);
  stage.tester.Commit();
  EXPECT_NEAR(rows_of(10), 100, 5);
}

// ---- against an external list ----------------------------------------

// Files change while workers step, epochs close and the job crashes, in a random order.
class RandomFolder {
 public:
  RandomFolder(Random& random, Stage& stage) : random_(random), stage_(stage) {}

  void Change() {
    const std::string name = Cat("f", random_.Below(6));
    auto& files = stage_.folder->files;
    const auto file = files.find(name);
    if (file == files.end()) {
      files[name] = {};
      return Append(name);
    }
    if (!file->second.closed) {
      if (random_.OneIn(4)) Vanish(name);  // moved while it is written
      return random_.OneIn(4) ? void(file->second.closed = true) : Append(name);
    }
    Vanish(name);
  }
  void Append(const std::string& name) {
    for (uint64_t n = 1 + random_.Below(4); n > 0; --n) {
      written_.push_back(Cat(name, " ", written_.size()));
      stage_.folder->files[name].lines.push_back(written_.back());
    }
  }
  void Finish() {
    for (auto& [name, file] : stage_.folder->files) file.closed = true;
    stage_.folder->is_final = true;
  }
  Texts Written() const {
    Texts sorted = written_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

 private:
  // One that no commit contains would not be found again after a crash.
  void Vanish(const std::string& name) {
    for (const SourceRecord& source : stage_.tester.job().record().sources) {
      if (source.partition == name) stage_.folder->files[name].listed = false;
    }
  }

  Random& random_;
  Stage& stage_;
  Texts written_;
};

void DriveAtRandom(Random& random, Stage& stage) {
  Job& job = stage.tester.job();
  for (uint64_t n = random.Below(12); n > 0; --n) {
    const int w = static_cast<int>(random.Below(static_cast<uint64_t>(job.workers())));
    ASSERT_TRUE(job.worker(w).Step().ok());
    if (job.TakeEarlyEpoch() || random.OneIn(8)) job.RequestEpoch();
    if (!job.EpochReady()) continue;
    ASSERT_TRUE(job.CommitEpoch().ok());
  }
}

TEST(WorkerPartitions, NoLineIsLostOrRepeatedWhateverComesGoesAndCrashes) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (uint64_t n = 0; n < TestSetting("TM_FOLDERS", 150); ++n) {
    SCOPED_TRACE(Cat("folder ", n));
    Stage stage(static_cast<int>(1 + random.Below(3)));
    stage.folder->says_gone = random.OneIn(2);
    RandomFolder folder(random, stage);
    stage.Build();
    for (int i = 0; i < 60; ++i) {
      if (random.OneIn(3)) folder.Change();
      if (random.OneIn(3)) stage.tester.clock().Advance(Span::Micros(700'000));
      ASSERT_NO_FATAL_FAILURE(DriveAtRandom(random, stage));
      if (random.OneIn(6)) {
        stage.tester.CrashAndResumeWith(static_cast<int>(1 + random.Below(3)));
      }
    }
    folder.Finish();
    for (int i = 0; i < 3; ++i) {
      stage.Pass();
      stage.tester.Commit();
    }
    EXPECT_TRUE(stage.tester.job().ended());
    ASSERT_EQ(stage.Sorted(), folder.Written());
    for (const SourceRecord& source : stage.tester.job().record().sources) {
      EXPECT_TRUE(stage.folder->files[source.partition].listed) << source.partition;
    }
    if (HasFailure()) return;
  }
}

}  // namespace
}  // namespace tidemark
