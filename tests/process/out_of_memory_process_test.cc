// Goal: whichever allocation fails, in whatever part of the program, nothing is lost or repeated,
// and one line says what happened. Method: the real program with a `new` of its own
// (failing_new.cc); how many allocations a run makes is counted first, then one of them fails, once
// or from there on; the same command, with memory, must give the output of an undisturbed run.
//
//   TM_OOM_RUNS=3000 bazel test //tests/process:out_of_memory_process_test

#include <algorithm>
#include <string>

#include "base/random.h"
#include "tests/process/bad_input_fixture.h"
#include "tests/support/sanitizers.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

class OutOfMemory : public BadInput {
 protected:
  // Windows, then lists, on two workers, with epochs and snapshots in between.
  static constexpr char kWindowJob[] =
      "name: job\n"
      "state: out/job.state\n"
      "source: {file: in.jsonl}\n"
      "steps:\n"
      "  - key_by: k\n"
      "  - window:\n"
      "      clock: {event_time: n, unit: s}\n"
      "      tumbling: 10s\n"
      "      aggregate: {rows: count, last: max(n)}\n"
      "  - batch: {max_items: 3}\n"
      "sink: {file: out/job.jsonl}\n";

  void SetUp() override {
    BadInput::SetUp();
    Write("job.yaml", kWindowJob);
    const auto end = RunIn("counted", {Cat("COUNT_NEW=", Path("count"))});
    ASSERT_EQ(end.exit_code, 0) << end.err;
    allocations_ = std::stoull(Read("count"));
    expected_ = Output("counted");
    ASSERT_GT(expected_.size(), 1'000u);
  }

  // A run with state and output of its own, and these settings in its environment.
  ChildProcess::End RunIn(const std::string& name, Words environment) {
    Words words = {"/usr/bin/env"};
    if (!environment.empty()) {
      words.push_back(Cat("LD_PRELOAD=", RunfilePath("tests/process/failing_new.so")));
    }
    words.insert(words.end(), environment.begin(), environment.end());
    for (const std::string& word : RunWords({"--state", name + ".state", "--out", name, "--epoch",
                                             "1ms", "--snapshot-every", "5ms", "--workers", "2"})) {
      words.push_back(word);
    }
    return Wait(words);
  }
  // Different keys come in any order where there are two workers.
  std::string Output(const std::string& name) {
    std::string text = Read(Cat(name, "/job.jsonl"));
    Words lines;
    for (size_t at = 0, end; at < text.size(); at = end + 1) {
      end = text.find('\n', at);
      lines.push_back(text.substr(at, end + 1 - at));
    }
    std::sort(lines.begin(), lines.end());
    text.clear();
    for (const std::string& line : lines) text += line;
    return text;
  }

  void FailAndResume(uint64_t at, bool for_ever) {
    const std::string name = "failed";
    SCOPED_TRACE(Cat("FAIL_NEW=", at, for_ever ? "+" : ""));
    const auto failed = RunIn(name, {Cat("FAIL_NEW=", at, for_ever ? "+" : "")});
    if (failed.exit_code == 0) {
      ++survived_;
    } else {
      // Before main() nobody has had a chance to say it better, and nothing was touched.
      const bool before_main = failed.signal == SIGABRT && !Exists(name + ".state");
      EXPECT_TRUE(before_main || failed.exit_code == 1 || failed.exit_code == 2)
          << "signal " << failed.signal << "\n"
          << failed.err;
      // So early, a parser of other people may call it a job file that it cannot read.
      const bool in_parser = failed.exit_code == 2 && !Exists(name + ".state");
      const bool says = failed.err.find("out of memory") != std::string::npos ||
                        failed.err.find("bad_alloc") != std::string::npos;
      EXPECT_TRUE(says || in_parser) << failed.err;
    }
    const auto end = RunIn(name, {});
    EXPECT_EQ(end.exit_code, 0) << failed.err << end.err;
    EXPECT_EQ(Output(name), expected_);
    for (const char* what : {".state", ""}) {
      ASSERT_TRUE(RemoveTree(dir_.files(), Path(name + what)).ok());
    }
  }

  uint64_t allocations_ = 0;
  uint64_t survived_ = 0;  // runs that did without the memory
  std::string expected_;
};

TEST_F(OutOfMemory, WhicheverAllocationFailsNothingIsLostOrRepeated) {
  if (kAddressSanitizer || kThreadSanitizer) GTEST_SKIP() << "the sanitizer has a `new` of its own";
  const uint64_t runs = TestSetting("TM_OOM_RUNS", 80);
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (uint64_t run = 0; run < runs && !HasFailure(); ++run) {
    FailAndResume(1 + random.Below(allocations_), random.OneIn(2));
  }
  std::printf("%llu allocations; %llu of %llu runs did without one\n",
              static_cast<unsigned long long>(allocations_),
              static_cast<unsigned long long>(survived_), static_cast<unsigned long long>(runs));
  EXPECT_LT(survived_, runs / 2) << "hardly any allocation fails: is failing_new.so loaded?";
}

}  // namespace
}  // namespace tidemark
