#include "tests/conformance/isolate.h"

#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/status.h"

namespace tidemark::conformance {
namespace {

void WriteAll(int fd, const std::string& text) {
  for (size_t at = 0; at < text.size();) {
    const ssize_t wrote = write(fd, text.data() + at, text.size() - at);
    if (wrote <= 0) return;
    at += static_cast<size_t>(wrote);
  }
}

std::string ReadAll(int fd) {
  std::string text;
  char buffer[4096];
  while (true) {
    const ssize_t got = read(fd, buffer, sizeof(buffer));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return text;
    text.append(buffer, static_cast<size_t>(got));
  }
}

}  // namespace

absl::StatusOr<std::string> Isolated(int seconds_max, const std::function<std::string()>& work) {
  int ends[2];
  if (pipe(ends) != 0) return absl::InternalError(Cat("pipe: ", strerror(errno)));
  fflush(nullptr);
  const pid_t child = fork();
  if (child < 0) return absl::InternalError(Cat("fork: ", strerror(errno)));
  if (child == 0) {
    close(ends[0]);
    alarm(static_cast<unsigned>(seconds_max));
    WriteAll(ends[1], work());
    _exit(0);
  }
  close(ends[1]);
  const std::string text = ReadAll(ends[0]);
  close(ends[0]);
  int status = 0;
  while (waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return text;
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) {
    return absl::DeadlineExceededError(Cat("did not come to an end within ", seconds_max, " s"));
  }
  return absl::InternalError(WIFSIGNALED(status)
                                 ? Cat("the process died: ", strsignal(WTERMSIG(status)))
                                 : Cat("the process ended with ", WEXITSTATUS(status)));
}

}  // namespace tidemark::conformance
