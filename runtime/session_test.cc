// A session as its callers see it. What a start does with a state directory is tested where it is
// decided (recovery/) and, with the real program, in tests/process.

#include "runtime/session.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/status.h"
#include "tests/support/temp_directory.h"
#include "tidemark/flow.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

// A sink that agrees to be opened, and then is not, as long as it is told so.
class StubbornSink final : public SinkFactory<KeyValue<int, int64_t>> {
 public:
  explicit StubbornSink(const bool& refuses) : refuses_(refuses) {}
  class Writer final : public SinkWriter<KeyValue<int, int64_t>> {
    absl::Status Write(const std::vector<KeyValue<int, int64_t>>&) override {
      return absl::OkStatus();
    }
    absl::StatusOr<EpochOutput> EndEpoch(Epoch) override { return EpochOutput(); }
  };
  absl::StatusOr<std::unique_ptr<SinkWriter<KeyValue<int, int64_t>>>> Open(
      const std::optional<Position>&, const SinkContext&) override {
    if (refuses_) return absl::UnavailableError("the sink is away");
    return std::make_unique<Writer>();
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kCutBack; }
  std::string Describe() const override { return "stubborn"; }

 private:
  const bool& refuses_;
};

class SessionTest : public ::testing::Test {
 protected:
  SessionTest() : in_(items_.Input<int>()) {
    options_.state_directory = dir_.Path("state");
    options_.snapshot_interval = Span::Infinite();
    events_.note = [this](const std::string& line) { said_.push_back(line); };
    events_.warning = events_.note;
    events_.committed = [this] { ++commits_; };
    events_.snapshot = [this](const Snapshot& made) { snapshots_.push_back(made.path); };
  }

  // Counts the items of each key.
  absl::Status Start() {
    session_.reset();
    said_.clear();
    Flow flow("counts");
    flow.From("in", in_.source())
        .KeyBy([](const int& n) { return n % 3; })
        .CountFinal("count")
        .To("out", Sink<KeyValue<int, int64_t>>(std::make_shared<StubbornSink>(sink_refuses_)));
    TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
    TM_ASSIGN_OR_RETURN(session_,
                        JobSession::Open(std::move(plan), options_,
                                         {.files = &dir_.files(), .clock = &clock_}, events_));
    return absl::OkStatus();
  }
  // By hand, as the simulator does it.
  absl::Status CommitEpoch() {
    Job& job = session_->job();
    for (int quiet = 0; quiet < 2;) {
      TM_ASSIGN_OR_RETURN(const bool did, job.worker(0).Step());
      quiet = did ? 0 : quiet + 1;
    }
    job.RequestEpoch();
    while (!job.EpochReady()) TM_RETURN_IF_ERROR(job.worker(0).Step().status());
    TM_RETURN_IF_ERROR(job.CommitEpoch());
    return session_->AfterCommit();
  }

  TempDirectory dir_;
  SimClock clock_;
  FlowTester items_;  // makes inputs, and runs nothing
  TestInput<int> in_;
  bool sink_refuses_ = false;
  SessionOptions options_;
  SessionEvents events_;
  std::vector<std::string> said_;
  std::vector<std::string> snapshots_;
  int commits_ = 0;
  std::unique_ptr<JobSession> session_;
};

TEST_F(SessionTest, ItsStatusIsThatOfTheLastCommitAndOfNow) {
  ASSERT_EQ(Start(), absl::OkStatus());
  EXPECT_EQ(session_->first_epoch(), 0u);
  EXPECT_EQ(session_->status().epoch, 0u);
  in_.PushAll({1, 2, 3, 4});
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  const JobStatus status = session_->status();
  EXPECT_EQ(status.epoch, 1u);
  EXPECT_EQ(status.items_in, 4u);
  EXPECT_EQ(status.keys, 3u);
  ASSERT_THAT(status.steps, SizeIs(1));
  EXPECT_EQ(status.steps[0].name, "count");
  EXPECT_EQ(status.steps[0].keys, 3u);
  EXPECT_GT(status.steps[0].bytes, 0u);
  ASSERT_THAT(status.partitions, SizeIs(1));
  EXPECT_EQ(status.partitions[0].position, "item 4");
  EXPECT_EQ(commits_, 1);
}

TEST_F(SessionTest, ASnapshotIsMadeWhenOneIsAskedFor) {
  ASSERT_EQ(Start(), absl::OkStatus());
  in_.Push(1);
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  EXPECT_THAT(snapshots_, IsEmpty());
  session_->RequestSnapshot();
  EXPECT_TRUE(session_->wants_epoch());
  // Also of a job that is idle.
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  EXPECT_THAT(snapshots_, SizeIs(1));
  EXPECT_FALSE(session_->wants_epoch());
}

TEST_F(SessionTest, AStopThatWasAskedForEarlyIsHeeded) {
  ASSERT_EQ(Start(), absl::OkStatus());
  in_.PushAll({1, 2});
  session_->RequestStop();
  EXPECT_EQ(session_->Run(), absl::OkStatus());  // the input has no end
  EXPECT_TRUE(session_->stop_requested());
  EXPECT_FALSE(session_->damage_is_noted());
}

// The store is damaged, a snapshot takes its place, and then the sink is away: everything is where
// it was, and the same command goes the same way when the sink is back.
TEST_F(SessionTest, AStartThatIsRefusedBehindAFallbackHasChangedNothing) {
  ASSERT_EQ(Start(), absl::OkStatus());
  in_.PushAll({1, 2});
  session_->RequestSnapshot();
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  in_.PushAll({3, 4});
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  session_.reset();
  const std::string store = StorePath(options_.state_directory);
  ASSERT_EQ(dir_.files().Remove(JoinPath(store, "CURRENT")), absl::OkStatus());
  const auto before = dir_.files().List(options_.state_directory);
  const auto note = ReadSmallFile(dir_.files(), JoinPath(options_.state_directory, "COMMITTED"));

  sink_refuses_ = true;
  EXPECT_THAT(std::string(ToStd(Start().message())), HasSubstr("the sink is away"));
  EXPECT_THAT(said_, Contains(HasSubstr("goes back to the snapshot")));
  EXPECT_THAT(said_, Contains(HasSubstr("the damaged store is where it was again")));
  EXPECT_EQ(*dir_.files().List(options_.state_directory), *before);
  EXPECT_EQ(*ReadSmallFile(dir_.files(), JoinPath(options_.state_directory, "COMMITTED")), *note);

  sink_refuses_ = false;
  ASSERT_EQ(Start(), absl::OkStatus());
  EXPECT_EQ(session_->first_epoch(), 1u);
  ASSERT_EQ(CommitEpoch(), absl::OkStatus());
  EXPECT_EQ(session_->status().keys, 3u) << "items 3 and 4 were read again";
}

TEST_F(SessionTest, WhatNeedsAStateDirectoryIsRefusedWithoutOne) {
  options_.state_directory.clear();
  options_.fresh = true;
  EXPECT_TRUE(absl::IsInvalidArgument(Start()));
  options_.fresh = false;
  ASSERT_EQ(Start(), absl::OkStatus());
  EXPECT_FALSE(session_->keeps_state());
  EXPECT_EQ(session_->directory(), nullptr);
}

}  // namespace
}  // namespace tidemark
