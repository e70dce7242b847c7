#include "connectors/claim/claim_ways.h"

#include "base/real_path.h"
#include "base/status.h"

namespace tidemark {

std::vector<std::string> WaysByFlag(const RefusedOutput& output) {
  std::vector<std::string> ways;
  const bool takes = !output.take_over && output.accepts(true, false);
  if (takes && !output.resumes) {
    ways.push_back(output.has_content ? "--take-over to move it aside and write here"
                                      : "--take-over to write here");
  } else if (takes) {
    ways.push_back(Cat("--take-over ", output.taking_over()));
  }
  if (!output.resumes || output.new_output) return ways;
  const std::string begin = Cat("--new-output ", ShellWord(output.sink));
  const std::string aside =
      Cat(output.has_content ? " to move it aside and begin a new " : " to begin a new ",
          output.kind, " with the state kept");
  if (output.accepts(false, true)) {
    ways.push_back(begin + aside);
  } else if (!takes && output.accepts(true, true)) {
    ways.push_back(Cat(begin, " --take-over", aside));
  }
  return ways;
}

}  // namespace tidemark
