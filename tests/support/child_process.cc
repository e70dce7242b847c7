#include "tests/support/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"

namespace tidemark {
namespace {

// Output goes to unnamed files: a child never blocks on a test that does not read.
int ScratchFile() {
  const char* directory = std::getenv("TEST_TMPDIR");
  std::string pattern = Cat(directory != nullptr ? directory : "/tmp", "/child_XXXXXX");
  const int fd = mkstemp(pattern.data());
  TM_CHECK(fd >= 0, "a scratch file can be made");
  unlink(pattern.c_str());
  return fd;
}

std::string Content(int fd) {
  std::string text;
  char buffer[4096];
  for (off_t at = 0;; at += static_cast<off_t>(sizeof buffer)) {
    const ssize_t got = pread(fd, buffer, sizeof buffer, at);
    if (got > 0) text.append(buffer, static_cast<size_t>(got));
    if (got < static_cast<ssize_t>(sizeof buffer)) return text;
  }
}

}  // namespace

ChildProcess::ChildProcess(const std::vector<std::string>& words, const Options& options)
    : patience_(options.patience), out_(ScratchFile()), err_(ScratchFile()) {
  std::vector<char*> argv;
  for (const std::string& word : words) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  pid_ = fork();
  TM_CHECK(pid_ >= 0, "a child can be started");
  if (pid_ == 0) {
    if (!options.directory.empty() && chdir(options.directory.c_str()) != 0) _exit(126);
    dup2(open("/dev/null", O_RDONLY), 0);
    dup2(out_, 1);
    dup2(err_, 2);
    execv(argv[0], argv.data());
    _exit(127);
  }
  pidfd_ = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  TM_CHECK(pidfd_ >= 0, "a child can be waited for");
}

ChildProcess::~ChildProcess() {
  if (!reaped_) {
    kill(pid_, SIGKILL);
    waitpid(pid_, &status_, 0);
  }
  close(pidfd_);
  close(out_);
  close(err_);
}

bool ChildProcess::EndedWithin(Span delay) {
  const int64_t until = MonotonicMicros() + delay.us;
  while (true) {
    const int64_t left = until - MonotonicMicros();
    pollfd fd{.fd = pidfd_, .events = POLLIN, .revents = 0};
    const timespec timeout{.tv_sec = left > 0 ? left / 1'000'000 : 0,
                           .tv_nsec = left > 0 ? (left % 1'000'000) * 1000 : 0};
    const int ready = ppoll(&fd, 1, &timeout, nullptr);
    if (ready > 0) return true;
    if (ready == 0) return false;
  }
}

bool ChildProcess::SignalAfter(Span delay, int signal) {
  if (EndedWithin(delay)) return false;
  return kill(pid_, signal) == 0;
}

ChildProcess::End ChildProcess::Wait() {
  if (!EndedWithin(patience_)) kill(pid_, SIGKILL);
  rusage usage{};
  while (wait4(pid_, &status_, 0, &usage) < 0 && errno == EINTR) {
  }
  reaped_ = true;
  End end;
  end.exit_code = WIFEXITED(status_) ? WEXITSTATUS(status_) : -1;
  end.signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
  end.peak_bytes = static_cast<uint64_t>(usage.ru_maxrss) << 10;
  end.out = Content(out_);
  end.err = Content(err_);
  return end;
}

std::string RunfilePath(const std::string& path) {
  const char* runfiles = std::getenv("TEST_SRCDIR");
  const char* workspace = std::getenv("TEST_WORKSPACE");
  if (runfiles == nullptr || workspace == nullptr) return path;
  return Cat(runfiles, "/", workspace, "/", path);
}

}  // namespace tidemark
