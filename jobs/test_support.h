// What the tests of jobs share: a folder of their own, and a job that runs in it under the virtual
// clock.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/str_replace.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/build_flow.h"
#include "jobs/job_parser.h"
#include "jobs/job_spec.h"
#include "tidemark/testing.h"

namespace tidemark {

// A file that the test's target lists as data.
inline std::string Runfile(const std::string& path) {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return path;
  return JoinPath(JoinPath(runfiles, workspace), path);
}
inline std::string ReadRunfile(const std::string& path) {
  const auto files = NewPosixFiles();
  const auto bytes = ReadSmallFile(*files, Runfile(path));
  EXPECT_TRUE(bytes.ok()) << bytes.status();
  return bytes.value_or("");
}

class JobTest : public ::testing::Test {
 protected:
  JobTest() : files_(NewPosixFiles()) {
    std::string pattern = JoinPath(::testing::TempDir(), "jobs_XXXXXX");
    root_ = mkdtemp(pattern.data());
    tester_ = std::make_unique<FlowTester>();
    options_.write_stdout = [this](std::string_view bytes) {
      stdout_.append(bytes);
      return absl::OkStatus();
    };
  }
  ~JobTest() override {
    tester_.reset();
    RemoveTree(*files_, root_).IgnoreError();  // on purpose: a left-over is harmless
  }

  std::string Path(std::string_view name) const { return JoinPath(root_, name); }
  void Put(std::string_view name, std::string_view bytes) {
    ASSERT_TRUE(WriteFileAtomically(*files_, Path(name), bytes).ok());
  }
  std::string Get(std::string_view name) {
    const auto bytes = ReadSmallFile(*files_, Path(name));
    return bytes.ok() ? *bytes : std::string(ToStd(bytes.status().ToString()));
  }
  FlowTester& tester() { return *tester_; }
  void UseTester(FlowTester::Options options) {
    tester_ = std::make_unique<FlowTester>(std::move(options));
  }

  // A job whose `@` stands for the test's folder.
  JobSpec Parse(std::string_view yaml) const {
    const std::string text = absl::StrReplaceAll(ToAbsl(yaml), {{"@", root_}});
    const absl::StatusOr<JobSpec> job = ParseJob(text, "job.yaml");
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? *job : JobSpec();
  }
  // Starts the job, on the state of the one before it.
  absl::Status Start(const JobSpec& job) {
    const absl::Status started = tester_->TryBuild(
        [this, job](Flow& flow) { added_ = AddJob(job, options_, flow); }, job.name);
    // A job that was not added leaves a flow with less to say.
    return added_.ok() ? started : added_;
  }
  absl::Status Start(std::string_view yaml) { return Start(Parse(yaml)); }
  // Runs it to the end of its input and commits that.
  absl::Status Run(std::string_view yaml) {
    TM_RETURN_IF_ERROR(Start(yaml));
    TM_RETURN_IF_ERROR(tester_->TryRun());
    tester_->Commit();
    return absl::OkStatus();
  }

  // What a job prints that reads `rows`, with `steps` (lines of a list, or nothing).
  std::string Printed(std::string_view rows, std::string_view steps,
                      std::string_view source_options = "") {
    Put("in.jsonl", rows);
    stdout_.clear();
    const absl::Status status = Run(Cat("name: test\nsource: {file: '@/in.jsonl'", source_options,
                                        "}\nsteps:\n", steps, "\nsink: stdout\n"));
    return status.ok() ? stdout_ : std::string(ToStd(status.message()));
  }

  std::unique_ptr<Files> files_;
  std::string root_;
  std::string stdout_;
  BuildOptions options_;

 private:
  absl::Status added_;  // outlives the tester, which builds the flow anew at each resume
  std::unique_ptr<FlowTester> tester_;
};

}  // namespace tidemark
