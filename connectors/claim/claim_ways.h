// WaysByFlag: the flags with which a refused output would be accepted, in words, for files and
// tables.
//
//   "--take-over to move it aside and write here"
//   "--new-output daily to move it aside and begin a new file with the state kept"
//
// Only what the plan then accepts is advised, so the plan is asked.
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace tidemark {

struct RefusedOutput {
  std::string sink;  // its name
  std::string kind;  // "file"
  bool has_content = false;
  bool resumes = false;
  // The flags that were given.
  bool take_over = false;
  bool new_output = false;
  // True if the plan accepts the output with these flags as well.
  std::function<bool(bool take_over, bool new_output)> accepts;
  // The effect of --take-over on a resume, where it is accepted: "to replace rows".
  std::function<std::string()> taking_over;
};

std::vector<std::string> WaysByFlag(const RefusedOutput& output);

}  // namespace tidemark
