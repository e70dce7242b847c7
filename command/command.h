// Command: a program with verbs, as `tidemark` and every program with tidemark::Main are one.
//
//   Command command{.name = "tidemark", .about = "…", .verbs = {…}};
//   return RunCommand(command, words);
//
// Here is what all verbs have in common: `help`, `help VERB`, `VERB --help`, `-h`, `--version`;
// what somebody who misspelt a verb or flag probably meant; and that a verb gets a command line
// that has what it asks for.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "command/command_line.h"

namespace tidemark {

using Words = std::vector<std::string>;

struct Verb {
  std::string name;
  // What it does, in a few words, for the list of verbs.
  std::string summary;
  // The words it wants besides flags: "JOB.yaml", "DIR: a state directory".
  Words words = {};
  std::vector<FlagSpec> flags = {};
  // More about it, for its own help; one paragraph.
  std::string about = {};
  // What one would type behind the program's name, for each of a few purposes.
  Words examples = {};
  // Returns the exit code.
  std::function<int(const CommandLine&)> run = {};
};

struct Command {
  std::string name;
  std::string about;
  // What is meant where the first word is a flag or missing; empty: there is no such verb.
  std::string default_verb = {};
  std::vector<Verb> verbs;
};

// `words`: those behind the program's name. Returns the exit code.
int RunCommand(const Command& command, const Words& words);

// What `help` and `VERB --help` print, line by line, at most 80 columns wide.
Words DescribeCommand(const Command& command);
Words DescribeVerb(const Command& command, const Verb& verb);

}  // namespace tidemark
