#include "connectors/file/dir_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DirSourceTest : public ConnectorTest {
 protected:
  Source<std::string> Dir(std::string_view name, std::string glob = "*") {
    DirSourceOptions options;
    options.path = Path(name);
    options.glob = std::move(glob);
    return DirLines<std::string>(options, TextDecoder());
  }
  absl::StatusOr<std::vector<std::string>> Partitions(const Source<std::string>& source) {
    return source.factory()->Partitions(context());
  }
};

TEST_F(DirSourceTest, EachMatchingFileIsAPartitionWithItsOwnPosition) {
  ASSERT_TRUE(files_->CreateDirectories(Path("in/sub.txt")).ok());
  Put("in/b.txt", "b1\nb2\n");
  Put("in/a.txt", "a1\n");
  Put("in/a.log", "no\n");
  Put("in/.hidden.txt", "no\n");
  const auto source = Dir("in", "*.txt");
  EXPECT_THAT(*Partitions(source), ElementsAre("a.txt", "b.txt"));
  auto b = Session<std::string>::Open(source, context(), {}, 1);
  ASSERT_TRUE(b.ok()) << b.status();
  EXPECT_THAT(**b->Next(1), ElementsAre("b1"));
  auto resumed = Session<std::string>::Open(source, context(), b->position(), 1);
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_THAT(*resumed->Rest(), ElementsAre("b2"));
  // The position of one file is not taken for another.
  EXPECT_TRUE(absl::IsFailedPrecondition(
      Session<std::string>::Open(source, context(), b->position(), 0).status()));
  EXPECT_THAT(*Partitions(Dir("in", ".h*")), ElementsAre(".hidden.txt"));
}

TEST_F(DirSourceTest, WhatAFileWouldGiveIsSaidWithoutReadingIt) {
  ASSERT_TRUE(files_->CreateDirectories(Path("in")).ok());
  Put("in/a.txt", "a1\na2\n");
  const auto source = Dir("in");
  const auto preview = [&](const std::optional<Position>& resume) {
    return source.factory()->Preview("a.txt", resume, context());
  };
  EXPECT_EQ(*preview({}), "6 bytes to read");
  auto a = Session<std::string>::Open(source, context(), {}, 0);
  EXPECT_THAT(**a->Next(1), ElementsAre("a1"));
  EXPECT_EQ(*preview(a->position()), "3 bytes to read");
  ASSERT_TRUE(a->Rest().ok());
  EXPECT_EQ(*preview(a->position()), "nothing new in it");
  Put("in/a.txt", "b\n");
  EXPECT_TRUE(absl::IsFailedPrecondition(preview(a->position()).status()));
}

TEST_F(DirSourceTest, ReadsCsvToo) {
  ASSERT_TRUE(files_->CreateDirectories(Path("in")).ok());
  Put("in/a.csv", "x;y\n1;2\n");
  DirSourceOptions options;
  options.path = Path("in");
  const auto rows = ReadAll(DirCsv(options, ';'), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ((*rows)[0].Get("y"), "2");
}

TEST_F(DirSourceTest, WhatIsNoDirectoryIsRefusedWithAReason) {
  const absl::Status missing = Partitions(Dir("missing")).status();
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_EQ(Message(missing), Path("missing") + ": input directory does not exist");
  Put("file", "x\n");
  EXPECT_THAT(Message(Partitions(Dir("file")).status()),
              HasSubstr(Path("file") + ": input directory is not a directory"));
  EXPECT_EQ(Message(Partitions(Dir("", "*.csv")).status()),
            Path("") + ": no file in it matches '*.csv'");
}

}  // namespace
}  // namespace tidemark
