// Command: a program with verbs, like `tidemark` and every program with tidemark::Main.
//
//   Command command{.name = "tidemark", .about = "…", .verbs = {…}};
//   return RunCommand(command, words);
//
// Provides the behaviour common to all verbs: `help`, `help VERB`, `VERB --help`, `-h`,
// `--version`; suggestions for a misspelt verb or flag; and a checked command line for each verb.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/command_line.h"

namespace tidemark {

using Words = std::vector<std::string>;

struct Verb {
  std::string name;
  // A short description for the list of verbs.
  std::string summary;
  // Positional arguments: "JOB.yaml", "DIR: a state directory".
  Words words = {};
  std::vector<FlagSpec> flags = {};
  // A longer description for the verb's own help; one paragraph.
  std::string about = {};
  // Example arguments after the program's name, one line per purpose.
  Words examples = {};
  // Returns the exit code.
  std::function<int(const CommandLine&)> run = {};
};

struct Command {
  std::string name;
  std::string about;
  // The verb to use if the first word is a flag or missing; empty: there is no default.
  std::string default_verb = {};
  std::vector<Verb> verbs;
};

// `words`: the arguments after the program's name. Returns the exit code.
int RunCommand(const Command& command, const Words& words);

// The output of `help` and `VERB --help`, line by line, at most 80 columns wide.
Words DescribeCommand(const Command& command);
Words DescribeVerb(const Command& command, const Verb& verb);

}  // namespace tidemark
