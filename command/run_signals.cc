#include "command/run_signals.h"

#include <sched.h>
#include <unistd.h>

#include <cstddef>
#include <utility>

#include "base/clock.h"

namespace tidemark {
namespace {

// Signals that come so soon after the first are that one, sent more than once.
constexpr int64_t kSameSignalUs = 500'000;

std::atomic<JobSession*> signalled_session{nullptr};  // tidy: allowed, a handler has no other way
std::atomic<const LastWords*> last_words{nullptr};    // tidy: allowed, a handler has no other way
// 0: none has come.
std::atomic<int64_t> first_signal_us{0};   // tidy: allowed, a handler has no other way
std::atomic<bool> snapshot_wanted{false};  // tidy: allowed, a handler has no other way
std::atomic<int> handlers_running{0};      // tidy: allowed, a handler has no other way

// ---- what a handler may do: no locks, no memory ----------------------------------------

void WriteAll(const char* bytes, size_t count) {
  // Nothing is left to be done where standard error cannot take it.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, bytes, count);
}

void WriteEpoch(uint64_t epoch) {
  char text[32] = "epoch ";
  char* const end = text + sizeof text;
  char* at = end;
  do {
    *--at = static_cast<char>('0' + epoch % 10);
    epoch /= 10;
  } while (epoch > 0);
  WriteAll(text, 6);
  WriteAll(at, static_cast<size_t>(end - at));
}

void SayLastWords(const LastWords& words) {
  WriteAll(words.begin.data(), words.begin.size());
  const uint64_t epoch = words.epoch->load();
  if (epoch == 0) return WriteAll(words.nothing_kept.data(), words.nothing_kept.size());
  WriteAll(words.kept.data(), words.kept.size());
  WriteEpoch(epoch);
  WriteAll(words.end.data(), words.end.size());
}

// Around all that a handler does with the session. It may run on any thread, RocksDB's too, while
// the main thread ends the session.
class InHandler {
 public:
  InHandler() { handlers_running.fetch_add(1); }
  ~InHandler() { handlers_running.fetch_sub(1); }
  InHandler(const InHandler&) = delete;
  InHandler& operator=(const InHandler&) = delete;
};

// Of a signal that came before there was a session to ask, too.
void HandOverSnapshotRequest() {
  JobSession* session = signalled_session.load();
  if (session != nullptr && snapshot_wanted.exchange(false)) session->RequestSnapshot();
}

extern "C" void OnStopSignal(int signal) {
  const InHandler in_handler;
  const int64_t now = MonotonicMicros();
  int64_t first = 0;
  if (first_signal_us.compare_exchange_strong(first, now)) {
    if (JobSession* session = signalled_session.load()) session->RequestStop();
    return;
  }
  if (now - first < kSameSignalUs) return;
  if (const LastWords* words = last_words.load()) SayLastWords(*words);
  _exit(128 + signal);
}

extern "C" void OnSnapshotSignal(int) {
  const InHandler in_handler;
  snapshot_wanted.store(true);
  HandOverSnapshotRequest();
}

}  // namespace

StopSignals::StopSignals(LastWords words) : words_at_start_(std::move(words)) {
  first_signal_us.store(0);
  last_words.store(&words_at_start_);
  struct sigaction action {};
  action.sa_handler = OnStopSignal;
  // One at a time: two that come together are told apart by their times.
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&action.sa_mask, signal);
  sigaction(SIGINT, &action, &old_int_);
  sigaction(SIGTERM, &action, &old_term_);
  sigaction(SIGHUP, nullptr, &old_hup_);
  if (old_hup_.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, nullptr);
  // A reader that went away is an error of write(), which says more than a killed process.
  struct sigaction ignore {};
  ignore.sa_handler = SIG_IGN;
  sigaction(SIGPIPE, &ignore, &old_pipe_);
}

void StopSignals::Route(JobSession& session, LastWords words) {
  words_ = std::move(words);
  last_words.store(&words_);
  signalled_session.store(&session);
  HandOverSnapshotRequest();
  // One that came before is handled here; one that comes meanwhile perhaps twice, which is fine.
  if (stop_requested()) session.RequestStop();
}

bool StopSignals::stop_requested() const { return first_signal_us.load() != 0; }

StopSignals::~StopSignals() {
  sigaction(SIGINT, &old_int_, nullptr);
  sigaction(SIGTERM, &old_term_, nullptr);
  sigaction(SIGHUP, &old_hup_, nullptr);
  sigaction(SIGPIPE, &old_pipe_, nullptr);
  signalled_session.store(nullptr);
  last_words.store(nullptr);
  // One that found the session a moment ago is done with it before the session goes.
  while (handlers_running.load() > 0) sched_yield();
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

}  // namespace tidemark
