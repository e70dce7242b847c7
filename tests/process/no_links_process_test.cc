// Goal: where no hard link can be made everything works by copies, and that is said once. Method:
// the real program with a link() of its own (refusing_link.cc) is stopped, killed, resumed, forked.

#include "tests/process/bad_input_fixture.h"
#include "tests/support/sanitizers.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class NoLinks : public BadInput {
 protected:
  static constexpr char kSaid[] = "no hard links can be made here";

  Words Linkless(const Words& words) const {
    Words all = {"/usr/bin/env", Cat("LD_PRELOAD=", RunfilePath("tests/process/refusing_link.so"))};
    all.insert(all.end(), words.begin(), words.end());
    return all;
  }
  // Stops the job behind several epochs and snapshots.
  std::string RunSomeTime() {
    ChildProcess job(
        Linkless(RunWords({"--rate", "100", "--epoch", "10ms", "--snapshot-every", "20ms"})),
        {.directory = dir_.path()});
    while (!Exists("out/job.state/snapshots") || Names("out/job.state/snapshots").size() < 3) {
      if (!job.SignalAfter(Span::Micros(5'000), 0)) break;
    }
    EXPECT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM)) << "the job was too fast";
    const auto end = job.Wait();
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return end.err;
  }
};

TEST_F(NoLinks, SnapshotsAreCopiesAndItIsSaidOnce) {
  if (kAddressSanitizer || kThreadSanitizer)
    GTEST_SKIP() << "the sanitizer wants to be loaded first";
  const std::string said = RunSomeTime();
  const size_t at = said.find(kSaid);
  ASSERT_NE(at, std::string::npos) << said;
  EXPECT_EQ(said.find(kSaid, at + 1), std::string::npos) << said;

  // Nothing is shared, so what spoils the store spoils no snapshot.
  const auto verified = Command({"verify", kState});
  EXPECT_EQ(verified.exit_code, 0) << verified.out;
  EXPECT_EQ(verified.out.find("shares files with"), std::string::npos) << verified.out;

  // A fork, and the same command again.
  const std::string newest = Names("out/job.state/snapshots").back();
  const auto fork = Wait(Linkless(RunWords({"--from", Cat("out/job.state/snapshots/", newest),
                                            "--state", "fork.state", "--out", "fork"})));
  EXPECT_EQ(fork.exit_code, 0) << fork.err;
  const auto end = Wait(Linkless(RunWords({})));
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

TEST_F(NoLinks, ADamagedStoreIsAnsweredByACopiedSnapshot) {
  if (kAddressSanitizer || kThreadSanitizer)
    GTEST_SKIP() << "the sanitizer wants to be loaded first";
  RunSomeTime();
  Patch("out/job.state/store/CURRENT", "MANIFEST-xxxxxx");
  const auto end = Wait(Linkless(RunWords({})));
  EXPECT_EQ(end.exit_code, 0) << end.err;
  EXPECT_THAT(end.err, HasSubstr("goes back to the snapshot out/job.state/snapshots/"));
  EXPECT_EQ(Read(kOutput), Undisturbed());
}

}  // namespace
}  // namespace tidemark
