#include "connectors/file/file_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/forwarding_files.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::EndsWith;
using ::testing::HasSubstr;
using ::testing::StartsWith;
using Texts = std::vector<std::string>;
using Writer = std::unique_ptr<SinkWriter<std::string>>;

// A file system that passes everything on, writes down what it syncs, and fails when told to.
class WatchedFiles final : public ForwardingFiles {
 public:
  using ForwardingFiles::ForwardingFiles;

  Texts log;               // what was synced, as the last part of its path
  absl::Status on_append;  // the answer to Append, when not OK
  absl::Status on_sync;

  absl::StatusOr<std::unique_ptr<WritableFile>> OpenAppend(const std::string& path) override {
    TM_ASSIGN_OR_RETURN(auto file, real().OpenAppend(path));
    return std::make_unique<File>(*this, path, std::move(file));
  }
  absl::Status SyncDirectory(const std::string& directory) override {
    log.push_back("dir " + Name(directory));
    return on_sync.ok() ? real().SyncDirectory(directory) : on_sync;
  }

 private:
  class File final : public WritableFile {
   public:
    File(WatchedFiles& files, std::string path, std::unique_ptr<WritableFile> real)
        : files_(files), path_(std::move(path)), real_(std::move(real)) {}
    absl::Status Append(std::string_view bytes) override {
      return files_.on_append.ok() ? real_->Append(bytes) : files_.on_append;
    }
    absl::Status Sync() override {
      files_.log.push_back(Name(path_));
      return files_.on_sync.ok() ? real_->Sync() : files_.on_sync;
    }
    absl::Status Truncate(uint64_t size) override { return real_->Truncate(size); }
    absl::StatusOr<FileInfo> Info() override { return real_->Info(); }

   private:
    WatchedFiles& files_;
    const std::string path_;
    const std::unique_ptr<WritableFile> real_;
  };

  static std::string Name(const std::string& path) { return path.substr(path.rfind('/') + 1); }
};

class FileSinkTest : public ConnectorTest {
 protected:
  FileSinkTest() : watched_(*files_) {}

  SinkContext As(std::string run_line, std::string replaced_line = "") {
    SinkContext context;
    context.files = &watched_;
    context.run_line = std::move(run_line);
    context.replaced_line = std::move(replaced_line);
    context.sink = "sink";
    context.say = [this](const std::string& line) { said_.push_back(line); };
    return context;
  }
  absl::StatusOr<Writer> TryOpen(std::string_view name, const std::optional<Position>& resume = {},
                                 const SinkContext& context = {}) {
    return LineFile(Path(name)).factory()->Open(resume, context);
  }
  Writer Open(std::string_view name, const std::optional<Position>& resume = {},
              std::string run_line = "A") {
    auto writer = TryOpen(name, resume, As(std::move(run_line)));
    EXPECT_TRUE(writer.ok()) << writer.status();
    return writer.ok() ? *std::move(writer) : nullptr;
  }
  // Writes the lines as one epoch and makes it durable.
  Position Epoch1(SinkWriter<std::string>& writer, const Texts& lines) {
    EXPECT_TRUE(writer.Write(lines).ok());
    auto output = writer.EndEpoch(Epoch{1});
    EXPECT_TRUE(output.ok()) << output.status();
    if (!output.ok()) return {};
    if (output->make_durable) {
      EXPECT_TRUE(output->make_durable().ok());
    }
    return output->position;
  }

  WatchedFiles watched_;
  Texts said_;
};

TEST_F(FileSinkTest, WritesLines) {
  const Writer writer = Open("out");
  const Position position = Epoch1(*writer, {"1", "2", "3"});
  EXPECT_EQ(Get("out"), "1\n2\n3\n");
  EXPECT_EQ(position, Position().Set("bytes", 6).Set("run_line", "A"));
  EXPECT_EQ(LineFile("out").factory()->guarantee(), SinkGuarantee::kCutBack);
  EXPECT_EQ(LineFile("out").factory()->Describe(), "file out");
}

