#include "tidemark/run_signals.h"

#include <unistd.h>

#include <atomic>

namespace tidemark {
namespace {

std::atomic<Runner*> signalled_runner{nullptr};  // tidy: allowed, a handler has no other way
std::atomic<bool> snapshot_wanted{false};        // tidy: allowed, a handler has no other way

extern "C" void OnStopSignal(int signal) {
  Runner* runner = signalled_runner.load();
  if (runner == nullptr || runner->stop_requested()) _exit(128 + signal);
  runner->RequestStop();
}

extern "C" void OnSnapshotSignal(int) {
  snapshot_wanted.store(true);
  if (Runner* runner = signalled_runner.load(); runner != nullptr) runner->RequestLook();
}

}  // namespace

StopSignals::StopSignals(Runner& runner) {
  signalled_runner.store(&runner);
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
  // A reader that went away is an error of write(), which says more than a killed process.
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &old_pipe_);
}

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGPIPE, &old_pipe_, nullptr);
  signalled_runner.store(nullptr);
}

SnapshotSignal::SnapshotSignal() {
  snapshot_wanted.store(false);
  struct sigaction action {};
  action.sa_handler = OnSnapshotSignal;
  action.sa_flags = SA_RESTART;  // nobody's read or write fails because of it
  sigemptyset(&action.sa_mask);
  sigaction(SIGUSR1, &action, &old_);
}

SnapshotSignal::~SnapshotSignal() { sigaction(SIGUSR1, &old_, nullptr); }

bool SnapshotSignal::pending() const { return snapshot_wanted.load(); }
bool SnapshotSignal::Take() { return snapshot_wanted.exchange(false); }

}  // namespace tidemark
