// Signals of a run: SIGINT and SIGTERM stop it, SIGUSR1 asks for a snapshot.
//
// A process runs one flow at a time, so what a handler can reach is one of each.
#pragma once

#include <csignal>

#include "engine/runner.h"

namespace tidemark {

// Routes SIGINT and SIGTERM to a runner for as long as it lives. The first asks it to finish what
// is in flight and commit; the second ends the process at once: what is committed is safe.
class StopSignals {
 public:
  explicit StopSignals(Runner& runner);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  struct sigaction old_int_, old_term_, old_pipe_;
};

// Takes SIGUSR1, which would end the process otherwise, for as long as it lives.
class SnapshotSignal {
 public:
  SnapshotSignal();
  ~SnapshotSignal();
  SnapshotSignal(const SnapshotSignal&) = delete;
  SnapshotSignal& operator=(const SnapshotSignal&) = delete;

  // A signal has come since the last Take(). Both from any thread.
  bool pending() const;
  bool Take();

 private:
  struct sigaction old_;
};

}  // namespace tidemark
