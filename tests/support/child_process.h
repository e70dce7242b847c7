// ChildProcess: the real program as a child, for tests that kill it.
//
//   ChildProcess job({binary, "run", "job.yaml", "--state", dir}, {.directory = work});
//   job.SignalAfter(Span::Micros(20'000), SIGKILL);
//   const ChildProcess::End end = job.Wait();
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "base/timestamp.h"

namespace tidemark {

class ChildProcess {
 public:
  struct Options {
    std::string directory;              // working directory; empty: this one
    Span patience = Span::Seconds(60);  // of Wait()
  };
  ChildProcess(const std::vector<std::string>& words, const Options& options);
  ~ChildProcess();  // kills it if it still runs
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  // Waits up to `delay` for it to end; then sends the signal. True if the signal was sent.
  bool SignalAfter(Span delay, int signal);

  struct End {
    int exit_code = -1;  // -1: ended by a signal
    int signal = 0;
    std::string out;
    std::string err;
    uint64_t peak_bytes = 0;  // of its memory, or of the largest child that it waited for
  };
  // Waits for the end, at most as long as it has patience (then it is killed and exit_code is -1).
  End Wait();

 private:
  bool EndedWithin(Span delay);

  const Span patience_;
  pid_t pid_ = -1;
  int pidfd_ = -1;
  int out_ = -1;
  int err_ = -1;
  bool reaped_ = false;
  int status_ = 0;
};

// The path of a data file or binary of this test ("tools/tidemark").
std::string RunfilePath(const std::string& path);

}  // namespace tidemark
