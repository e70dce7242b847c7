// The jobs that are disturbed: what precedes the command under test, the command, and what its
// outputs are.
//
// Inputs and epochs are small, so that a run takes some ten milliseconds and still goes through
// opening, several commits, snapshots and the end. Each job uses one worker: only then is the order
// of the rows in a file, and with it every byte, the same in each run.
#pragma once

#include <string>
#include <vector>

namespace tidemark::faults {

struct FaultOutput {
  std::string path;
  std::string table;  // of the SQLite database at `path`; empty: a file
};

// More of the input, and a run over it.
struct FaultStage {
  int rows = 0;                      // are appended before
  std::vector<std::string> command;  // arguments of the program; empty: none is run
};

struct FaultJob {
  std::string name;
  std::string text;                  // of job.yaml
  std::vector<FaultStage> before;    // ends with 0, undisturbed
  int rows = 0;                      // appended after that
  std::vector<std::string> command;  // the one that is disturbed, and then repeated
  // What goes on once `command` has ended with 0; empty: `command` again.
  std::vector<std::string> later;
  // What would have gone on with that which `command` replaces; empty: it replaces nothing.
  std::vector<std::string> former;
  std::vector<FaultOutput> outputs;
};

const std::vector<FaultJob>& AllFaultJobs();

// Row `number` of the input of all jobs, with its line end.
std::string InputRow(int number);

}  // namespace tidemark::faults
