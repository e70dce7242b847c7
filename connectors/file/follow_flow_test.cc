// Jobs that follow logs while these grow and are rotated, and crash: the rows are those of an
// external list, in their order.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/file/dir_source.h"
#include "connectors/file/line_file_source.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_seed.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using Texts = std::vector<std::string>;

// "3: 'a' instead of 'b'"; empty if there is none.
std::string FirstDifference(const Texts& is, const Texts& expected) {
  for (size_t i = 0; i < std::max(is.size(), expected.size()); ++i) {
    const std::string here = i < is.size() ? is[i] : "nothing";
    const std::string there = i < expected.size() ? expected[i] : "nothing";
    if (here != there) return Cat(i, ": '", here, "' instead of '", there, "'");
  }
  return "";
}

// Writes numbered lines to a log, and rotates it as people and programs do. No file is deleted.
class LogWriter {
 public:
  LogWriter(Files& files, std::string path) : files_(files), path_(std::move(path)) { Append(1); }

  void Append(uint64_t lines) {
    for (; lines > 0; --lines) Write(path_, Line());
  }
  // A log is rotated when a commit contains a line of it: a fresh start begins at its path.
  void AnyChange(Random& random, bool may_rotate) {
    Finish();
    switch (may_rotate ? random.Below(8) : 2 + random.Below(6)) {
      case 0:
        return Rename(random);
      case 1:
        return CopyAndTruncate(random);
      case 2: {
        const std::string line = Line();  // in two pieces
        const size_t half = 1 + random.Below(line.size() - 1);
        Write(path_, line.substr(0, half));
        rest_ = line.substr(half);
        return;
      }
      default:
        return Append(1 + random.Below(5));
    }
  }
  // The second piece of a line that is being written.
  void Finish() {
    if (!rest_.empty()) Write(path_, std::exchange(rest_, ""));
  }
  const Texts& lines() const { return lines_; }

 private:
  std::string Line() {
    lines_.push_back(Cat(path_.substr(path_.rfind('/') + 1), " line ", lines_.size()));
    return lines_.back() + "\n";
  }
  void Write(const std::string& path, const std::string& bytes) {
    ASSERT_TRUE((*files_.OpenAppend(path))->Append(bytes).ok());
  }
  void Shift() {
    for (int i = rotated_++; i > 0; --i) {
      ASSERT_TRUE(files_.Rename(Cat(path_, ".", i), Cat(path_, ".", i + 1)).ok());
    }
  }
  void Rename(Random& random) {
    Shift();
    ASSERT_TRUE(files_.Rename(path_, path_ + ".1").ok());
    for (uint64_t late = random.Below(3); late > 0; --late) Write(path_ + ".1", Line());
    Write(path_, "");
    Append(random.Below(3));
  }
  void CopyAndTruncate(Random& random) {
    Shift();
    ASSERT_TRUE(CopyFile(files_, path_, path_ + ".1").ok());
    ASSERT_TRUE((*files_.OpenAppend(path_))->Truncate(0).ok());
    Append(random.Below(6));
  }

  Files& files_;
  const std::string path_;
  int rotated_ = 0;
  std::string rest_;
  Texts lines_;
};

class FollowFlowTest : public ::testing::Test {
 protected:
  using Change = std::function<void()>;

