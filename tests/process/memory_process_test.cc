// Goal: what a job takes of the machine's memory is what --memory says and at most 100 MiB more.
// Method: the real program under `--memory 64MiB`, fed with far more state than that; the peak is
// what the system says of the child at its end. A limit of the address space keeps a program that
// breaks the promise from taking the machine along.

#include <cstdint>
#include <cstdio>
#include <string>

#include "base/quantity.h"
#include "base/timestamp.h"
#include "tests/process/bad_input_fixture.h"
#include "tests/support/sanitizers.h"

namespace tidemark {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;
constexpr uint64_t kBudget = 64 * kMiB;
constexpr uint64_t kBesides = 100 * kMiB;

constexpr char kLists[] = "steps:\n  - key_by: k\n  - batch: {max_items: 1000000, max_wait: 1h}\n";
constexpr char kCounts[] =
    "steps:\n"
    "  - key_by: k\n"
    "  - window:\n"
    "      clock: {event_time: t, unit: s}\n"
    "      tumbling: 1h\n"
    "      aggregate: {n: count}\n";

class Memory : public BadInput {
 protected:
  void SetUp() override {
    if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "a sanitizer's memory is its own";
  }
  // `feed` is a shell command that prints the rows.
  void ExpectWithinBudget(const std::string& feed, const std::string& steps, int out) {
    Write("job.yaml", Cat("name: job\nstate: out/job.state\nsource: stdin\n", steps,
                          "sink: {file: out/job.jsonl}\n"));
    const std::string script =
        Cat(feed, " | (ulimit -v 2000000; exec \"$T\" run job.yaml --memory 64MiB)");
    const auto end =
        ChildProcess(ShellWords(script), {.directory = dir_.path(), .patience = Span::Seconds(280)})
            .Wait();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_NE(end.err.find(Cat(" in, ", FormatCount(out), " out")), end.err.npos) << end.err;
    EXPECT_LE(end.peak_bytes, kBudget + kBesides) << end.peak_bytes / kMiB << " MiB";
    std::printf("at most %d MiB\n", static_cast<int>(end.peak_bytes / kMiB));
  }
};

TEST_F(Memory, ManySmallKeys) {
  ExpectWithinBudget("seq 300000 | sed 's/.*/{\"k\": \"key&\", \"n\": &}/'", kLists, 300'000);
}

TEST_F(Memory, LongKeys) {
  ExpectWithinBudget(
      "pad=$(head -c 65000 /dev/zero | tr '\\0' x); "
      "seq 12000 | sed \"s/.*/{\\\"t\\\": &, \\\"k\\\": \\\"&$pad\\\"}/\"",
      kCounts, 12'000);
}

TEST_F(Memory, OneLongList) {
  ExpectWithinBudget(
      "seq 200000 | sed 's/.*/{\"k\": \"a\", \"n\": &, \"t\": \"some more of what a row may have, "
      "such as a sentence like this one\"}/'",
      kLists, 1);
}

}  // namespace
}  // namespace tidemark
