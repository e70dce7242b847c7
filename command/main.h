// Main: the complete command line of a program with its own flow.
//
//   void Build(tidemark::Flow& flow) { … }
//   int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"my_job", Build}); }
//
// The program then has the verbs of the tidemark command: `my_job run --state DIR`, `my_job
// validate`, `my_job snapshots DIR`, `my_job dump DIR`, `my_job help`. Without a verb it runs.
#pragma once

#include <functional>
#include <string>

#include "tidemark/flow.h"

namespace tidemark {

struct Program {
  // Names the flow; its state directory belongs to this name.
  std::string name;
  std::function<void(Flow&)> build;
};

// Returns the exit code, see command/exit_code.h.
int Main(int argc, char** argv, const Program& program);

}  // namespace tidemark
