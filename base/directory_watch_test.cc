#include "base/directory_watch.h"

#include <gtest/gtest.h>
#include <poll.h>

#include "base/files.h"
#include "base/status.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

bool Readable(const DirectoryWatch& watch) {
  pollfd fd{.fd = watch.descriptor(), .events = POLLIN, .revents = 0};
  return poll(&fd, 1, 0) == 1;
}

TEST(DirectoryWatch, IsReadableOnceAFileHasCome) {
  TempDirectory dir;
  const auto watch = DirectoryWatch::Open(dir.path());
  ASSERT_TRUE(watch.ok()) << watch.status();
  EXPECT_FALSE(Readable(**watch));
  ASSERT_TRUE(WriteFileAtomically(dir.files(), dir.Path("request"), "name: x\n").ok());
  EXPECT_TRUE(Readable(**watch));
  (*watch)->Drain();
  EXPECT_FALSE(Readable(**watch));
  ASSERT_TRUE(dir.files().Remove(dir.Path("request")).ok());
  EXPECT_FALSE(Readable(**watch)) << "what goes is of no interest";
}

TEST(DirectoryWatch, ADirectoryThatIsNotThereIsAnErrorThatNamesIt) {
  const auto watch = DirectoryWatch::Open("/nowhere/at/all");
  EXPECT_NE(watch.status().message().find("/nowhere/at/all"), absl::string_view::npos);
}

}  // namespace
}  // namespace tidemark
