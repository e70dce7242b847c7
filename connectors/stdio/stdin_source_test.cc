#include "connectors/stdio/stdin_source.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::StartsWith;

// A pipe whose reading end is the input.
class StdinSourceTest : public ConnectorTest {
 protected:
  StdinSourceTest() { EXPECT_EQ(pipe(ends_), 0); }
  ~StdinSourceTest() override {
    close(ends_[0]);
    Close();
  }
  void Type(std::string_view bytes) {
    ASSERT_EQ(write(ends_[1], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void Close() {
    if (ends_[1] >= 0) close(ends_[1]);
    ends_[1] = -1;
  }
  Session<std::string> Open(StdinOptions options = {}) {
    if (options.fd == 0) options.fd = ends_[0];
    return *Session<std::string>::Open(StdinLines<std::string>(options, TextDecoder()), context());
  }

  int ends_[2] = {-1, -1};
};

TEST_F(StdinSourceTest, WaitsForTheDescriptorAndNeverBlocks) {
  auto session = Open();
  EXPECT_THAT(**session.Next(), ElementsAre());
  EXPECT_EQ(session.last().ready_fd, ends_[0]);
  EXPECT_TRUE(session.last().ask_again.is_never());
  Type("one\ntw");
  EXPECT_THAT(**session.Next(), ElementsAre("one"));
  EXPECT_EQ(session.last().ready_fd, ends_[0]);
  Type("o\r\n\nthr");
  EXPECT_THAT(**session.Next(), ElementsAre("two", ""));
  Close();
  EXPECT_THAT(**session.Next(), ElementsAre("thr"));
  EXPECT_EQ(*session.Next(), std::nullopt);
  EXPECT_EQ(*session.Next(), std::nullopt);
}

TEST_F(StdinSourceTest, LinesInTheBufferComeWithoutWaiting) {
  Type("1\n2\n3\n");
  auto session = Open();
  EXPECT_THAT(**session.Next(2), ElementsAre("1", "2"));
  EXPECT_EQ(session.last().ready_fd, -1);
  EXPECT_THAT(**session.Next(2), ElementsAre("3"));
  EXPECT_EQ(session.position().Number("line"), 4);
}

TEST_F(StdinSourceTest, TheDescriptorStaysBlocking) {
  Type("x\n");
  auto session = Open();
  ASSERT_TRUE(session.Next().ok());
  EXPECT_EQ(fcntl(ends_[0], F_GETFL) & O_NONBLOCK, 0);
}

TEST_F(StdinSourceTest, ALineBeyondTheBoundIsPassedOverAsItComes) {
  auto session = Open({.on_error = OnError::kSkip, .line_bytes_max = 4});
  Type("12345");
  EXPECT_THAT(**session.Next(), ElementsAre());
  Type(std::string(10'000, 'x'));
  EXPECT_THAT(**session.Next(), ElementsAre());
  Type("x\nok\n12345");
  EXPECT_THAT(**session.Next(), ElementsAre("ok"));
  Close();
  while (true) {
    const auto items = session.Next();
    ASSERT_TRUE(items.ok());
    if (!items->has_value()) break;
    EXPECT_THAT(**items, ElementsAre());
  }
  EXPECT_EQ(skips_.total(), 2u);
}

TEST_F(StdinSourceTest, ALineBeyondTheBoundIsNotKeptUntilItEnds) {
  auto session = Open({.line_bytes_max = 4});
  Type("12345");
  EXPECT_EQ(Message(session.Next().status()), "standard input:1: the line is longer than 4 bytes");
}

TEST_F(StdinSourceTest, ManySmallPiecesMakeOneLine) {
  auto session = Open();
  std::string line;
  for (int i = 0; i < 300; ++i) {
    Type(std::string(500, 'a'));
    line += std::string(500, 'a');
    EXPECT_THAT(**session.Next(), ElementsAre());
  }
  Type("\n");
  EXPECT_THAT(**session.Next(), ElementsAre(line));
}

TEST_F(StdinSourceTest, BadLinesAndBadDescriptorsAreNamed) {
  const auto refusing = [](std::string_view, const LineOrigin&, std::string&) -> absl::Status {
    return absl::InvalidArgumentError("never");
  };
  Type("x\n");
  auto session =
      Session<std::string>::Open(StdinLines<std::string>({.fd = ends_[0]}, refusing), context());
  EXPECT_EQ(Message(session->Next().status()), "standard input:1: never");
  const auto closed =
      Session<std::string>::Open(StdinLines<std::string>({.fd = 987}, TextDecoder()), context());
  EXPECT_THAT(Message(closed.status()), StartsWith("standard input: cannot be read, it was closed"))
      << "before anything is read";
}

TEST_F(StdinSourceTest, AFileAsStandardInputIsReadToItsEnd) {
  Put("in", "a\nb");
  const int fd = open(Path("in").c_str(), O_RDONLY);
  auto session = Open({.fd = fd});
  EXPECT_THAT(*session.Rest(), ElementsAre("a", "b"));
  close(fd);
}

// There is no next run that could read it.
TEST_F(StdinSourceTest, ALastLineIsTakenAlsoWithAState) {
  Type("a\r\nb\r");
  Close();
  SkipLog skips(/*keeps_state=*/true);
  SourceContext kept = context();
  kept.skips = &skips;
  auto session = Session<std::string>::Open(
      StdinLines<std::string>({.fd = ends_[0], .keeps_cr = true}, TextDecoder()), kept);
  EXPECT_THAT(*session->Rest(), ElementsAre("a\r", "b\r"));
}

TEST_F(StdinSourceTest, SaysThatItCannotSeek) {
  const auto source = StdinLines<std::string>({}, TextDecoder());
  EXPECT_FALSE(source.factory()->can_seek());
  EXPECT_EQ(source.factory()->Describe(), "standard input");
}

}  // namespace
}  // namespace tidemark
