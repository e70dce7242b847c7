#include "tidemark/main.h"

#include <cstdio>

#include "base/last_words.h"
#include "base/status.h"
#include "tidemark/explain.h"
#include "tidemark/run.h"
#include "tidemark/verbs.h"

namespace tidemark {
namespace {

void PrintHelp(const std::string& name) {
  std::printf(
      "%s run [flags]       run the flow (the default verb)\n"
      "%s validate          check the flow, start nothing\n"
      "%s explain DIR       what a start would make of that state; starts nothing\n"
      "%s snapshots DIR     list the snapshots of a state directory\n"
      "%s snapshot DIR      make one now, of a running job or of a stopped one\n"
      "%s verify DIR        read all of it and name what is damaged\n"
      "%s dump DIR          print the state, key by key\n\n"
      "Flags of run:\n%s",
      name.c_str(), name.c_str(), name.c_str(), name.c_str(), name.c_str(), name.c_str(),
      name.c_str(), DescribeFlags(RunFlags()).c_str());
}

int RunProgram(const Flow& flow, const Words& words, Files& files, const Clock& clock) {
  const CommandLine line({}, RunFlags(), words);
  if (!line.status().ok()) return Complain(line.status(), 2);
  RunOptions options;
  if (absl::Status status = ApplyRunFlags(line, options); !status.ok()) return Complain(status, 2);
  return RunFlow(flow, options, {.files = &files, .clock = &clock});
}

}  // namespace

int Main(int argc, char** argv, const Program& program) {
  InstallLastWords();
  Words words(argv + 1, argv + argc);
  std::string verb = "run";
  if (!words.empty() && words[0].compare(0, 2, "--") != 0) {
    verb = words[0];
    words.erase(words.begin());
  }
  if (verb == "help" || (verb == "run" && words == Words{"--help"})) {
    PrintHelp(program.name);
    return 0;
  }
  const auto files = NewPosixFiles();
  const SystemClock clock;
  if (verb == "snapshots") return SnapshotsVerb(words, *files, clock);
  if (verb == "snapshot") return SnapshotVerb(words, *files);
  if (verb == "verify") return VerifyVerb(words, *files);
  if (verb == "dump") return DumpVerb(words, *files);
  Flow flow(program.name);
  program.build(flow);
  if (verb == "run") return RunProgram(flow, words, *files, clock);
  if (verb == "explain") {
    const CommandLine line({"DIR: a state directory or a snapshot"}, {}, words);
    if (!line.status().ok()) return Complain(line.status(), 2);
    return ExplainFlow(flow, line.Word(0), *files, clock);
  }
  if (verb == "validate") {
    const absl::Status status = flow.Compile().status();
    if (!status.ok()) return Complain(status, 2);
    std::printf("%s: fine\n", program.name.c_str());
    return 0;
  }
  return Complain(
      absl::InvalidArgumentError(Cat("unknown verb '", verb,
                                     "'; there are run, validate, explain, snapshots, snapshot, "
                                     "verify and dump")),
      2);
}

}  // namespace tidemark
