// Logs that grow and are rotated while they are read, and while they are not.

#include "connectors/file/follow_partition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/files.h"
#include "base/forwarding_files.h"
#include "base/status.h"
#include "connectors/file/line_file_source.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

// Does something, once, when a path is looked at.
class HookedFiles final : public ForwardingFiles {
 public:
  explicit HookedFiles(Files& real) : ForwardingFiles(real) {}
  absl::StatusOr<FileInfo> Stat(const std::string& path) override {
    if (on_stat) std::exchange(on_stat, nullptr)();
    return real().Stat(path);
  }
  std::function<void()> on_stat;
};

class FollowPartitionTest : public ConnectorTest {
 protected:
  FileSourceOptions Options() {
    return {.path = Path("log"), .follow = true, .final_line = FinalLine::kLeave};
  }
  SourceContext Context() {
    SourceContext watched = context();
    watched.files = &hooked_;
    watched.say = [this](const std::string& line) { said_.push_back(line); };
    return watched;
  }
  absl::Status Start(const std::optional<Position>& resume = std::nullopt,
                     std::optional<FileSourceOptions> options = std::nullopt) {
    const auto source = FileLines<std::string>(options.value_or(Options()), TextDecoder());
    auto opened = source.factory()->Open("file", resume, Context());
    if (opened.ok()) partition_ = *std::move(opened);
    return opened.status();
  }
  // All lines that come within some seconds.
  Texts Read(int seconds = 3) {
    Texts lines;
    for (int i = 0; i < seconds * 20; ++i) {
      clock_.Advance(Span::Micros(50'000));
      const auto polled = partition_->Poll(3, clock_.Now(), lines);
      EXPECT_TRUE(polled.ok()) << polled.status();
      EXPECT_FALSE(polled.ok() && polled->at_end);
    }
    return lines;
  }
  void Rotate() {
    for (int i = 8; i > 0; --i) {
      if (Exists(Cat("log.", i))) Rename(Cat("log.", i), Cat("log.", i + 1));
    }
    Rename("log", "log.1");
  }
  void CopyAndTruncate() {
    for (int i = 8; i > 0; --i) {
      if (Exists(Cat("log.", i))) Rename(Cat("log.", i), Cat("log.", i + 1));
    }
    Put("log.1", Get("log"));
    Put("log", "");
  }
  void Rename(std::string_view from, std::string_view to) {
    ASSERT_TRUE(files_->Rename(Path(from), Path(to)).ok());
  }

  HookedFiles hooked_{*files_};
  Texts said_;
  std::unique_ptr<SourcePartition<std::string>> partition_;
};

TEST_F(FollowPartitionTest, AGrowingFileHasNoEndAndItsUnfinishedLineWaits) {
  Put("log", "one\ntw");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one"));
  Append("log", "o\nthr");
  EXPECT_THAT(Read(), ElementsAre("two"));
  Put("log", "one\ntwo\nTHREE\n");  // the writer took the unfinished line back
  EXPECT_THAT(Read(), ElementsAre("THREE"));
  EXPECT_THAT(skips_.Left(), IsEmpty());
}

TEST_F(FollowPartitionTest, ItIsPolledSoonWhileItGrowsAndAtMostASecondLaterWhenItDoesNot) {
  Put("log", "one\n");
  ASSERT_TRUE(Start().ok());
  const auto wait = [&] {
    Texts lines;
    const auto polled = partition_->Poll(10, clock_.Now(), lines);
    EXPECT_FALSE(polled->more_at_hand.value_or(false));
    return polled->ask_again - clock_.Now();
  };
  EXPECT_EQ(wait(), FollowPace::kMin);
  for (int i = 0; i < 10; ++i) EXPECT_LE(wait(), FollowPace::kMax);
  EXPECT_EQ(wait(), FollowPace::kMax);
  Append("log", "two\n");
  EXPECT_EQ(wait(), FollowPace::kMin);
}

TEST_F(FollowPartitionTest, ARenamedFileIsReadToItsEndThenTheNewOne) {
  Put("log", "one\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one"));
  Append("log", "two\n");
  Rotate();
  EXPECT_THAT(Read(), ElementsAre("two"));
  Put("log", "");
  Append("log.1", "three\n");  // its writer has not opened the new one yet
  EXPECT_THAT(Read(), ElementsAre("three"));
  Append("log", "four\n");
  EXPECT_THAT(Read(), ElementsAre("four"));
  EXPECT_EQ(partition_->position().Number("line"), 2);
}

TEST_F(FollowPartitionTest, ALineThatIsWrittenWhileTheRotationIsNoticedIsNotLost) {
  Put("log", "one\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one"));
  // The end of the file was reached, and then, before the path is looked at:
  hooked_.on_stat = [&] {
    Append("log", "two\n");
    Rotate();
    Put("log", "three\n");
  };
  EXPECT_THAT(Read(), ElementsAre("two", "three"));
}

