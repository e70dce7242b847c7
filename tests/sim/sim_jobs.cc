#include "tests/sim/sim_jobs.h"

#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <new>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/clock.h"
#include "base/status.h"

namespace tidemark::sim {
namespace {

constexpr int64_t kSecond = 1'000'000;  // in microseconds

// In memory that the processes share: each writes its own.
struct Shared {
  std::atomic<uint64_t> done[kJobsMax];
  std::atomic<uint64_t> total[kJobsMax];
};

class Line {
 public:
  explicit Line(const Shared& shared)
      : shared_(shared), on_terminal_(isatty(STDERR_FILENO) != 0), began_us_(MonotonicMicros()) {}

  void SayIfDue() {
    const int64_t now = MonotonicMicros();
    const int64_t every = (on_terminal_ ? 2 : 10) * kSecond;
    if (now - std::max(said_us_, began_us_) < every) return;
    said_us_ = now;
    const std::string text = Text(now - began_us_);
    if (text.empty()) return;
    std::fprintf(stderr, on_terminal_ ? "\r%-60s" : "%s\n", text.c_str());
    std::fflush(stderr);
  }
  // Makes room for what is said behind it.
  void End() {
    if (on_terminal_ && said_us_ > 0) std::fprintf(stderr, "\r%-60s\r", "");
  }

 private:
  std::string Text(int64_t elapsed_us) const {
    uint64_t done = 0, total = 0;
    for (uint64_t job = 0; job < kJobsMax; ++job) {
      done += shared_.done[job].load(std::memory_order_relaxed);
      total += shared_.total[job].load(std::memory_order_relaxed);
    }
    if (total == 0) return "";
    std::string text = Cat(done, " of ", total, " (", done * 100 / total, "%)");
    if (done == 0) return text;
    const double left = static_cast<double>(elapsed_us) * static_cast<double>(total - done) /
                        static_cast<double>(done);
    const auto seconds = static_cast<uint64_t>(left / static_cast<double>(kSecond));
    return Cat(text, ", about ", seconds / 60, " min ", seconds % 60, " s left");
  }

  const Shared& shared_;
  const bool on_terminal_;
  const int64_t began_us_;
  int64_t said_us_ = 0;
};

// Until the last process has closed its end of the pipe, which it does as it ends.
void WaitForEnd(int pipe_end, Line& line) {
  while (true) {
    pollfd waiting{.fd = pipe_end, .events = POLLIN, .revents = 0};
    const int ready = poll(&waiting, 1, 500);
    if (ready > 0 || (ready < 0 && errno != EINTR)) return;
    line.SayIfDue();
  }
}

}  // namespace

bool RunInJobs(uint64_t jobs,
               const std::function<bool(uint64_t job, const SayProgress& say)>& work) {
  void* const memory =
      mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  TM_CHECK(memory != MAP_FAILED, "there is memory to share");
  auto* const shared = new (memory) Shared();
  int ends[2] = {-1, -1};
  TM_CHECK(pipe(ends) == 0, "there are descriptors for a pipe");
  std::vector<pid_t> children;
  for (uint64_t job = 0; job < jobs; ++job) {
    const pid_t child = fork();
    if (child == 0) {
      prctl(PR_SET_PDEATHSIG, SIGKILL);  // whoever ends the program ends all of it
      close(ends[0]);
      const bool good = work(job, [&](uint64_t done, uint64_t total) {
        shared->done[job].store(done, std::memory_order_relaxed);
        shared->total[job].store(total, std::memory_order_relaxed);
      });
      std::fflush(stdout);
      _exit(good ? 0 : 1);
    }
    if (child < 0) std::perror("sim: fork");
    children.push_back(child);
  }
  close(ends[1]);
  Line line(*shared);
  WaitForEnd(ends[0], line);
  line.End();
  close(ends[0]);
  bool good = true;
  for (const pid_t child : children) {
    int status = 1;
    good &= child > 0 && waitpid(child, &status, 0) == child && status == 0;
  }
  munmap(memory, sizeof(Shared));
  return good;
}

}  // namespace tidemark::sim
