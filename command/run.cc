#include "command/run.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/printable.h"
#include "base/quantity.h"
#include "base/status.h"
#include "command/exit_code.h"
#include "command/run_signals.h"
#include "command/status_view.h"
#include "recovery/fallback.h"
#include "runtime/session.h"

namespace tidemark {
namespace {

using internal::StatusView;

constexpr Span kShowInterval = Span::Micros(500'000);

// One run as a person sees it, from options to exit code.
class Run {
 public:
  Run(const RunOptions& options, const RunContext& context)
      : options_(options),
        context_(context),
        view_(StatusView::StyleFor(options.quiet), !options.state_directory.empty()) {}

  int Execute(const Flow& flow) {
    // From the first moment on, and also without a state: who asks for a snapshot must not end the
    // run that reads a damaged store for minutes.
    const SnapshotSignal is_no_end;
    auto plan = flow.Compile();
    if (!plan.ok()) return Refuse(plan.status());
    signals_.emplace(WordsAtStart());
    auto session = JobSession::Open(*std::move(plan), options_, context_, Events());
    if (absl::IsCancelled(session.status()) && signals_->stop_requested()) {
      return SayStoppedAtStart(Cat(": ", session.status().message()));
    }
    if (!session.ok()) return Refuse(session.status());
    // A first commit would discard what --fresh replaces, for a job that was not to begin.
    if (signals_->stop_requested()) return SayStoppedAtStart("");
    session_ = *std::move(session);
    LeaveRoomForRows();
    return Drive();
  }

 private:
  int Refuse(const absl::Status& status) {
    view_.SayAlways(std::string(status.message()));
    return ExitCodeOf(status);
  }

  // `waited_for`: empty, or ": …". Nothing was read and nothing replaced, so flags such as --fresh
  // have not been used up.
  int SayStoppedAtStart(std::string_view waited_for) {
    view_.Say(Cat("stopped before the job began", waited_for, "; the same command starts it"));
    return kExitFine;
  }

  SessionEvents Events() {
    SessionEvents events;
    events.stop_wanted = [this] { return signals_->stop_requested(); };
    events.note = [this](const std::string& line) { view_.Say(line); };
    events.warning = [this](const std::string& line) { view_.SayAlways(line); };
    if (view_.style() != StatusView::Style::kTerminal) return events;
    events.tick = [this] { view_.Show(session_->status()); };
    events.tick_interval = kShowInterval;
    return events;
  }

  // Rows that go to the terminal themselves leave no place for a line that is written over.
  void LeaveRoomForRows() {
    for (const StepPlan& step : session_->plan().steps) {
      if (step.sink != nullptr && step.sink->guarantee() == SinkGuarantee::kAtLeastOnce &&
          isatty(STDOUT_FILENO) != 0) {
        view_.UseLines();
      }
    }
  }

  bool HasFlagsForOnce() const { return options_.fresh || !options_.new_outputs.empty(); }

  // What these flags ask for has been done, and would be done again.
  std::string WhatGoesOn() const {
    std::string flags;
    const auto add = [&](bool given, const char* flag) {
      if (given) flags += Cat(flags.empty() ? "" : " and ", flag);
    };
    add(!options_.from_snapshot.empty() && options_.fresh, "--from");
    add(options_.fresh, "--fresh");
    add(!options_.new_outputs.empty(), "--new-output");
    return Cat(" the same command ", flags.empty() ? "" : Cat("without ", flags, " "),
               "continues from there");
  }

  std::string OldStateIsKept() const {
    return session_->replaces_state() ? ", and the state from before --fresh is kept" : "";
  }

  const char* SameCommandStarts() const {
    return session_->replaces_state() ? "; the same command starts again"
                                      : ", the same command starts again";
  }

  // What stops a run until somebody does something stops the same command, too.
  std::string WhereItStands(const absl::Status& end) const {
    const bool needs_somebody =
        absl::IsFailedPrecondition(end) || absl::IsDataLoss(end) || absl::IsUnimplemented(end);
    const uint64_t epoch = session_->CommittedEpoch();
    if (epoch == 0) {
      return Cat("; nothing was committed", OldStateIsKept(),
                 needs_somebody ? "" : SameCommandStarts());
    }
    // A command that may not be given again is named in any case.
    if (needs_somebody && !HasFlagsForOnce()) return Cat("; the state is at epoch ", epoch);
    return Cat("; the state is at epoch ", epoch, needs_somebody ? ", then" : ",", WhatGoesOn());
  }

  int Drive() {
    const int64_t begin_us = MonotonicMicros();
    signals_->Route(*session_, WordsAtOnce());
    const absl::Status end = session_->Run();
    signals_.reset();
    SkipLog& skips = session_->skips();
    for (const auto& [place, entry] : skips.Entries()) {
      view_.SayAlways(Cat(place, ": ", FormatCount(entry.count), " skipped, for example:"));
      for (const std::string& example : entry.examples) view_.SayAlways(Cat("  ", example));
    }
    for (const std::string& left : skips.Left()) view_.SayAlways(left);
    // The reader of our output went away: as for any filter, that is a quiet end.
    if (absl::IsCancelled(end)) return kExitFailed;
    if (!end.ok()) return SayFailure(end);
    SayEnd(Span::Micros(MonotonicMicros() - begin_us));
    return kExitFine;
  }

  int SayFailure(const absl::Status& end) {
    std::string line(end.message());
    int code = ExitCodeOfRun(end);
    if (session_->damage_is_noted()) {
      if (options_.fall_back) code = kExitFailed;  // it mends itself
      line = Cat(WithoutAdvice(end),
                 "; the next start looks at all of it and goes back to the newest whole snapshot");
    } else if (session_->keeps_state() && !session_->store_is_gone()) {
      line += WhereItStands(end);
      // What an item is refused for, by the source or by user code, it is refused for again.
      const bool says_how = line.find("--skip-item ") != std::string::npos;
      if (!says_how && (absl::IsAborted(end) || absl::IsInvalidArgument(end))) {
        line += "; --skip-item steps over an item that does this each time";
      }
    }
    view_.SayAlways(line);
    return code;
  }

  std::string BeginOfLastWords() const {
    const bool shows_line = view_.style() == StatusView::Style::kTerminal;
    return Cat(shows_line ? "\r\x1b[K" : "", "tidemark: ended at once by a second signal; ");
  }

  // Of a second signal while the start waits, or reads a damaged store.
  LastWords WordsAtStart() const {
    return {.begin = BeginOfLastWords(),
            .nothing_kept = "the job had not begun, the same command starts it\n",
            .epoch = &no_epoch_};
  }

  // What is said by a second signal, which ends the process where it stands. Without state epochs
  // are nothing that is kept.
  LastWords WordsAtOnce() const {
    const std::string begin = BeginOfLastWords();
    if (!session_->keeps_state()) {
      return {.begin = begin,
              .kept = {},
              .end = {},
              .nothing_kept = "no state is kept, the same command starts again\n",
              .epoch = &no_epoch_};
    }
    return {.begin = begin,
            .kept = "what was committed is kept: ",
            .end = Cat(" in ", Printable(session_->directory_path()), ",", WhatGoesOn(), "\n"),
            .nothing_kept =
                Cat("nothing was committed yet", OldStateIsKept(), SameCommandStarts(), "\n"),
            .epoch = &session_->committed_epoch()};
  }

  void SayEnd(Span took) {
    const bool stopped = session_->stop_requested();
    const JobStatus status = session_->status();
    const uint64_t first = session_->first_epoch();
    if (!stopped && first > 0 && status.items_in == 0 && status.items_out == 0 &&
        status.late == 0) {
      view_.Say(session_->skips().Left().empty()
                    ? Cat("nothing new: all input was processed by epoch ", first)
                    : Cat("nothing new that is finished since epoch ", first));
      SayUnusedSkips();
      return;
    }
    std::string line = Cat(stopped ? "stopped: " : "done: ", FormatCount(status.items_in), " in, ",
                           FormatCount(status.items_out), " out, ", LateText(status.late),
                           absl::StrFormat("%.1f s", static_cast<double>(took.us) / 1e6));
    if (session_->keeps_state()) {
      line += Cat("; state at epoch ", status.epoch, " in ", session_->directory_path());
      if (stopped) line += Cat(",", WhatGoesOn());
    }
    view_.Say(line);
    SayUnusedSkips();
    if (status.closed_at_end == 0 || !session_->keeps_state()) return;
    view_.Say(Cat("the end of the input closed ", FormatCount(status.closed_at_end),
                  status.closed_at_end == 1 ? " window" : " windows",
                  "; rows added later for them are late (at_eof: keep leaves them open)"));
  }

  // An item that was not there yet is not remembered: only one that was read is.
  void SayUnusedSkips() {
    const std::vector<SkippedItem>& skipped = session_->job().record().skipped_items;
    for (const SkippedItem& item : options_.skip_items) {
      if (std::find(skipped.begin(), skipped.end(), item) != skipped.end()) continue;
      view_.SayAlways(Cat("--skip-item ", item.source, "/", item.partition, "@", item.number,
                          ": that item was not read, so nothing was skipped; give the flag again "
                          "when the item is there"));
    }
  }

  // "206 late (out/late.jsonl), ": how many items, and where they are.
  std::string LateText(uint64_t late) const {
    if (late == 0) return "";
    std::string where;
    for (const StepPlan& step : session_->plan().steps) {
      if (!step.is_for_late) continue;
      const std::string output = step.sink->Describe();  // "file out/late.jsonl"
      constexpr std::string_view kFile = "file ";
      where += Cat(where.empty() ? "" : ", ",
                   output.starts_with(kFile) ? output.substr(kFile.size()) : output);
    }
    return Cat(FormatCount(late), " late (", where.empty() ? "left out" : where, "), ");
  }

  const RunOptions& options_;
  const RunContext& context_;
  StatusView view_;
  const std::atomic<uint64_t> no_epoch_{0};
  std::unique_ptr<JobSession> session_;
  std::optional<StopSignals> signals_;  // until the run has ended
};

}  // namespace

int RunFlow(const Flow& flow, const RunOptions& options, const RunContext& context) {
  return Run(options, context).Execute(flow);
}

}  // namespace tidemark
