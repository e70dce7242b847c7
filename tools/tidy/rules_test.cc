#include "tools/tidy/rules.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tidemark::tidy {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> Messages(std::string_view path, std::string_view text) {
  std::vector<std::string> messages;
  for (const Finding& finding : CheckFile(path, text)) messages.push_back(finding.message);
  return messages;
}

struct HomeCase {
  std::string_view code;
  std::string_view stranger;  // A file where the code is a finding.
  std::string_view home;      // One where it is not.
};

class HomeTest : public ::testing::TestWithParam<HomeCase> {};

TEST_P(HomeTest, IsFoundOutsideOfItsHomeOnly) {
  const HomeCase& param = GetParam();
  EXPECT_THAT(Messages(param.stranger, param.code), testing::SizeIs(1)) << param.code;
  EXPECT_THAT(Messages(param.home, param.code), IsEmpty()) << param.code;
}

INSTANTIATE_TEST_SUITE_P(
    Rules, HomeTest,
    ::testing::Values(
        HomeCase{"std::thread t(f);", "engine/worker.cc", "engine/runner.cc"},
        HomeCase{"auto f = std::async(g);", "state/store.cc", "bench/windows.cc"},
        HomeCase{"std::vector<std::thread> all;", "tests.cc", "engine/exchange_test.cc"},
        HomeCase{"std::random_device device;", "engine/worker.cc", "base/random.cc"},
        HomeCase{"int x = rand() % 3;", "tests/simulation.cc", "base/random.cc"},
        HomeCase{"auto now = std::chrono::system_clock::now();", "tests/x.cc", "base/clock.cc"},
        HomeCase{"Use(absl::Now());", "connectors/file_source.cc", "base/clock.cc"},
        HomeCase{"auto t = std::chrono::steady_clock::now();", "engine/worker.cc", "bench/x.cc"},
        HomeCase{"absl::SleepFor(d);", "tests/recovery_test.cc", "tests/process_driver.cc"},
        HomeCase{"usleep(3);", "engine/worker_test.cc", "engine/runner_sleep.cc"},
        HomeCase{"#include <rocksdb/db.h>", "recovery/epochs.cc", "recovery/snapshot_dir.cc"},
        HomeCase{"#include \"rocksdb/db.h\"", "state/cache.cc", "state/rocksdb_store.cc"},
        HomeCase{"#include <capnp/message.h>", "state/store.cc", "state/struct_codec.cc"},
        HomeCase{"#include <kj/exception.h>", "recovery/verify.cc", "proto/manifest.cc"},
        HomeCase{"#include \"proto/row.capnp.h\"", "tools/dump.cc", "proto/row.cc"}));

TEST(RulesTest, ASeededHashHasNoHome) {
  EXPECT_THAT(Messages("base/stable_hash.cc", "absl::Hash<int> h;"),
              ElementsAre(HasSubstr("StableHash")));
  EXPECT_THAT(Messages("base/ids.h", "#pragma once\nH AbslHashValue(H h, Id id);"), IsEmpty());
}

TEST(RulesTest, ALongerNameIsAnotherName) {
  EXPECT_THAT(Messages("engine/a.cc", "operand(); x.rand(); std::threading t; p->usleep();"),
              IsEmpty());
}

TEST(RulesTest, ACommentOrAMessageMayNameWhatIsBanned) {
  EXPECT_THAT(Messages("engine/a.cc", "// no std::thread here\nLog(\"rand() and absl::Now()\");"),
              IsEmpty());
}

TEST(RulesTest, AReasonInTheLineAllowsIt) {
  EXPECT_THAT(Messages("engine/a.cc", "usleep(3);  // tidy: allowed, waits for a process"),
              IsEmpty());
  EXPECT_THAT(Messages("engine/a.cc", "usleep(3);  // tidy: allowed, "), Not(IsEmpty()));
}

TEST(RulesTest, AFindingNamesItsLine) {
  const std::vector<Finding> findings = CheckFile("engine/a.cc", "int a;\n\nrand();\n");
  ASSERT_EQ(findings.size(), 1u);
  EXPECT_EQ(findings[0].line, 3);
  EXPECT_THAT(findings[0].message, HasSubstr("base/random.h"));
}

