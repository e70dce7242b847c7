#include "connectors/file/dir_sink.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "connectors/file/file_sink.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class DirSinkTest : public ConnectorTest {
 protected:
  absl::StatusOr<std::unique_ptr<SinkWriter<std::string>>> Open(
      size_t file_count, const std::optional<Position>& resume = {}, std::string run_line = "A") {
    SinkContext context;
    context.files = files_.get();
    context.run_line = std::move(run_line);
    context.job = "job";
    context.state_directory = state_directory_;
    context.sink = "sink";
    context.new_output = new_output_;
    const auto first_digit = [](const std::string& line) { return uint64_t(line[0] - '0'); };
    return DirFiles<std::string>({.path = Path(directory_), .file_count = file_count}, first_digit,
                                 TextEncoder())
        .factory()
        ->Open(resume, context);
  }
  // The rows as one epoch.
  Position Write(SinkWriter<std::string>& writer, const std::vector<std::string>& rows) {
    EXPECT_TRUE(writer.Write(rows).ok());
    const auto output = writer.EndEpoch(Epoch{1});
    EXPECT_TRUE(output.ok()) << output.status();
    return output.ok() ? output->position : Position();
  }

  std::string directory_ = "out";
  std::string state_directory_;
  bool new_output_ = false;
};

TEST_F(DirSinkTest, EachItemGoesToItsFileModuloTheNumberOfFiles) {
  auto writer = Open(3);
  ASSERT_TRUE(writer.ok()) << writer.status();
  ASSERT_TRUE((*writer)->Write({"0", "1", "2", "4x"}).ok());
  const auto output = (*writer)->EndEpoch(Epoch{1});
  ASSERT_TRUE(output.ok()) << output.status();
  ASSERT_TRUE(output->make_durable().ok());
  EXPECT_EQ(Get("out/part_0"), "0\n");
  EXPECT_EQ(Get("out/part_1"), "1\n4x\n");
  EXPECT_EQ(Get("out/part_2"), "2\n");
  EXPECT_EQ(output->position, Position()
                                  .Set("files", 3)
                                  .Set("run_line", "A")
                                  .Set("part_0", 2)
                                  .Set("part_1", 5)
                                  .Set("part_2", 2));
}

TEST_F(DirSinkTest, ResumeCutsEveryFileBack) {
  Position saved;
  {
    auto writer = Open(2);
    ASSERT_TRUE((*writer)->Write({"0", "1", "1 more"}).ok());
    saved = (*writer)->EndEpoch(Epoch{1})->position;
    ASSERT_TRUE((*writer)->Write({"0 lost", "1 lost"}).ok());
    ASSERT_TRUE((*writer)->EndEpoch(Epoch{2}).ok());
  }
  auto resumed = Open(2, saved);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_EQ(Get("out/part_0") + Get("out/part_1"), "0\n1\n1 more\n");

  EXPECT_THAT(Message(Open(3, saved).status()),
              HasSubstr("out: was written as 2 files and cannot continue as 3"));
  EXPECT_THAT(Message(Open(2, Position().Set("bytes", 3)).status()),
              HasSubstr("the stored position is not that of a directory"));
  EXPECT_THAT(Message(Open(2, saved, "F").status()), HasSubstr("belongs to another job"));
  Put("out/part_1", "");
  EXPECT_TRUE(absl::IsDataLoss(Open(2, saved).status()));
}

TEST_F(DirSinkTest, ANewOutputKeepsEachFileAside) {
  const Position saved = Write(**Open(2), {"0", "1", "1 more"});
  new_output_ = true;
  const Position anew = Write(**Open(2, saved), {"1 new"});
  EXPECT_EQ(Get("out/part_0.old-1") + Get("out/part_1.old-1"), "0\n1\n1 more\n");
  EXPECT_EQ(Get("out/part_0") + Get("out/part_1"), "1 new\n");
  EXPECT_EQ(anew.Number("generation_0"), 1);
  EXPECT_EQ(anew.Number("generation_1"), 1);
  new_output_ = false;
  EXPECT_TRUE(Open(2, anew).ok());
  EXPECT_EQ(Get("out/part_0") + Get("out/part_1"), "1 new\n");
  // The state is an older copy, from before.
  EXPECT_THAT(Message(Open(2, Position(saved).Set("part_1", 2)).status()),
              HasSubstr("out/part_1: was started over by --new-output"));
}

TEST_F(DirSinkTest, ADirectoryThatWasRenamedIsToldHowToComeAlong) {
  state_directory_ = Path("state");
  const Position saved = Write(**Open(2), {"0", "1"});
  directory_ = "other place";
  const std::string refusal = Message(Open(2, saved).status());
  EXPECT_THAT(refusal,
              HasSubstr("other place: has none of the files that were written; this output "
                        "was "));
  const size_t command = refusal.find("mkdir -p ");
  ASSERT_NE(command, std::string::npos) << refusal;
  EXPECT_EQ(std::system(
                refusal.substr(command, refusal.find("; or --new-output sink") - command).c_str()),
            0);
  EXPECT_TRUE(Open(2, saved).ok()) << Open(2, saved).status();
  EXPECT_EQ(Get("other place/part_0") + Get("other place/part_1"), "0\n1\n");

  ASSERT_TRUE(files_->Rename(Path("other place"), Path("gone")).ok());
  EXPECT_THAT(Message(Open(2, saved).status()), HasSubstr("put its files back; or --new-output"));
  new_output_ = true;
  EXPECT_TRUE(Open(2, saved).ok());
}

TEST_F(DirSinkTest, TheNumberOfFilesIsBounded) {
  EXPECT_TRUE(absl::IsInvalidArgument(Open(0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Open(1'000'000).status()));
}

}  // namespace
}  // namespace tidemark
