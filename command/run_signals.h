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
  std::string kept = {};  // "…: ", then "epoch 7" and `end`, if something has been committed
  std::string end = {};
  std::string nothing_kept = {};  // otherwise
  const std::atomic<uint64_t>* epoch = nullptr;
};

// Handles SIGINT, SIGTERM and SIGHUP for as long as this object lives. The first signal requests a
// stop: of the start, which can wait for a broker without limit, or of the session, which then
// finishes the work in flight and commits. Signals within half a second of the first count as the
// same one: `timeout` and a closing terminal signal both the process and its group, and Ctrl-C
// arrives directly as well as through a shell. A later signal ends the process at once, with its
// last words: committed data is safe.
//
//   StopSignals signals({.begin = "…", .nothing_kept = "…", .epoch = &none});
//   auto session = JobSession::Open(…);   // with SessionEvents::stop_wanted
//   signals.Route(**session, {…});
//   (*session)->Run();
//
// SIGHUP is left alone if it is ignored, as under nohup.
class StopSignals {
 public:
  // `words` are for a signal that ends the process before there is a session.
  explicit StopSignals(LastWords words);
  ~StopSignals();
  StopSignals(const StopSignals&) = delete;
  StopSignals& operator=(const StopSignals&) = delete;

  // Passes requests to `session`, also one that has already come. At most once; `session` outlives
  // this object.
  void Route(JobSession& session, LastWords words);
  bool stop_requested() const;

 private:
  const LastWords words_at_start_;
  LastWords words_;
  struct sigaction old_int_, old_term_, old_hup_, old_pipe_;
};

// Handles SIGUSR1, which would otherwise end the process, for as long as this object lives: it
// requests a snapshot from the session that StopSignals routes to, or the next one.
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
