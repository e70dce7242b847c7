// Signals of a run: SIGINT, SIGTERM and SIGHUP stop it, SIGUSR1 requests a snapshot.
//
// A process runs one flow at a time, so a signal handler can reach only one of each.
#pragma once

#include <atomic>
#include <csignal>
#include <cstdint>
#include <string>

#include "runtime/session.h"

namespace tidemark {

// The message of a process that ends at once. It is prepared in advance, for a signal handler.
struct LastWords {
  std::string begin;
  std::string kept;  // "…: ", then "epoch 7" and `end`, if something has been committed
  std::string end;
  std::string nothing_kept;  // otherwise
  const std::atomic<uint64_t>* epoch = nullptr;
};

// Routes SIGINT, SIGTERM and SIGHUP to a session for as long as this object lives. The first signal
// asks the session to finish the work in flight and commit. Signals within half a second of the
// first count as the same one: `timeout` and a closing terminal signal both the process and its
// group, and Ctrl-C arrives directly as well as through a shell. A later signal ends the process at
// once, with its last words: committed data is safe.
//
// SIGHUP is left alone if it is ignored, as under nohup.
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

// Handles SIGUSR1, which would otherwise end the process, for as long as this object lives: it
// requests a snapshot from the session that StopSignals has, or gets next.
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
