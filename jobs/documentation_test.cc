// The documentation is true: every job in it is one, so is every example, and mistakes are reported
// as it says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "jobs/job_parser.h"
#include "tests/support/pages.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

using ::testing::SizeIs;

// The keys of `text`, whatever level they are at, as "key:".
bool NamesKey(const std::string& text, const std::string& key) {
  return text.find(key + ":") != std::string::npos;
}

TEST(Documentation, EveryJobInItIsOne) {
  const auto snippets = YamlBlocks(ReadWorkingCopy("docs/jobs.md"));
  EXPECT_GE(snippets.size(), 5u);
  std::string all;
  for (const auto& [line, text] : snippets) {
    EXPECT_EQ(ParseJob(text, "snippet").status(), absl::OkStatus())
        << "docs/jobs.md:" << line << "\n"
        << text;
    all += text;
  }
  const std::vector<std::string> keys = absl::StrSplit(
      "name state epoch snapshot_every memory workers source sources file "
      "stdin generator format on_error rate items keys seed start_time "
      "interval max_out_of_orderness steps key_by batch max_items max_wait idle_timeout as "
      "sink sinks stdout window clock event_time unit max_ahead_of_system_time tumbling "
      "where select length align_to sliding offset session gap aggregate late_to late_when "
      "order keep_watermark_for at_eof fields sqlite table key watermark idle_after follow",
      ' ');
  for (const std::string& key : keys) {
    EXPECT_TRUE(NamesKey(all, key)) << "docs/jobs.md shows no job with " << key;
  }
}

// The first job of docs/jobs.md, misspelt as it says.
TEST(Documentation, TheMistakesInItAreReportedLikeThat) {
  const std::string documentation = ReadWorkingCopy("docs/jobs.md");
  const std::string first_job = YamlBlocks(documentation).begin()->second;
  const std::string misspelt = absl::StrReplaceAll(
      first_job,
      {{"max_items", "max_item"}, {"out/by_net.jsonl", "examples/data/earthquakes.jsonl"}});
  const auto job = ParseJob(misspelt, "my_first_job.yaml");
  const std::vector<std::string> messages =
      absl::StrSplit(job.status().message(), '\n', absl::SkipEmpty());
  EXPECT_THAT(messages, SizeIs(2));
  for (const std::string& message : messages) {
    EXPECT_NE(documentation.find(message), std::string::npos) << message;
  }
}

TEST(Examples, AreJobs) {
  int jobs = 0;
  for (const auto& file : fs::directory_iterator(WorkingCopy() / "examples")) {
    if (file.path().extension() != ".yaml") continue;
    const std::string path = Cat("examples/", file.path().filename().string());
    EXPECT_EQ(ParseJob(ReadWorkingCopy(path), path).status(), absl::OkStatus());
    ++jobs;
  }
  EXPECT_GE(jobs, 2);
}

}  // namespace
}  // namespace tidemark
