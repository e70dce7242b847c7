// Goal: this build goes on where older ones stopped, by the state directory and by a snapshot, and
// writes what they would have written. Method: a copy of what an older build left behind is resumed
// by the real program; its outputs are compared with those of an undisturbed run of that build.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

class Compat : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    const std::string version = RunfilePath(Cat("tests/compat/", GetParam()));
    CopyTree(version, dir_.path());
  }
  void CopyTree(const std::string& from, const std::string& to) {
    ASSERT_TRUE(dir_.files().CreateDirectories(to).ok());
    const auto names = dir_.files().List(from);
    ASSERT_TRUE(names.ok()) << names.status();
    for (const std::string& name : *names) {
      const auto info = dir_.files().Stat(JoinPath(from, name));
      ASSERT_TRUE(info.ok()) << info.status();
      if (info->is_directory) {
        CopyTree(JoinPath(from, name), JoinPath(to, name));
      } else {
        ASSERT_TRUE(CopyFile(dir_.files(), JoinPath(from, name), JoinPath(to, name)).ok());
      }
    }
  }
  ChildProcess::End Tidemark(std::vector<std::string> words) {
    words.insert(words.begin(), RunfilePath("tools/tidemark"));
    return ChildProcess(words, {.directory = dir_.path()}).Wait();
  }
  // A job's rows in a form that does not depend on the order between keys.
  std::vector<std::string> Rows(const std::string& path) {
    const auto bytes = ReadSmallFile(dir_.files(), dir_.Path(path));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    std::vector<std::string> rows = absl::StrSplit(bytes.value_or(""), '\n', absl::SkipEmpty());
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  TempDirectory dir_;
};

constexpr const char* kJobs[] = {"lists", "windows"};

// The copy of the input is another file to the system; its content is the same, which counts.
TEST_P(Compat, GoesOnWhereTheOldBuildWasKilled) {
  for (const std::string job : kJobs) {
    const auto end = Tidemark({"run", job + ".yaml"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    EXPECT_NE(end.err.find("is another file with the same content"), std::string::npos) << end.err;
    EXPECT_NE(end.err.find("resuming"), std::string::npos) << end.err;
    EXPECT_EQ(Rows(job + ".jsonl"), Rows(Cat("expected/", job, ".jsonl")));
  }
  EXPECT_EQ(Rows("windows.late.jsonl"), Rows("expected/windows.late.jsonl"));
}

TEST_P(Compat, StartsFromTheOldSnapshot) {
  for (const std::string job : kJobs) {
    const auto end = Tidemark({"run", job + ".yaml", "--from", job + ".state/snapshots/kept",
                               "--state", job + ".fork", "--take-over", "--accept-changed-input"});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Rows(job + ".jsonl"), Rows(Cat("expected/", job, ".jsonl")));
  }
}

TEST_P(Compat, IsDumpedAndFoundWhole) {
  for (const std::string job : kJobs) {
    const auto dump = Tidemark({"dump", job + ".state", "--json"});
    EXPECT_EQ(dump.exit_code, 0) << dump.err;
    EXPECT_NE(dump.out.find("\"key\": \"key-1\""), std::string::npos) << dump.out;
    const auto verify = Tidemark({"verify", job + ".state"});
    EXPECT_EQ(verify.exit_code, 0) << verify.out << verify.err;
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, Compat, ::testing::Values("v1"),
                         [](const auto& info) { return info.param; });

}  // namespace
}  // namespace tidemark
