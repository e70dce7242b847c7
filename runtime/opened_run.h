// OpenedRun: a job on its state directory, opened the one way in which a run is opened.
//
//   TM_ASSIGN_OR_RETURN(auto run, OpenedRun::Open(plan, {.state = {.directory = "out/job.state"},
//                                                        .job = {.clock = &clock, …}}));
//   … step run->job(), and behind each of its commits:
//   TM_RETURN_IF_ERROR(run->AfterCommit());
//
// The command and the simulator are callers of it, so what the simulator proves is the start that
// people get. In this order: the lock, what an earlier start has left, the store and its line of
// runs, whether the flow may resume, every sink's consent, every sink. Nothing that was committed
// is destroyed before the new line's first commit (recovery/start_note.h).
//
// Thread rule: AfterCommit() on the committer's thread, the rest from one thread.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "engine/job.h"
#include "recovery/snapshot.h"
#include "recovery/state_directory.h"

namespace tidemark {

struct OpenRunOptions {
  StateDirectory::Options state = {};
  // What the run starts from, if not from what `state` holds; outlives Open().
  const Snapshot* from = nullptr;
  // What else has to be there before outputs are looked at; the store is open.
  std::function<absl::Status(StateDirectory& directory)> check = [](StateDirectory&) {
    return absl::OkStatus();
  };
  // Store, resume and the lines of runs are filled in.
  JobOptions job = {};
  // For simulations: what the job sees as the store, and as what it resumes from.
  std::function<StateStore*(StateStore& store)> wrap_store = [](StateStore& store) {
    return &store;
  };
  std::function<void(JobOptions& job)> adjust = [](JobOptions&) {};
};

class OpenedRun {
 public:
  static absl::StatusOr<std::unique_ptr<OpenedRun>> Open(Plan plan, OpenRunOptions options);

  StateDirectory& directory() { return *directory_; }
  Job& job() { return *job_; }
  // Behind each commit, before anything else is done with the state.
  absl::Status AfterCommit();

 private:
  OpenedRun() = default;

  // In this order, so that the job goes first.
  std::unique_ptr<StateDirectory> directory_;
  std::unique_ptr<Job> job_;
};

}  // namespace tidemark