  // Changes, polls, commits and crashes in a random order; then everything is read.
  Texts Run(Random& random, const Source<std::string>& source, const Change& change,
            const Change& finish) {
    begun_.clear();
    FlowTester tester({.workers = static_cast<int>(1 + random.Below(3)), .batch_items_max = 3});
    auto out = tester.Output<std::string>();
    tester.Build([&](Flow& flow) { flow.From("in", source).To("out", out.sink()); });
    for (int i = 0; i < 50; ++i) {
      if (random.OneIn(2)) change();
      if (random.OneIn(2)) tester.clock().Advance(Span::Micros(600'000));
      for (uint64_t n = random.Below(8); n > 0; --n) StepOnce(random, tester);
      if (random.OneIn(2)) finish();
      if (random.OneIn(4)) tester.Commit();
      if (random.OneIn(5)) {
        tester.CrashAndResumeWith(static_cast<int>(1 + random.Below(3)));
      }
      for (const SourceRecord& source : tester.job().record().sources) {
        if (Position(source.position).Number("offset") > 0) begun_.insert(source.partition);
      }
    }
    finish();
    // A file of the chain takes two looks, a second apart.
    for (int i = 0; i < 120; ++i) tester.Advance(absl::Seconds(1));
    tester.Commit();
    recorded_ = tester.job().record().sources.size();
    return out.committed();
  }
  static void StepOnce(Random& random, FlowTester& tester) {
    Job& job = tester.job();
    const int w = static_cast<int>(random.Below(static_cast<uint64_t>(job.workers())));
    const auto did = job.worker(w).Step();
    ASSERT_TRUE(did.ok()) << did.status();
    if (job.TakeEarlyEpoch()) job.RequestEpoch();
    if (!job.EpochReady()) return;
    ASSERT_TRUE(job.CommitEpoch().ok());
  }

  std::string Path(const std::string& name) const { return dir_.Path(name); }
  Files& files() { return dir_.files(); }
  void Append(const std::string& name, const std::string& bytes) {
    ASSERT_TRUE((*files().OpenAppend(Path(name)))->Append(bytes).ok());
  }

  TempDirectory dir_;
  std::set<std::string> begun_;  // partitions of which a commit contains a line
  size_t recorded_ = 0;
};

TEST_F(FollowFlowTest, NoLineIsLostOrRepeatedAcrossRotationsAndCrashes) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (uint64_t n = 0; n < TestSetting("TM_LOGS", 60); ++n) {
    SCOPED_TRACE(Cat("log ", n));
    ASSERT_TRUE(files().CreateDirectories(Path(Cat(n))).ok());
    LogWriter writer(files(), Path(Cat(n, "/log")));
    const auto source = FileLines<std::string>(
        {.path = Path(Cat(n, "/log")), .follow = true, .final_line = FinalLine::kLeave},
        TextDecoder());
    const Texts rows = Run(
        random, source, [&] { writer.AnyChange(random, begun_.count("file") > 0); },
        [&] { writer.Finish(); });
    ASSERT_EQ(FirstDifference(rows, writer.lines()), "");
  }
}

TEST_F(FollowFlowTest, NoLineOfADirectoryIsLostOrRepeatedWhileItsLogsComeAndAreRotated) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (uint64_t n = 0; n < TestSetting("TM_LOGS", 40); ++n) {
    SCOPED_TRACE(Cat("directory ", n));
    const std::string directory = Path(Cat(n));
    ASSERT_TRUE(files().CreateDirectories(directory).ok());
    std::map<std::string, LogWriter> writers;
    const auto source =
        DirLines<std::string>({.path = directory,
                               .glob = random.OneIn(2) ? "*" : "*.log",
                               .files = {.follow = true, .final_line = FinalLine::kLeave}},
                              TextDecoder());
    const Texts rows = Run(
        random, source,
        [&] {
          const std::string name = Cat("f", random.Below(4), ".log");
          const auto [writer, is_new] =
              writers.try_emplace(name, files(), JoinPath(directory, name));
          if (!is_new) writer->second.AnyChange(random, begun_.count(name) > 0);
        },
        [&] {
          for (auto& [name, writer] : writers) writer.Finish();
        });
    Texts expected, by_log = rows;
    for (const auto& [name, writer] : writers) {
      expected.insert(expected.end(), writer.lines().begin(), writer.lines().end());
    }
    std::stable_sort(by_log.begin(), by_log.end(), [](const auto& a, const auto& b) {
      return a.substr(0, a.find(' ')) < b.substr(0, b.find(' '));
    });
    ASSERT_EQ(FirstDifference(by_log, expected), "") << "each log in its order";
    EXPECT_EQ(recorded_, writers.size());
  }
}

