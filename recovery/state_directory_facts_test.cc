// The facts about a path that is to become, or is, a state directory.

#include <string>

#include "base/files.h"
#include "base/status.h"
#include "recovery/state_directory.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

using StateDirectoryFactsTest = RecoveryTest;

bool Says(const absl::Status& status, const std::string& part) {
  return status.message().find(part) != absl::string_view::npos;
}

TEST_F(StateDirectoryFactsTest, AnEntryThatIsNotPartOfItIsNamed) {
  Open();
  directory_.reset();
  ASSERT_TRUE(files().CreateDirectories(JoinPath(state(), "foo")).ok());
  const absl::Status refused = OpenError();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_TRUE(Says(refused, "/foo: is not part of the state in ")) << refused;
  EXPECT_TRUE(Says(refused, "remove it, or move it")) << refused;
  ASSERT_TRUE(files().Remove(JoinPath(state(), "foo")).ok());
  Open();
}

TEST_F(StateDirectoryFactsTest, OneInsideAnotherOrASnapshotIsRefusedAndNotMade) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  for (const char* inside : {"x", "deep/er", "snapshots/0000000001/x", "snapshots/x"}) {
    StateDirectory::Options options = Options();
    options.directory = JoinPath(state(), inside);
    const absl::Status refused = StateDirectory::Open(files(), options).status();
    EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
    EXPECT_TRUE(Says(refused, ": is inside ")) << refused;
    EXPECT_FALSE(files().Stat(options.directory).ok()) << inside;
  }
  // A folder is not a state because it has a store/.
  ASSERT_TRUE(files().CreateDirectories(Path("shop/store")).ok());
  StateDirectory::Options options = Options();
  options.directory = Path("shop/x");
  EXPECT_TRUE(StateDirectory::Open(files(), options).ok());
}

}  // namespace
}  // namespace tidemark
