#include "engine/output_claims.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

class OutputClaimsTest : public ::testing::Test {
 protected:
  std::string Make(const std::string& name) {
    const std::string path = dir_.Path(name);
    EXPECT_TRUE(CreateDirectoriesDurably(dir_.files(), ParentDirectory(path)).ok());
    EXPECT_TRUE(WriteFileAtomically(dir_.files(), path, name).ok());
    return path;
  }
  OutputClaims Claims(const std::vector<InputFile>& inputs = {}, const std::string& state = "") {
    return OutputClaims(dir_.files(), {.inputs = inputs, .state_directory = state});
  }
  static OutputPlace File(const std::string& path) {
    return {.name = path, .file = path, .beside = {Cat(path, ".tidemark")}};
  }
  static ::testing::AssertionResult Refuses(const absl::Status& status, const std::string& words) {
    if (absl::IsInvalidArgument(status) && status.message().find(words) != std::string::npos) {
      return ::testing::AssertionSuccess();
    }
    return ::testing::AssertionFailure() << status;
  }

  TempDirectory dir_;
};

TEST_F(OutputClaimsTest, AnOutputOfAnotherSinkOfTheStateIsNotTaken) {
  EpochRecord record;
  const auto add = [&](const std::string& sink, const Position& position) {
    record.sinks.emplace_back();
    record.sinks.back().step = sink;
    record.sinks.back().position = position.values();
  };
  add("file", Position().Set("path", dir_.Path("out")));
  add("table", Position().Set("path", dir_.Path("t.db")).Set("table", "It"));
  add("parts", Position().Set("path", dir_.Path("dir")).Set("files", 2));
  const auto claim = [&](const std::string& sink, const std::string& name) {
    OutputClaims claims(dir_.files(), {.recorded = RecordedOutputs(record)});
    const absl::Status status =
        claims.Claim({.name = dir_.Path(name), .file = dir_.Path(name), .sink = sink});
    EXPECT_TRUE(status.ok() || absl::IsFailedPrecondition(status)) << status;
    return std::string(ToStd(status.message()));
  };
  EXPECT_EQ(claim("file", "out"), "");
  EXPECT_EQ(claim("other", "elsewhere"), "");
  EXPECT_NE(claim("other", "out").find("is the output of sink 'file'"), std::string::npos);
  EXPECT_EQ(claim("table", "t.db, table 'it'"), "");
  EXPECT_EQ(claim("other", "t.db, table 'its'"), "");
  EXPECT_NE(claim("other", "t.db, table 'it'").find("sink 'table'"), std::string::npos);
  EXPECT_EQ(claim("parts", "dir/part_1"), "");
  EXPECT_NE(claim("other", "dir/part_1").find("sink 'parts'"), std::string::npos);
}

TEST_F(OutputClaimsTest, AnInputUnderAnyNameIsNoOutput) {
  const std::string input = Make("in");
  const std::string hard = dir_.Path("hard"), soft = dir_.Path("soft");
  ASSERT_EQ(link(input.c_str(), hard.c_str()), 0);
  ASSERT_EQ(symlink("in", soft.c_str()), 0);
  for (const std::string& path : {input, hard, soft}) {
    auto claims = Claims({{.source = "rows", .path = input}});
    EXPECT_TRUE(Refuses(claims.Claim(File(path)), "read by source 'rows'")) << path;
  }
  auto claims = Claims({{.source = "rows", .path = input}});
  EXPECT_TRUE(claims.Claim(File(dir_.Path("out"))).ok());
}

// Neither is there yet.
TEST_F(OutputClaimsTest, WhatGoesWithAnOutputIsNoOther) {
  const std::string out = dir_.Path("out");
  for (const bool owner_first : {false, true}) {
    auto claims = Claims();
    const std::string first = owner_first ? Cat(out, ".tidemark") : out;
    const std::string second = owner_first ? out : Cat(out, ".tidemark");
    EXPECT_TRUE(claims.Claim(File(first)).ok());
    EXPECT_TRUE(Refuses(claims.Claim(File(second)), "another sink of this job")) << second;
  }
}

TEST_F(OutputClaimsTest, TablesOfOneDatabaseShareItsFiles) {
  auto claims = Claims();
  const std::string database = Make("q.db");
  const std::vector<std::string> beside = {Make("q.db-wal"), dir_.Path("q.db-shm")};
  EXPECT_TRUE(claims.Claim({.name = "a", .file = database, .beside = beside}).ok());
  EXPECT_TRUE(claims.Claim({.name = "b", .file = database, .beside = beside}).ok());
  EXPECT_TRUE(Refuses(claims.Claim({.name = "a", .file = database, .beside = beside}),
                      "another sink of this job writes to it"));
  EXPECT_TRUE(Refuses(claims.Claim(File(beside[0])), "belongs to"));
  EXPECT_TRUE(Refuses(claims.Claim(File(beside[1])), "belongs to"));
}

TEST_F(OutputClaimsTest, NoOutputLiesInAStateDirectory) {
  Make("own/store/CURRENT");
  Make("others/LOCK");
  Make("others/store/CURRENT");
  Make("no_state/LOCK");
  auto claims = Claims({}, dir_.Path("own"));
  EXPECT_TRUE(Refuses(claims.Claim(File(dir_.Path("own/out"))), "is in the state directory"));
  EXPECT_TRUE(Refuses(claims.Claim(File(dir_.Path("others/snapshots/a/out"))), "/others;"));
  EXPECT_TRUE(claims.Claim(File(dir_.Path("no_state/out"))).ok());
}

}  // namespace
}  // namespace tidemark