TEST(RulesTest, ATodoHasAKindAndIsNotForNow) {
  EXPECT_THAT(Messages("a/a.cc", "// TODO(perf): sort by prefix"), IsEmpty());
  EXPECT_THAT(Messages("a/a.cc", "// TODO: later"), ElementsAre(HasSubstr("kind")));
  EXPECT_THAT(Messages("a/a.cc", "// TODO(now): fix"), ElementsAre(HasSubstr("cannot land")));
}

TEST(RulesTest, ALineHasAtMostHundredColumns) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "ü";
  EXPECT_THAT(Messages("a/a.cc", umlauts), IsEmpty());
  EXPECT_THAT(Messages("a/BUILD.bazel", umlauts + "x"), ElementsAre(HasSubstr("columns")));
  EXPECT_THAT(Messages("a/a.cc", "#include \"" + std::string(100, 'x') + ".h\""), IsEmpty());
}

TEST(RulesTest, NoLineEndsInWhiteSpace) {
  EXPECT_THAT(Messages("a/a.cc", "int a; \n\t\n\n"), testing::SizeIs(2));
}

TEST(RulesTest, AFileHasAtMostFiveHundredLines) {
  EXPECT_THAT(Messages("a/a.cc", std::string(500, '\n')), IsEmpty());
  EXPECT_THAT(Messages("a/a_test.cc", std::string(501, '\n')), Not(IsEmpty()));
  EXPECT_THAT(Messages("a/a.cc", std::string(501, '\n')), ElementsAre(HasSubstr("501 lines")));
}

TEST(RulesTest, AHeaderIsReadOnce) {
  EXPECT_THAT(Messages("a/a.h", "// What a is.\n#pragma once\n"), IsEmpty());
  EXPECT_THAT(Messages("a/a.h", "#ifndef A_H_\n#define A_H_\n#endif"),
              ElementsAre(HasSubstr("#pragma once")));
}

TEST(RulesTest, AFolderWithTargetsHasAReadme) {
  EXPECT_THAT(
      FoldersWithoutReadme({"BUILD.bazel", "a/BUILD.bazel", "a/README.md", "b/BUILD.bazel",
                            "c/x.cc", "third_party/BUILD.bazel", "third_party/x/BUILD.bazel",
                            "tools/tidy/BUILD.bazel", "examples/tides/BUILD.bazel"}),
      ElementsAre(".", "b"));
  EXPECT_THAT(FoldersWithoutReadme({"examples/BUILD.bazel"}), ElementsAre("examples"));
}

TEST(RulesTest, AShellScriptLosesNoFailure) {
  EXPECT_THAT(Messages("dev", "  mapfile -t missing < <(missing_packages)"),
              ElementsAre(HasSubstr("read_lines")));
  EXPECT_THAT(Messages("a/a.sh", "  done < <(grep x y)  # tidy: allowed, grep finds nothing"),
              IsEmpty());
  EXPECT_THAT(Messages(".ci/run", "# as in mapfile < <(x)\ndiff <(a) <(b)"), IsEmpty());
  EXPECT_THAT(Messages("a/a.sh", "  local text=$(cat file)"), ElementsAre(HasSubstr("declare")));
  EXPECT_THAT(Messages("a/a.sh", "readonly A=\"$(pwd)\""), ElementsAre(HasSubstr("declare")));
  EXPECT_THAT(Messages("a/a.sh", "  local text\n  text=$(cat file)\nreadonly B=${1:-x}"),
              IsEmpty());
}

TEST(RulesTest, AScriptSaysThatItEndsWhereACommandFails) {
  EXPECT_THAT(Messages("a/a.sh", "#!/usr/bin/env bash\n# A.\nset -euo pipefail\n"), IsEmpty());
  EXPECT_THAT(Messages("a/a.sh", "#!/usr/bin/env bash\nset -e\n"),
              ElementsAre(HasSubstr("pipefail")));
  EXPECT_THAT(Messages("a/sourced.sh", "say() { echo; }\n"), IsEmpty());
}

TEST(RulesTest, OnlySourcesAreChecked) {
  EXPECT_TRUE(IsChecked("a/a.h"));
  EXPECT_TRUE(IsChecked("a/BUILD.bazel"));
  EXPECT_TRUE(IsChecked("dev"));
  EXPECT_TRUE(IsChecked(".ci/run"));
  EXPECT_FALSE(IsChecked("docs/page.md"));
}

}  // namespace
}  // namespace tidemark::tidy