TEST_F(FileSinkTest, ResumeCutsBackToTheCommittedLength) {
  Writer writer = Open("out", {}, "");
  const Position saved = Epoch1(*writer, {"one1", "one2", "one3"});
  EXPECT_EQ(saved.Number("bytes"), 15);
  Epoch1(*writer, {"one4"});
  writer = Open("out", saved, "");
  Epoch1(*writer, {"two4", "two5"});
  EXPECT_EQ(Get("out"), "one1\none2\none3\ntwo4\ntwo5\n");
}

// Goal: whatever a crash left behind the committed length is gone, and whatever it took away before
// it is noticed. Method: every length the file can have.
TEST_F(FileSinkTest, CutsBackFromEveryLength) {
  Writer writer = Open("out");
  const Position saved = Epoch1(*writer, {"one", "two"});
  const std::string all = "one\ntwo\nthree, torn";
  for (size_t length = 0; length <= all.size(); ++length) {
    Put("out", all.substr(0, length));
    said_.clear();
    const auto resumed = TryOpen("out", saved, As("A"));
    if (length < 8) {
      EXPECT_TRUE(absl::IsDataLoss(resumed.status()));
      EXPECT_THAT(Message(resumed.status()),
                  StartsWith(Cat(Path("out"), ": is ", length,
                                 " bytes long, but 8 bytes of it were committed; put the file "
                                 "back; --new-output sink to ")));
      EXPECT_EQ(Get("out"), all.substr(0, length));
      continue;
    }
    ASSERT_TRUE(resumed.ok()) << resumed.status();
    EXPECT_EQ(Get("out"), "one\ntwo\n");
    if (length == 8) {
      EXPECT_THAT(said_, ElementsAre());
    } else {
      EXPECT_THAT(said_, ElementsAre(Cat(Path("out"), ": truncated from ", length,
                                         " to 8 bytes; the rest had not been committed")));
    }
    EXPECT_EQ(Epoch1(**resumed, {"x"}).Number("bytes"), 10);
    EXPECT_EQ(Get("out"), "one\ntwo\nx\n");
  }
  ASSERT_TRUE(files_->Remove(Path("out")).ok());
  EXPECT_THAT(Message(TryOpen("out", saved, As("A")).status()),
              HasSubstr("out: is missing, but 8 bytes of it were committed"));
}

TEST_F(FileSinkTest, WritesInPiecesButCountsEverything) {
  const Writer writer = Open("out");
  ASSERT_TRUE(writer->Write(Texts(3000, std::string(100, 'x'))).ok());
  EXPECT_GT(files_->Stat(Path("out"))->size_bytes, 4 * CutBackFile::kBufferBytes);
  EXPECT_EQ(Epoch1(*writer, {""}).Number("bytes"), 3000 * 101 + 1);
  EXPECT_EQ(files_->Stat(Path("out"))->size_bytes, 3000u * 101 + 1);
}

TEST_F(FileSinkTest, SyncsFileAndDirectoryBeforeTheFirstCommitAndOnlyWhatIsNew) {
  const Writer writer = Open("a/b/out");
  const auto name = [](const std::string& path) { return path.substr(path.rfind('/') + 1); };
  EXPECT_THAT(watched_.log, ElementsAre("dir " + name(ParentDirectory(root_)), "dir " + name(root_),
                                        "dir a", "out.tidemark.partial", "dir b"));
  watched_.log.clear();
  Epoch1(*writer, {});
  EXPECT_THAT(watched_.log, ElementsAre("out", "dir b"));
  watched_.log.clear();
  Epoch1(*writer, {"x"});
  EXPECT_THAT(watched_.log, ElementsAre("out"));
  watched_.log.clear();
  Epoch1(*writer, {});
  EXPECT_THAT(watched_.log, ElementsAre());
}

