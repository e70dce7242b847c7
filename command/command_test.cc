#include "command/command.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tidemark {
namespace {

using ::testing::HasSubstr;

// What a command line gives: exit code, standard output, standard error.
struct Answer {
  int code = 0;
  std::string out;
  std::string err;
};

class CommandTest : public ::testing::Test {
 protected:
  Answer Give(const Words& words, const std::string& default_verb = "") {
    const Command command{
        .name = "demo",
        .about = "demo: for this test",
        .default_verb = default_verb,
        .verbs = {{.name = "run",
                   .summary = "run it",
                   .words = {"JOB: what to run"},
                   .flags = {{"state", "DIR", "keep state there"},
                             {"verbose", "", "say more"},
                             {"with-a-name-that-is-long", "SOURCE/PARTITION@N", "what it is for"}},
                   .about = "Runs it.",
                   .examples = {"run job.yaml"},
                   .run =
                       [this](const CommandLine& line) {
                         ran_ = line.Word(0);
                         return 7;
                       }},
                  {.name = "look", .summary = "look at it", .run = [](const CommandLine&) {
                     return 0;
                   }}}};
    ::testing::internal::CaptureStdout();
    ::testing::internal::CaptureStderr();
    Answer answer;
    answer.code = RunCommand(command, words);
    answer.out = ::testing::internal::GetCapturedStdout();
    answer.err = ::testing::internal::GetCapturedStderr();
    return answer;
  }
  void ExpectRefused(const Words& words, const std::string& says) {
    const Answer answer = Give(words);
    EXPECT_EQ(answer.code, 2);
    EXPECT_EQ(answer.out, "");
    EXPECT_EQ(answer.err, "tidemark: " + says + "\n");
  }

  std::string ran_;
};

TEST_F(CommandTest, AVerbGetsItsWords) {
  EXPECT_EQ(Give({"run", "job", "--state", "s"}).code, 7);
  EXPECT_EQ(ran_, "job");
  EXPECT_EQ(Give({"--state", "s", "other"}, "run").code, 7) << "the default verb";
  EXPECT_EQ(ran_, "other");
}

TEST_F(CommandTest, EveryWayToAskForHelpAnswers) {
  for (const Words& words : {Words{}, Words{"help"}, Words{"--help"}, Words{"-h"}}) {
    const Answer answer = Give(words);
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.err, "");
    EXPECT_EQ(answer.out,
              "demo: for this test\n"
              "\n"
              "  demo run JOB  run it\n"
              "  demo look     look at it\n"
              "\n"
              "demo VERB --help   flags of a verb, and examples\n"
              "demo --version     which version this is\n"
              "\n"
              "Exit codes: 0 fine; 1 failed, try again; 2 wrong use, or a wrong job;\n"
              "            3 needs a person: refused state or input, or damage\n");
  }
  for (const Words& words : {Words{"help", "run"}, Words{"run", "--help"}, Words{"run", "-h"},
                             Words{"run", "job", "--nonsense", "--help"}}) {
    const Answer answer = Give(words);
    EXPECT_EQ(answer.code, 0);
    EXPECT_EQ(answer.out,
              "Usage: demo run JOB [flags]\n"
              "\n"
              "Runs it.\n"
              "\n"
              "  JOB  what to run\n"
              "\n"
              "Flags:\n"
              "  --state DIR  keep state there\n"
              "  --verbose    say more\n"
              "  --with-a-name-that-is-long SOURCE/PARTITION@N\n"
              "               what it is for\n"
              "\n"
              "Example:\n"
              "  demo run job.yaml\n");
  }
  EXPECT_EQ(ran_, "");
}

TEST_F(CommandTest, TheVersionIsSaid) {
  const Answer answer = Give({"--version"});
  EXPECT_EQ(answer.code, 0);
  EXPECT_THAT(answer.out, HasSubstr("demo, with tidemark "));
  EXPECT_THAT(answer.out, HasSubstr(", state format 2\n"));
}

TEST_F(CommandTest, WhatWasMisspeltIsGuessed) {
  ExpectRefused({"rnu"}, "unknown verb 'rnu'; did you mean 'run'?");
  ExpectRefused({"xyzzy"}, "unknown verb 'xyzzy'; try: demo help");
  ExpectRefused({"help", "rnu"}, "unknown verb 'rnu'; did you mean 'run'?");
  ExpectRefused({"version"}, "unknown verb 'version'; did you mean '--version'?");
  ExpectRefused({"--versoin"}, "unknown flag '--versoin'; did you mean '--version'?");
  ExpectRefused({"--hlep"}, "unknown flag '--hlep'; did you mean '--help'?");
  ExpectRefused({"--state=x", "run"}, "'--state' belongs after the verb: demo run JOB [flags]");
  ExpectRefused({"-x"}, "unknown flag '-x'; try: demo help");
  ExpectRefused({"run", "j", "--verbos"},
                "unknown flag '--verbos'; did you mean '--verbose'?; see: demo run --help");
  ExpectRefused({"run", "j", "-state", "x"},
                "unknown flag '-state'; did you mean '--state'?; see: demo run --help");
  ExpectRefused({"run"}, "missing JOB: what to run; see: demo run --help");
}

TEST_F(CommandTest, WhatIsQuotedCannotReachTheTerminal) {
  ExpectRefused({"\x1b[2Jrun\n"}, "unknown verb '\\u001b[2Jrun\\n'; try: demo help");
}

}  // namespace
}  // namespace tidemark