TEST_F(FollowPartitionTest, NoneOfSeveralRotationsIsLeftOut) {
  Put("log.1", "old\n");
  Put("log", "one\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one")) << "a fresh start begins at the path";
  Append("log", "two\n");
  for (const char* line : {"three\n", "", "four\n", "five\n"}) {
    Rotate();
    Put("log", line);
  }
  EXPECT_THAT(Read(), ElementsAre("two", "three", "four", "five"));
}

TEST_F(FollowPartitionTest, ATruncatedFileIsReadFromItsCopyThenFromItsBeginning) {
  for (const bool grows_beyond : {false, true}) {
    Put("log", "one\n");
    ASSERT_TRUE(Start().ok());
    EXPECT_THAT(Read(), ElementsAre("one"));
    Append("log", "two\n");
    CopyAndTruncate();
    Append("log", "three\n");
    if (grows_beyond) Append("log", "four is longer than what was read before\n");
    const Texts lines = Read();
    EXPECT_EQ(lines.size(), grows_beyond ? 3u : 2u);
    EXPECT_EQ(lines[0] + lines[1], "twothree");
    EXPECT_THAT(said_, IsEmpty());
    for (const char* name : {"log", "log.1"}) ASSERT_TRUE(files_->Remove(Path(name)).ok());
  }
}

TEST_F(FollowPartitionTest, ATruncationWithoutACopyIsSaid) {
  Put("log", "one\ntwo\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one", "two"));
  Put("log", "1\n");
  EXPECT_THAT(Read(), ElementsAre("1"));
  EXPECT_THAT(said_, ElementsAre(HasSubstr("log: was truncated after line 2 was read")));
}

TEST_F(FollowPartitionTest, AResumedRunFindsTheRotatedFile) {
  for (const bool by_copy : {false, true}) {
    Put("log", "one\ntwo\n");
    ASSERT_TRUE(Start().ok());
    Texts lines;
    ASSERT_TRUE(partition_->Poll(1, clock_.Now(), lines).ok());
    const Position saved = partition_->position();
    partition_.reset();
    by_copy ? CopyAndTruncate() : Rotate();
    by_copy ? Append("log", "three\n") : Put("log", "three\n");
    Rotate();
    Put("log", "four\n");
    ASSERT_TRUE(Start(saved).ok());
    EXPECT_THAT(Read(), ElementsAre("two", "three", "four")) << by_copy;
    for (const char* name : {"log", "log.1", "log.2"}) {
      ASSERT_TRUE(files_->Remove(Path(name)).ok());
    }
  }
}

TEST_F(FollowPartitionTest, AResumedRunIsRefusedIfTheFileCannotBeFoundAndTheFlagGoesOn) {
  Put("log", "one\ntwo\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one", "two"));
  const Position saved = partition_->position();
  Put("log", "three\n");
  const absl::Status refused = Start(saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(Message(refused), HasSubstr("log: neither it nor a rotated file beside it"));
  EXPECT_THAT(Message(refused), HasSubstr("--accept-changed-input reads"));
  FileSourceOptions accepting = Options();
  accepting.accept_changed = true;
  ASSERT_TRUE(Start(saved, accepting).ok());
  EXPECT_THAT(Read(), ElementsAre("three"));
  const auto preview = [&](FileSourceOptions options) {
    const auto text =
        FileLines<std::string>(options, TextDecoder()).factory()->Preview("file", saved, Context());
    return text.ok() ? *text : Message(text.status());
  };
  EXPECT_EQ(preview(Options()), Message(refused));
  Put("log.1", "one\ntwo\n3\n");
  EXPECT_THAT(preview(Options()), HasSubstr("2 bytes to read"));
  EXPECT_TRUE(absl::IsNotFound(
      Start(std::nullopt, FileSourceOptions{.path = Path("typo"), .follow = true})));
}

TEST_F(FollowPartitionTest, UntilTheNewFileHasALineThePositionIsThatOfTheOldOne) {
  Put("log", "one\n");
  ASSERT_TRUE(Start().ok());
  EXPECT_THAT(Read(), ElementsAre("one"));
  Rotate();
  Put("log", "tw");
  EXPECT_THAT(Read(), IsEmpty());
  const Position saved = partition_->position();
  partition_.reset();
  Append("log", "o\n");
  CopyAndTruncate();  // nothing but the chain says where the second line is now
  Append("log", "three\n");
  ASSERT_TRUE(Start(saved).ok());
  EXPECT_THAT(Read(), ElementsAre("two", "three"));
}

TEST_F(FollowPartitionTest, ALineThatIsTooLongWaitsForItsEndAndIsThenLeftOut) {
  FileSourceOptions options = Options();
  options.line_bytes_max = 8;
  options.on_error = OnError::kSkip;
  Put("log", "one\n0123456789");
  ASSERT_TRUE(Start({}, options).ok());
  EXPECT_THAT(Read(), ElementsAre("one"));
  EXPECT_EQ(partition_->position().Number("offset"), 4);
  Append("log", "0123\ntwo\n");
  EXPECT_THAT(Read(), ElementsAre("two"));
  EXPECT_EQ(skips_.total(), 1u);
}

}  // namespace
}  // namespace tidemark
