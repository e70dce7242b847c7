// `tidemark snapshot DIR`: asks the job that holds the directory, or does it itself when none does.

#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/quantity.h"
#include "base/status.h"
#include "command/exit_code.h"
#include "command/terminal.h"
#include "command/verbs.h"
#include "engine/wakeup.h"
#include "recovery/requests.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"
#include "recovery/state_files.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

constexpr Span kLookInterval = Span::Micros(50'000);
constexpr int64_t kHolderIntervalUs = 500'000;
constexpr int64_t kProgressIntervalUs = 5'000'000;

// Of a directory that no job holds. Nothing when one does.
absl::StatusOr<std::optional<SnapshotAnswer>> MakeItself(Files& files, const std::string& directory,
                                                         const SnapshotOptions& options) {
  TM_ASSIGN_OR_RETURN(const auto holder, HolderOf(files, directory));
  if (holder) return std::optional<SnapshotAnswer>();
  TM_ASSIGN_OR_RETURN(const auto opened, StateDirectory::Open(files, {.directory = directory}));
  if (!opened->holds_epoch()) {
    return absl::NotFoundError(Cat(directory, ": no epoch has been committed here yet"));
  }
  TM_ASSIGN_OR_RETURN(const Snapshot made,
                      MakeSnapshot(files, opened->store(), directory, opened->record(), options));
  return std::optional<SnapshotAnswer>(SnapshotAnswer{.status = {},
                                                      .path = made.path,
                                                      .epoch = opened->record().epoch.value,
                                                      .bytes = made.bytes()});
}

// Waits for the job's answer, until it ends or `patience` is over.
absl::StatusOr<SnapshotAnswer> AskTheJob(Files& files, const std::string& directory,
                                         const SnapshotRequest& request, Span patience) {
  TM_RETURN_IF_ERROR(PutRequest(files, directory, request));
  Wakeup nobody;  // who could wake it: this only waits
  const int64_t begin_us = MonotonicMicros();
  int64_t looked_us = begin_us;
  int64_t said_us = begin_us;
  std::string holder = "the job";
  while (true) {
    TM_ASSIGN_OR_RETURN(auto answer, TakeAnswer(files, directory, request.id));
    if (answer) return *std::move(answer);
    const int64_t now = MonotonicMicros();
    if (now - looked_us >= kHolderIntervalUs) {
      looked_us = now;
      TM_ASSIGN_OR_RETURN(const auto held_by, HolderOf(files, directory));
      if (!held_by) {
        TM_ASSIGN_OR_RETURN(answer, TakeAnswer(files, directory, request.id));
        if (answer) return *std::move(answer);
        TM_RETURN_IF_ERROR(Withdraw(files, directory, request.id));
        return absl::UnavailableError("the job has ended");
      }
      holder = *held_by;
    }
    if (now - begin_us >= patience.us) {
      TM_RETURN_IF_ERROR(Withdraw(files, directory, request.id));
      return absl::DeadlineExceededError(
          Cat(directory, ": ", holder, " did not answer within ", FormatSpan(patience),
              "; it may wait for its output, or be older than this command; give it longer with "
              "--wait TIME"));
    }
    if (now - said_us >= kProgressIntervalUs) {
      said_us = now;
      PutMessage(Cat("waiting for ", holder, " to end its epoch"));
    }
    nobody.Wait(kLookInterval);
  }
}

absl::StatusOr<SnapshotAnswer> MakeOrAsk(Files& files, const std::string& directory,
                                         const SnapshotOptions& options, Span patience) {
  // A job may end while it is asked, or begin while it is looked for.
  constexpr int kTries = 3;
  absl::Status last;
  for (int i = 0; i < kTries; ++i) {
    TM_ASSIGN_OR_RETURN(auto made, MakeItself(files, directory, options));
    if (made) return *std::move(made);
    const SnapshotRequest request{.id = NewRequestId(), .name = options.name, .copy = options.copy};
    auto answer = AskTheJob(files, directory, request, patience);
    if (!absl::IsUnavailable(answer.status())) return answer;
    last = answer.status();
  }
  return Annotate(last, directory);
}

std::string AnswerText(const SnapshotAnswer& answer, bool json) {
  if (!json) return Cat(answer.path, ": epoch ", answer.epoch, ", ", FormatBytes(answer.bytes));
  std::string path;
  AppendJsonString(answer.path, path);
  return Cat("{\"path\": ", path, ", \"epoch\": ", answer.epoch, ", \"bytes\": ", answer.bytes,
             "}");
}

int Make(const CommandLine& line, Files& machine_files) {
  StateFiles files(machine_files, {.directory = line.Word(0)});
  const auto wait = line.Duration("wait");
  if (!wait.ok()) return Complain(wait.status(), kExitUsage);
  const SnapshotOptions options{.name = line.Text("name").value_or(""), .copy = line.Has("copy")};
  if (line.Has("name")) {
    if (absl::Status bad = CheckSnapshotName(options.name); !bad.ok()) {
      return Complain(Annotate(bad, "--name"), kExitUsage);
    }
  }
  const std::string& directory = line.Word(0);
  // Never makes a state where there is none.
  if (const absl::Status is = CheckHoldsState(files, directory); !is.ok()) return Complain(is);
  for (const char* name : {"store", "LOCK"}) {
    const auto there = Exists(files, JoinPath(directory, name));
    if (!there.ok()) return Complain(there.status());
    if (*there) continue;
    return Complain(absl::NotFoundError(Cat(
        directory, ": is not a state directory (it has no LOCK); a snapshot is copied as it is")));
  }
  const auto answer = MakeOrAsk(files, directory, options, wait->value_or(Span::Seconds(30)));
  if (!answer.ok()) return Complain(answer.status());
  if (!answer->status.ok()) return Complain(answer->status);
  return FinishOutput(PutLine(AnswerText(*answer, line.Has("json"))));
}

}  // namespace

Verb SnapshotVerb(Files& files) {
  return {.name = "snapshot",
          .summary = "make a snapshot now, also of a running job",
          .words = {"DIR: a state directory"},
          .flags = {{"name", "NAME", "call it so; it then stays until you remove it"},
                    {"copy", "", "share no file with the live state"},
                    {"wait", "TIME", "for a running job to answer (default 30s)"},
                    {"json", "", "one JSON object"}},
          .about =
              "Makes a snapshot of the newest epoch. A running job ends its epoch for it and "
              "answers within about a second.",
          .examples = {"snapshot out/job.state", "snapshot out/job.state --name before-upgrade"},
          .run = [&files](const CommandLine& line) { return Make(line, files); }};
}

}  // namespace tidemark