TEST_F(FileSinkTest, AnotherLinesFileIsMovedAsideOnAFreshStart) {
  Epoch1(*Open("out", {}, "A"), {"a"});
  Epoch1(*Open("out", {}, "B"), {"b"});
  EXPECT_EQ(Get("out"), "b\n");
  EXPECT_EQ(Get("out.tidemark").substr(0, 2), "B\n");
  EXPECT_EQ(Get("out.old-1"), "a\n");
  EXPECT_EQ(Get("out.old-1.tidemark").substr(0, 2), "A\n");
  EXPECT_THAT(said_, ElementsAre(Cat(Path("out"), ": moved to ", Path("out.old-1"),
                                     ", because it belongs to another job, or to another state "
                                     "of this one (lineage A)")));

  Epoch1(*Open("out", {}, ""), {"c"});  // without state
  EXPECT_EQ(Get("out.old-2"), "b\n");
  EXPECT_EQ(Get("out.tidemark").substr(0, 10), "stateless\n");
  Epoch1(*Open("out", {}, ""), {"d"});
  EXPECT_EQ(Get("out"), "d\n");
  EXPECT_FALSE(Exists("out.old-3"));
  Epoch1(*Open("out", {}, "A"), {"e"});
  EXPECT_EQ(Get("out.old-3"), "d\n");
  EXPECT_EQ(said_.back(), Cat(Path("out"), ": moved to ", Path("out.old-3"),
                              ", because it was written by a run without state"));
}

