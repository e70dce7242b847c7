#include "command/main.h"

#include "base/process_setup.h"
#include "base/status.h"
#include "command/exit_code.h"
#include "command/explain.h"
#include "command/run.h"
#include "command/terminal.h"
#include "command/verbs.h"

namespace tidemark {
namespace {

// The flow is built where a verb needs it: a dump of a state needs none.
Flow Built(const Program& program) {
  Flow flow(program.name);
  program.build(flow);
  return flow;
}

Verb RunVerb(const Program& program, Files& files, const Clock& clock) {
  return {.name = "run",
          .summary = "run the flow (the default); the same command resumes it",
          .flags = RunFlags(),
          .about =
              "Runs the flow. With a state directory it survives being killed at any moment: "
              "the same command continues after the last commit.",
          .examples = {"run --state out/flow.state", "--state out/flow.state --workers 4"},
          .run = [&program, &files, &clock](const CommandLine& line) {
            RunOptions options;
            const absl::Status applied = ApplyRunFlags(line, options);
            if (!applied.ok()) return Complain(applied, kExitUsage);
            return RunFlow(Built(program), options, {.files = &files, .clock = &clock});
          }};
}

Verb ValidateVerb(const Program& program) {
  return {.name = "validate",
          .summary = "check the flow, start nothing",
          .examples = {"validate"},
          .run = [&program](const CommandLine&) {
            const absl::Status status = Built(program).Compile().status();
            if (!status.ok()) return Complain(status, kExitUsage);
            return FinishOutput(PutLine(Cat(program.name, ": fine")));
          }};
}

Verb ExplainVerb(const Program& program, Files& files, const Clock& clock) {
  return {.name = "explain",
          .summary = "say what a start would do, start nothing",
          .words = {"DIR: a state directory or a snapshot"},
          .about =
              "Says what a start would make of that state: what is kept, from where sources "
              "are read, what becomes of outputs, or why it would be refused.",
          .examples = {"explain out/flow.state"},
          .run = [&program, &files, &clock](const CommandLine& line) {
            return ExplainFlow(Built(program), line.Word(0), files, clock);
          }};
}

}  // namespace

int Main(int argc, char** argv, const Program& program) {
  SetUpProcess();
  const auto files = NewPosixFiles();
  const SystemClock clock;
  Command command{.name = program.name,
                  .about = Cat(program.name, ": a flow whose state survives being killed"),
                  .default_verb = "run",
                  .verbs = {RunVerb(program, *files, clock), ValidateVerb(program),
                            ExplainVerb(program, *files, clock)}};
  for (Verb& verb : StateVerbs(*files, clock, nullptr)) command.verbs.push_back(std::move(verb));
  return RunCommand(command, Words(argv + 1, argv + argc));
}

}  // namespace tidemark
