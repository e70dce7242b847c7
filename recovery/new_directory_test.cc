#include "recovery/new_directory.h"

#include <unistd.h>

#include <optional>

#include "base/forwarding_files.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

// Of which calls that change a directory fail, from one on.
class FailingFiles final : public ForwardingFiles {
 public:
  FailingFiles(Files& real, int good) : ForwardingFiles(real), good_(good) {}
  absl::Status Rename(const std::string& from, const std::string& to) override {
    return --good_ < 0 ? absl::UnavailableError("no") : real().Rename(from, to);
  }
  absl::Status Remove(const std::string& path) override {
    return --good_ < 0 ? absl::UnavailableError("no") : real().Remove(path);
  }
  bool failed() const { return good_ < 0; }

 private:
  int good_;
};

class NewDirectoryTest : public RecoveryTest {
 protected:
  bool IsThere(const std::string& path) { return files().Stat(path).ok(); }
  // A start that opens the state and comes no further.
  void OpenAndGiveUp(const std::string& directory, bool keep = false) {
    NewDirectory made(files(), directory);
    ASSERT_TRUE(StateDirectory::Open(files(), {.directory = directory}).ok());
    if (keep) made.Keep();
  }
};

TEST_F(NewDirectoryTest, WhatWasMissingIsMissingAgain) {
  OpenAndGiveUp(Path("new/deep/state"));
  EXPECT_FALSE(IsThere(Path("new")));
  ASSERT_TRUE(files().CreateDirectories(Path("old")).ok());
  OpenAndGiveUp(Path("old/deep/state"));
  EXPECT_TRUE(Names(Path("old")).empty());
}

TEST_F(NewDirectoryTest, AnEmptyDirectoryIsEmptyAgain) {
  ASSERT_TRUE(files().CreateDirectories(Path("empty")).ok());
  OpenAndGiveUp(Path("empty"));
  EXPECT_TRUE(IsThere(Path("empty")));
  EXPECT_TRUE(Names(Path("empty")).empty());
}

TEST_F(NewDirectoryTest, WhatIsKeptOrWasThereStays) {
  OpenAndGiveUp(Path("state"), /*keep=*/true);
  EXPECT_TRUE(IsThere(Path("state/store/CURRENT")));
  OpenAndGiveUp(Path("state"));
  EXPECT_TRUE(IsThere(Path("state/store/CURRENT")));
}

// The second of two starts is refused because the first has the directory by then.
TEST_F(NewDirectoryTest, WhatAnotherStartHasMadeMeanwhileStays) {
  std::optional<NewDirectory> slow(std::in_place, files(), Path("state"));
  const auto fast = StateDirectory::Open(files(), {.directory = Path("state")});
  ASSERT_TRUE(fast.ok()) << fast.status();
  ASSERT_FALSE(StateDirectory::Open(files(), {.directory = Path("state")}).ok());
  slow.reset();
  EXPECT_TRUE((*fast)->CheckHeld().ok());
  EXPECT_TRUE(IsThere(Path("state/LOCK")));
}

// A removal that does not reach its end leaves something that the next start can begin in.
TEST_F(NewDirectoryTest, WhereverTheRemovalEndsTheNextStartSucceeds) {
  for (int good = 0;; ++good) {
    const std::string state = Path(Cat("state-", good));
    FailingFiles failing(files(), good);
    {
      const NewDirectory made(failing, state);
      ASSERT_TRUE(StateDirectory::Open(files(), {.directory = state}).ok());
    }
    const auto next = StateDirectory::Open(files(), {.directory = state});
    EXPECT_TRUE(next.ok()) << next.status() << " after " << good << " good calls";
    if (!failing.failed()) break;
  }
}

TEST_F(NewDirectoryTest, ALinkThatLeadsNowhereStays) {
  ASSERT_EQ(symlink(Path("away").c_str(), Path("state").c_str()), 0);
  { const NewDirectory made(files(), Path("state")); }
  char target[1];
  EXPECT_EQ(readlink(Path("state").c_str(), target, sizeof target), 1);
}

}  // namespace
}  // namespace tidemark