TEST_F(FollowFlowTest, ARemovedFileIsReadToItsEndAndForgotten) {
  for (const int workers : {1, 2, 3}) {
    const std::string directory = Path(Cat("workers", workers));
    const auto path = [&](const char* name) { return JoinPath(Cat("workers", workers), name); };
    ASSERT_TRUE(files().CreateDirectories(directory).ok());
    FlowTester tester({.workers = workers});
    auto out = tester.Output<std::string>();
    tester.Build([&](Flow& flow) {
      flow.From("in", DirLines<std::string>({.path = directory, .files = {.follow = true}},
                                            TextDecoder()))
          .To("out", out.sink());
    });
    tester.Run();
    const auto names = [&] {
      tester.Commit();
      Texts recorded;
      for (const auto& source : tester.job().record().sources) recorded.push_back(source.partition);
      return recorded;
    };
    Append(path("a"), "a1\n");
    Append(path("b"), "b1\n");
    tester.Advance(absl::Seconds(1));
    EXPECT_THAT(names(), ElementsAre("a", "b"));
    Append(path("a"), "a2\n");
    ASSERT_TRUE(files().Remove(Path(path("a"))).ok());
    for (int i = 0; i < 5; ++i) tester.Advance(absl::Seconds(1));
    EXPECT_THAT(names(), ElementsAre("b"));
    tester.CrashAndResume();
    ASSERT_TRUE(files().Remove(Path(path("b"))).ok());
    tester.CrashAndResume();  // it was read to its end, and is not there any more
    for (int i = 0; i < 3; ++i) tester.Advance(absl::Seconds(1));
    EXPECT_THAT(names(), IsEmpty());
    Append(path("a"), "a3\n");
    tester.Advance(absl::Seconds(1));
    EXPECT_THAT(names(), ElementsAre("a"));
    Texts rows = out.committed();
    std::sort(rows.begin(), rows.end());
    EXPECT_THAT(rows, ElementsAre("a1", "a2", "a3", "b1"));
  }
}

TEST_F(FollowFlowTest, AFileThatWasRemovedBeforeItWasReadToItsEndIsRefused) {
  ASSERT_TRUE(files().CreateDirectories(Path("in")).ok());
  Append("in/a", "a1\na2 is not finished");
  FlowTester tester;
  auto out = tester.Output<std::string>();
  bool accepts = false;
  tester.Build([&](Flow& flow) {
    flow.From("in", DirLines<std::string>({.path = Path("in"),
                                           .files = {.accept_changed = accepts,
                                                     .follow = true,
                                                     .final_line = FinalLine::kLeave}},
                                          TextDecoder()))
        .To("out", out.sink());
  });
  tester.Run();
  tester.Commit();
  ASSERT_TRUE(files().Remove(Path("in/a")).ok());
  EXPECT_THAT(tester.TryCrashAndResume().ToString(), HasSubstr("--accept-changed-input"));
  accepts = true;
  tester.CrashAndResume();
  tester.Advance(absl::Seconds(1));
  tester.Commit();
  EXPECT_THAT(tester.job().record().sources, IsEmpty());
  EXPECT_THAT(out.committed(), ElementsAre("a1"));
}

TEST_F(FollowFlowTest, RotatedFilesThatMatchAreReadWithTheirLogOldestFirst) {
  ASSERT_TRUE(files().CreateDirectories(Path("in")).ok());
  Append("in/a.log", "3\n");
  Append("in/a.log.1", "2\n");
  Append("in/a.log.2", "1\n");
  Append("in/a.log.3.gz", "not text");
  const auto rows_of = [&](const std::string& glob) {
    FlowTester tester;
    auto out = tester.Output<std::string>();
    tester.Build([&](Flow& flow) {
      flow.From("in",
                DirLines<std::string>({.path = Path("in"), .glob = glob, .files = {.follow = true}},
                                      TextDecoder()))
          .To("out", out.sink());
    });
    for (int i = 0; i < 6; ++i) tester.Advance(absl::Seconds(1));
    return out.rows();
  };
  EXPECT_THAT(rows_of("*"), ElementsAre("1", "2", "3"));
  EXPECT_THAT(rows_of("*.log"), ElementsAre("3"));
}

}  // namespace
}  // namespace tidemark
