// Goal: whichever call of the real command fails, it ends in an orderly manner and the same command
// then gives what it would have given undisturbed. Method: FaultTrial with a sample of the faults;
// `./dev faults` tries all of them.
//
//   bazel test //tests/faults:faults_test --test_env=TM_FAULTS_PER_CALL=20     more of them

#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "tests/faults/fault_trial.h"
#include "tests/support/sanitizers.h"
#include "tests/support/temp_directory.h"
#include "tests/support/test_seed.h"

namespace tidemark::faults {
namespace {

class Faults : public ::testing::TestWithParam<std::string> {
 protected:
  void SetUp() override {
    if (kAddressSanitizer || kThreadSanitizer) {
      GTEST_SKIP() << "the sanitizer replaces the same functions";
    }
  }
  static const FaultJob& Job(const std::string& name) {
    for (const FaultJob& job : AllFaultJobs()) {
      if (job.name == name) return job;
    }
    ADD_FAILURE() << "no job " << name;
    return AllFaultJobs().front();
  }
  TrialOptions Options() const {
    return {RunfilePath("tools/tidemark"), RunfilePath("tests/faults/failing_calls.so"),
            dir_.path()};
  }

  TempDirectory dir_;
};

TEST_P(Faults, LoseAndRepeatNothing) {
  FaultTrial trial(Options(), Job(GetParam()));
  const absl::Status status = trial.Prepare();
  ASSERT_TRUE(status.ok()) << status.message();
  const uint64_t per_call = TestSetting("TM_FAULTS_PER_CALL", 1);
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  int tried = 0, delivered = 0;
  for (size_t i = 0; i < kCalls; ++i) {
    const Call call = static_cast<Call>(i);
    if (trial.CountOf(call) == 0) continue;
    for (uint64_t again = 0; again < per_call; ++again) {
      const std::vector<int>& errors = ErrorsOf(call);
      const Fault fault{.call = call,
                        .error = errors[random.Below(errors.size())],
                        .at = 1 + random.Below(trial.CountOf(call))};
      const Verdict verdict = trial.Try(fault);
      ++tried;
      if (verdict.run.delivered) ++delivered;
      for (const std::string& violation : verdict.violations) {
        ADD_FAILURE() << Describe(fault) << ", " << verdict.run.function << " " << verdict.run.path
                      << ": " << violation;
      }
    }
  }
  // Not all: a run may make fewer calls than the one that was counted.
  EXPECT_GT(delivered, tried / 2) << "hardly any call fails: is failing_calls.so loaded?";
}

INSTANTIATE_TEST_SUITE_P(Jobs, Faults,
                         ::testing::Values("late", "late_resumed", "tables", "tables_resumed",
                                           "take_over", "take_over_table", "roll_back",
                                           "roll_back_table", "fresh_two", "fresh_three"),
                         [](const auto& job) { return job.param; });

}  // namespace
}  // namespace tidemark::faults