TEST_F(FileSinkTest, FreshReplacesTheLineBefore) {
  Epoch1(*Open("out", {}, "A"), {"a"});
  auto writer = TryOpen("out", {}, As("B", "A"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(Get("out"), "");
  EXPECT_FALSE(Exists("out.old-1"));
  EXPECT_EQ(Get("out.tidemark").substr(0, 2), "B\n");
}

TEST_F(FileSinkTest, AForkIsRefusedMovesOrTakesOver) {
  Writer original = Open("out", {}, "A");
  const Position at_fork = Epoch1(*original, {"1"});
  const Position later = Epoch1(*original, {"2", "3"});

  const absl::Status refused = TryOpen("out", at_fork, As("F")).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_EQ(Message(refused),
            Cat(Path("out"),
                ": belongs to another job, or to another state of this one "
                "(lineage A); give --out DIR to write elsewhere; --take-over to "
                "truncate it to 2 bytes and continue in it; or --new-output sink to "
                "move it aside and begin a new file with the state kept"));
  EXPECT_EQ(Get("out"), "1\n2\n3\n");

  Epoch1(*Open("fork/out", at_fork, "F"), {"f"});
  EXPECT_EQ(Get("fork/out"), "f\n");
  Open("fork/out", at_fork, "F");  // crashed before it could commit: once more from its beginning
  EXPECT_EQ(Get("fork/out"), "");

  Epoch1(**TryOpen("out", at_fork, As("F", "A")), {"f"});
  EXPECT_EQ(Get("out"), "1\nf\n");
  Open("out", at_fork, "F");
  EXPECT_EQ(Get("out"), "1\n");
  EXPECT_TRUE(absl::IsFailedPrecondition(TryOpen("out", later, As("A")).status()));
}

TEST_F(FileSinkTest, ASecondWriterStopsTheRunBeforeTheCommit) {
  const Writer one = Open("out");
  const Writer two = Open("out");  // two sinks of one job with the same path
  ASSERT_TRUE(one->Write({"1"}).ok());
  ASSERT_TRUE(two->Write({"2"}).ok());
  ASSERT_TRUE(one->EndEpoch(Epoch{1}).ok());
  const absl::Status second = two->EndEpoch(Epoch{1}).status();
  EXPECT_TRUE(absl::IsFailedPrecondition(second));
  EXPECT_EQ(Message(second), Path("out") +
                                 ": is 4 bytes long, but this sink made it 2; another sink "
                                 "of this job or another program writes to it");
  ASSERT_TRUE(files_->Remove(Path("out")).ok());
  EXPECT_EQ(Message(one->EndEpoch(Epoch{2}).status()),
            Path("out") +
                ": was moved away, removed or replaced while this job writes to it; put it "
                "back, or begin a new file with --new-output sink");
  Put("out", "1\n");
  EXPECT_EQ(Message(one->EndEpoch(Epoch{2}).status()),
            Path("out") +
                ": was moved away, removed or replaced while this job writes to it; put it "
                "back, or begin a new file with --new-output sink");
}

// What was not committed comes again, wherever it is written then.
TEST_F(FileSinkTest, AFileThatIsMovedAwayWhileItIsWrittenHasWhatWasCommitted) {
  const Writer writer = Open("out");
  Epoch1(*writer, {"1"});
  ASSERT_TRUE(files_->Rename(Path("out"), Path("away")).ok());
  ASSERT_TRUE(writer->Write({"2"}).ok());
  EXPECT_TRUE(absl::IsFailedPrecondition(writer->EndEpoch(Epoch{2}).status()));
  EXPECT_EQ(Get("away"), "1\n");
}

TEST_F(FileSinkTest, ANewOutputKeepsTheOldOneAside) {
  SinkContext context = As("A");
  context.job = "job";
  context.state_directory = Path("state");
  Writer writer = *TryOpen("out", {}, context);
  const Position first = Epoch1(*writer, {"1", "2"});
  EXPECT_THAT(first.Text("path").value_or(""), EndsWith("/out"));
  EXPECT_EQ(first.Number("generation"), std::nullopt);
  ASSERT_TRUE(writer->Write({"not committed"}).ok());
  ASSERT_TRUE(writer->EndEpoch(Epoch{2}).ok());
  context.new_output = true;
  writer = *TryOpen("out", first, context);
  EXPECT_EQ(said_.back(), Cat(Path("out"), ": moved to ", Path("out.old-1"),
                              ", with the 4 bytes that were committed; starts over"));
  EXPECT_EQ(Get("out.old-1"), "1\n2\n");
  EXPECT_EQ(Get("out"), "");
  const Position second = Epoch1(*writer, {"3"});
  EXPECT_EQ(second.Number("generation"), 1);
  EXPECT_EQ(Get("out.tidemark").substr(0, 9), "A\nfrom 0\n");
  EXPECT_THAT(Get("out.tidemark"), HasSubstr("generation 1\nafter 4\nbefore out.old-1\n\n"));
  // The state is an older copy: what the new file has is not cut.
  context.new_output = false;
  EXPECT_THAT(Message(TryOpen("out", Position(first).Set("bytes", 2), context).status()),
              HasSubstr("out: was started over by --new-output"));
  EXPECT_EQ(Get("out"), "3\n");
  writer = *TryOpen("out", second, context);
  EXPECT_EQ(Get("out"), "3\n");
  // Once more: the third file.
  context.new_output = true;
  writer = *TryOpen("out", second, context);
  EXPECT_EQ(Get("out.old-2"), "3\n");
  EXPECT_EQ(Epoch1(*writer, {"4"}).Number("generation"), 2);
}

TEST_F(FileSinkTest, ANewOutputIsBegunWhereSomebodyMovedTheOldOneAway) {
  const Position first = Epoch1(*Open("out"), {"1", "2"});
  ASSERT_TRUE(files_->Rename(Path("out"), Path("away")).ok());
  SinkContext context = As("A");
  EXPECT_TRUE(absl::IsDataLoss(TryOpen("out", first, context).status()));
  context.new_output = true;
  const Writer writer = *TryOpen("out", first, context);
  EXPECT_THAT(said_.back(), HasSubstr("4 bytes were committed to the file before, wherever it is"));
  EXPECT_EQ(Epoch1(*writer, {"3"}).Number("generation"), 1);
  EXPECT_EQ(Get("out"), "3\n");
}

TEST_F(FileSinkTest, ALinkStandsForItsFile) {
  ASSERT_EQ(symlink("real", Path("link").c_str()), 0);
  Epoch1(*Open("link"), {"1"});
  EXPECT_EQ(Get("real"), "1\n");
  EXPECT_TRUE(Exists("real.tidemark"));
  EXPECT_FALSE(Exists("link.tidemark"));
  Epoch1(*Open("real", {}, "B"), {"2"});
  EXPECT_EQ(Get("real.old-1"), "1\n");
  // Older versions left the owner's name beside the link.
  ASSERT_TRUE(files_->Rename(Path("real.tidemark"), Path("link.tidemark")).ok());
  Open("link", Position().Set("bytes", 2).Set("run_line", "B"), "B");
  EXPECT_TRUE(Exists("real.tidemark"));
  EXPECT_FALSE(Exists("link.tidemark"));
}

TEST_F(FileSinkTest, AnotherJobsFileIsRefusedWhileItsStateIsThere) {
  SinkContext one = As("A");
  one.job = "a";
  one.state_directory = Path("a.state");
  ASSERT_TRUE(files_->CreateDirectories(one.state_directory).ok());
  Epoch1(**TryOpen("out", {}, one), {"1"});
  SinkContext other = As("B");
  other.job = "b";
  other.state_directory = Path("b.state");
  other.holds_state = [this](const std::string& path) { return files_->Stat(path).ok(); };
  EXPECT_EQ(Message(TryOpen("out", {}, other).status()),
            Cat(Path("out"), ": is written by job 'a', whose state is ", Path("a.state"),
                "; give this job another output; or --take-over to move it aside and write here"));
  ASSERT_TRUE(files_->Rename(Path("a.state"), Path("moved.state")).ok());
  Epoch1(**TryOpen("out", {}, other), {"2"});
  EXPECT_EQ(said_.back(),
            Cat(Path("out"), ": moved to ", Path("out.old-1"),
                ", because it belongs to job 'a', whose state ", Path("a.state"), " is gone"));
  EXPECT_EQ(Get("out.old-1"), "1\n");
}

TEST_F(FileSinkTest, AFullDiskAndAFailingSyncAreReported) {
  const Writer writer = Open("out");
  watched_.on_append = absl::ResourceExhaustedError("out: cannot write: No space left on device");
  EXPECT_TRUE(writer->Write({"a"}).ok());  // still in memory
  EXPECT_TRUE(absl::IsResourceExhausted(writer->EndEpoch(Epoch{1}).status()));

  watched_.on_append = absl::OkStatus();
  const Writer other = Open("other");
  ASSERT_TRUE(other->Write({"a"}).ok());
  const auto output = other->EndEpoch(Epoch{1});
  watched_.on_sync = absl::InternalError("other: cannot sync: Input/output error");
  EXPECT_EQ(Message(output->make_durable()), "other: cannot sync: Input/output error");
}

TEST_F(FileSinkTest, WhatCannotBeCutBackIsRefused) {
  EXPECT_EQ(Message(TryOpen("", {}, As("A")).status()),
            Path("") + ": is a directory; name a file in it");
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);  // opening it would block for ever
  EXPECT_THAT(Message(TryOpen("pipe", {}, As("A")).status()),
              HasSubstr("pipe: is a pipe, which cannot be truncated"));
  EXPECT_THAT(Message(LineFile("/dev/full").factory()->Open({}, As("A")).status()),
              HasSubstr("/dev/full: is a device, which cannot be truncated"));
  Put("file", "");
  EXPECT_THAT(Message(TryOpen("file/out", {}, As("A")).status()), HasSubstr("Not a directory"));
  EXPECT_THAT(Message(TryOpen("out", Position().Set("next", 3), As("A")).status()),
              HasSubstr(Path("out") + ": the stored position is not that of a file"));
  EXPECT_FALSE(LineFile("/proc/out").factory()->Open({}, As("A")).ok());
  EXPECT_FALSE(LineFile("").factory()->Open({}, As("A")).ok());
}

TEST_F(FileSinkTest, DevNullKeepsNothing) {
  auto writer = LineFile("/dev/null").factory()->Open({}, As("A"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  const Position saved = Epoch1(**writer, {"abc"});
  EXPECT_EQ(saved.Number("bytes"), 4);
  writer = LineFile("/dev/null").factory()->Open(saved, As("A"));
  ASSERT_TRUE(writer.ok()) << writer.status();
  EXPECT_EQ(Epoch1(**writer, {"abc"}).Number("bytes"), 8);
  EXPECT_FALSE(files_->Stat("/dev/null.tidemark").ok());
}

TEST_F(FileSinkTest, AnyBytesMayBeInALine) {
  const std::string odd("a\0\xff\r", 4);
  Epoch1(*Open("out"), {odd, ""});
  EXPECT_EQ(Get("out"), odd + "\n\n");
}

}  // namespace
}  // namespace tidemark
