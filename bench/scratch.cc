#include "bench/scratch.h"

#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "base/files.h"
#include "base/status.h"

namespace tidemark::bench {
namespace {

sigset_t AwaitedSignals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, signal);
  return signals;
}

// Hands signals on to the child until it has ended.
int ExitCodeOf(pid_t child, const sigset_t& signals) {
  while (true) {
    const int signal = sigwaitinfo(&signals, nullptr);
    if (signal > 0 && signal != SIGCHLD) kill(child, signal);
    int status = 0;
    if (waitpid(child, &status, WNOHANG) != child) continue;
    if (WIFEXITED(status)) return WEXITSTATUS(status);
    if (WIFSIGNALED(status)) return 128 + WTERMSIG(status);
  }
}

}  // namespace

absl::StatusOr<int> RunInScratchDirectory(
    const std::string& parent, const std::function<int(const std::string& directory)>& work) {
  const auto files = NewPosixFiles();
  std::string directory = JoinPath(parent, "tidemark_bench_XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) {
    return absl::InvalidArgumentError(
        Cat(parent, ": cannot make a directory in it: ", strerror(errno)));
  }
  // Blocked before the fork, so that none is missed; waited for instead of handled.
  const sigset_t signals = AwaitedSignals();
  sigset_t before;
  sigprocmask(SIG_BLOCK, &signals, &before);
  const pid_t self = getpid();
  const pid_t child = fork();
  if (child == 0) {
    sigprocmask(SIG_SETMASK, &before, nullptr);
    // Nobody would remove what a child writes after its parent's end.
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != self) std::_Exit(1);
    const int code = work(directory);
    std::fflush(nullptr);
    std::_Exit(code);
  }
  const int code = child < 0 ? 0 : ExitCodeOf(child, signals);
  const int error = errno;
  if (absl::Status status = RemoveTree(*files, directory); !status.ok()) return status;
  if (child < 0) return absl::InternalError(Cat("cannot start a process: ", strerror(error)));
  return code;
}

}  // namespace tidemark::bench
