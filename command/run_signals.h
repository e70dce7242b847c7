// Signals of a run: SIGINT, SIGTERM and SIGHUP stop it, SIGUSR1 asks for a snapshot.
//
// A process runs one flow at a time, so what a handler can reach is one of each.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>

#include "runtime/session.h"

namespace tidemark {

// What a process says that ends at once. A handler puts it together, so it is made before.
struct LastWords {
  std::string begin;
  std::string kept;  // "…: ", then "epoch 7" and `end`, where something has been committed
  std::string end;
  std::string nothing_kept;  // else
  const std::atomic<uint64_t>* epoch = nullptr;
};

// Routes SIGINT, SIGTERM and SIGHUP to a session for as long as it lives. The first asks it to
// finish what is in flight and commit. One that comes within half a second of the first is the same
// one: `timeout` and a closed terminal signal the process and its group, Ctrl-C reaches it through
// a shell and by itself. A later one ends the process at once, with its last words: what is
// committed is safe.
//
// SIGHUP is left alone where it is ignored, as nohup does it.
class StopSignals {
 public:
  StopSignals(JobSession& session, LastWords words);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

 private:
  const LastWords words_;
  struct sigaction old_int_, old_term_, old_hup_, old_pipe_;
};

// Takes SIGUSR1, which would end the process otherwise, for as long as it lives: it asks for a
// snapshot, of the session that StopSignals has or gets next.
class SnapshotSignal {
 public:
  SnapshotSignal();
  ~SnapshotSignal();
  SnapshotSignal(const SnapshotSignal&) = delete;
  SnapshotSignal& operator=(const SnapshotSignal&) = delete;

 private:
  struct sigaction old_;
};

}  // namespace tidemark
