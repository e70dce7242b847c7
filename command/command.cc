#include "command/command.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include "base/spelling.h"
#include "base/status.h"
#include "command/exit_code.h"
#include "command/terminal.h"
#include "command/version.h"
#include "proto/epoch_record.h"

namespace tidemark {
namespace {

constexpr size_t kColumns = 80;

bool IsHelp(std::string_view word) { return word == "--help" || word == "-h"; }
bool IsFlag(std::string_view word) { return word.size() > 1 && word[0] == '-'; }

// "DIR: a state directory" -> "DIR".
std::string_view NameOf(std::string_view word) { return word.substr(0, word.find(':')); }

// "tidemark run JOB.yaml [flags]"
std::string UsageOf(const Command& command, const Verb& verb) {
  std::string usage = Cat(command.name, " ", verb.name);
  for (const std::string& word : verb.words) usage += Cat(" ", NameOf(word));
  return verb.flags.empty() ? usage : Cat(usage, " [flags]");
}

const Verb* Find(const Command& command, std::string_view name) {
  const auto found = std::find_if(command.verbs.begin(), command.verbs.end(),
                                  [&](const Verb& verb) { return verb.name == name; });
  return found == command.verbs.end() ? nullptr : &*found;
}

void AppendAll(const Words& more, Words& lines) {
  lines.insert(lines.end(), more.begin(), more.end());
}

int Print(const Words& lines) {
  for (const std::string& line : lines) {
    if (const absl::Status put = PutLine(line); !put.ok()) return FinishOutput(put);
  }
  return FinishOutput(absl::OkStatus());
}

int Refuse(std::string_view message) {
  return Complain(Error(absl::StatusCode::kInvalidArgument, message));
}

int RefuseVerb(const Command& command, const std::string& name) {
  std::vector<std::string_view> known = {"help", "--version"};
  for (const Verb& verb : command.verbs) known.push_back(verb.name);
  const auto meant = ClosestWord(name, known);
  return Refuse(
      Cat("unknown verb '", name, "'; ",
          meant ? Cat("did you mean '", *meant, "'?") : Cat("try: ", command.name, " help")));
}

// A flag where a verb is expected.
int RefuseFlag(const Command& command, const std::string& flag) {
  const std::string name = flag.substr(0, flag.find('='));
  constexpr std::string_view kKnown[] = {"--version", "--help"};
  if (const auto meant = ClosestWord(name, kKnown)) {
    return Refuse(Cat("unknown flag '", name, "'; did you mean '", *meant, "'?"));
  }
  for (const Verb& verb : command.verbs) {
    for (const FlagSpec& spec : verb.flags) {
      if (name != Cat("--", spec.name)) continue;
      return Refuse(Cat("'", name, "' belongs after the verb: ", UsageOf(command, verb)));
    }
  }
  return Refuse(Cat("unknown flag '", name, "'; try: ", command.name, " help"));
}

int Help(const Command& command, const Words& words) {
  if (words.empty() || IsFlag(words[0])) return Print(DescribeCommand(command));
  const Verb* verb = Find(command, words[0]);
  if (verb == nullptr) return RefuseVerb(command, words[0]);
  return Print(DescribeVerb(command, *verb));
}

bool AsksForHelp(const Words& words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, IsHelp);
}

int RunVerb(const Command& command, const Verb& verb, const Words& words) {
  if (AsksForHelp(words)) return Print(DescribeVerb(command, verb));
  const CommandLine line(verb.words, verb.flags, words);
  if (line.status().ok()) return verb.run(line);
  return Refuse(Cat(line.status().message(), "; see: ", command.name, " ", verb.name, " --help"));
}

}  // namespace

Words DescribeCommand(const Command& command) {
  Words lines = {command.about, ""};
  size_t width = 0;
  std::vector<std::string> uses;
  for (const Verb& verb : command.verbs) {
    uses.push_back(UsageOf(command, verb));
    if (!verb.flags.empty())
      uses.back().resize(uses.back().size() - std::string(" [flags]").size());
    width = std::max(width, uses.back().size());
  }
  for (size_t i = 0; i < uses.size(); ++i) {
    AppendAll(InColumns(uses[i], command.verbs[i].summary, width, kColumns), lines);
  }
  AppendAll({"", Cat(command.name, " VERB --help   flags of a verb, and examples"),
             Cat(command.name, " --version     which version this is"), "",
             "Exit codes: 0 fine; 1 failed, try again; 2 wrong use, or a wrong job;",
             "            3 needs a person: refused state or input, or damage"},
            lines);
  return lines;
}

Words DescribeVerb(const Command& command, const Verb& verb) {
  Words lines = {Cat("Usage: ", UsageOf(command, verb)), ""};
  AppendAll(Wrapped(verb.about.empty() ? verb.summary : verb.about, kColumns), lines);
  for (const std::string& word : verb.words) {
    const size_t colon = word.find(": ");
    if (colon != word.npos)
      AppendAll({"", Cat("  ", NameOf(word), "  ", word.substr(colon + 2))}, lines);
  }
  if (!verb.flags.empty()) {
    AppendAll({"", "Flags:"}, lines);
    AppendAll(DescribeFlags(verb.flags), lines);
  }
  if (!verb.examples.empty()) {
    AppendAll({"", verb.examples.size() == 1 ? "Example:" : "Examples:"}, lines);
    for (const std::string& example : verb.examples) {
      lines.push_back(Cat("  ", command.name, " ", example));
    }
  }
  return lines;
}

int RunCommand(const Command& command, const Words& words) {
  const std::string first = words.empty() ? command.default_verb : words[0];
  if (first.empty() || IsHelp(first)) return Print(DescribeCommand(command));
  if (first == "--version") {
    return Print({Cat(command.name == "tidemark" ? "" : Cat(command.name, ", with "), "tidemark ",
                      kVersion, ", state format ", kFormatVersion)});
  }
  const Words rest(words.begin() + (words.empty() ? 0 : 1), words.end());
  if (first == "help") return Help(command, rest);
  if (const Verb* verb = Find(command, first)) return RunVerb(command, *verb, rest);
  if (!IsFlag(first)) return RefuseVerb(command, first);
  if (const Verb* verb = Find(command, command.default_verb)) return RunVerb(command, *verb, words);
  return RefuseFlag(command, first);
}

}  // namespace tidemark
