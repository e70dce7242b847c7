#include "tests/conformance/flow_run.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <set>
#include <utility>

#include "base/clock.h"
#include "base/status.h"
#include "tests/conformance/flow_case.h"
#include "tests/conformance/params.h"
#include "tests/conformance/script_source.h"
#include "tidemark/testing.h"

namespace tidemark::conformance {
namespace {

// The parameters that concern the run and not the operator.
struct RunParams {
  std::vector<Timestamp> starts;   // of each execution
  bool epoch_per_batch = false;    // else an epoch closes at the end of input only
  std::vector<size_t> batch_ends;  // of the batch that begins at an entry
};

absl::StatusOr<size_t> BatchSize(const Json& size) {
  if (!size.is_integer() || size.integer() < 1) {
    return absl::InvalidArgumentError(Cat("a batch cannot have ", ToText(size), " items"));
  }
  return static_cast<size_t>(size.integer());
}

// Batches are the same in every execution: `batches` one after the other, then `batch_size`.
absl::StatusOr<std::vector<size_t>> BatchEnds(const std::vector<Entry>& entries, Params& params) {
  const Json* given = params.Value("batches");
  const Json* rest = params.Value("batch_size");
  if (given != nullptr && !given->is_list()) {
    return absl::InvalidArgumentError("parameter 'batches' is not a list");
  }
  std::vector<size_t> ends(entries.size());
  size_t batch = 0;
  for (size_t begin = 0; begin < entries.size();) {
    size_t end = begin + 1;
    if (entries[begin].kind == Entry::Kind::kItem) {
      const bool listed = given != nullptr && batch < given->list().size();
      const Json size = listed ? given->list()[batch] : rest != nullptr ? *rest : Json(1);
      TM_ASSIGN_OR_RETURN(const size_t items, BatchSize(size));
      ++batch;
      const size_t most = begin + std::min(items, entries.size() - begin);
      while (end < most && entries[end].kind == Entry::Kind::kItem) ++end;
    }
    for (; begin < end; ++begin) ends[begin] = end;
  }
  return ends;
}

absl::StatusOr<std::vector<Timestamp>> Starts(int64_t executions, Params& params) {
  const Timestamp usual = params.Time("system_time_start").value_or(SimClock::kDefaultStart);
  std::vector<Timestamp> starts(static_cast<size_t>(executions), usual);
  const Json* given = params.Value("system_times_at_start");
  if (given == nullptr) return starts;
  if (!given->is_list()) {
    return absl::InvalidArgumentError("parameter 'system_times_at_start' is not a list");
  }
  for (size_t i = 0; i < std::min(starts.size(), given->list().size()); ++i) {
    TM_ASSIGN_OR_RETURN(starts[i], ParseTime(given->list()[i]));
  }
  return starts;
}

absl::StatusOr<RunParams> ReadRunParams(const Case& one, const std::vector<Entry>& entries,
                                        Params& params) {
  for (const char* name :
       {"workers", "keyed", "recovery_partitions", "backup_interval", "mapper_scope"}) {
    params.Ignore(name);
  }
  RunParams run;
  TM_ASSIGN_OR_RETURN(run.starts, Starts(one.executions.value_or(1), params));
  TM_ASSIGN_OR_RETURN(run.batch_ends, BatchEnds(entries, params));
  if (const std::optional<Span> interval = params.Seconds("epoch_interval")) {
    run.epoch_per_batch = *interval == Span();
    if (*interval < Span() || (*interval > Span() && *interval < Span::Seconds(5))) {
      return absl::InvalidArgumentError("parameter 'epoch_interval' is neither 0 nor at least 5");
    }
  }
  return run;
}

class Driver {
 public:
  Driver(const Case& one, const Operator& op, const FlowRunOptions& options)
      : one_(one),
        op_(op),
        options_(options),
        script_(std::make_shared<Script>()),
        case_(one, script_,
              std::any_of(options.workers.begin(), options.workers.end(),
                          [](int workers) { return workers > 1; }),
              options.files_directory) {}

  absl::StatusOr<Outcome> Run() {
    TM_ASSIGN_OR_RETURN(script_->entries, ParseEntries(one_.input));
    TM_ASSIGN_OR_RETURN(run_, ReadRunParams(one_, script_->entries, case_.params()));
    Outcome outcome;
    for (size_t i = 0; i < run_.starts.size() && outcome.error.ok(); ++i) {
      case_.BeginExecution();
      outcome.error = Start(i);
      TM_RETURN_IF_ERROR(case_error_);
      if (outcome.error.ok()) outcome.error = Execute();
      TM_RETURN_IF_ERROR(case_error_);
      TM_ASSIGN_OR_RETURN(Execution execution, case_.TakeExecution());
      outcome.executions.push_back(std::move(execution));
    }
    outcome.order = case_.order();
    return outcome;
  }

 private:
  // Time passes, or the clock steps back.
  void MoveTo(Timestamp at) {
    SimClock& clock = tester_->clock();
    if (at > clock.Now()) return clock.Advance(at - clock.Now());
    clock.Set(at);
  }
  // A store in memory lives in its FlowTester; one on disk is opened as a new process would.
  absl::Status Start(size_t execution) {
    script_->released = committed_;
    script_->ended = false;
    const bool on_disk = !options_.state_directory.empty();
    if (tester_ && !on_disk) {
      MoveTo(run_.starts[execution]);
      return tester_->TryCrashAndResume();
    }
    tester_.reset();
    FlowTester::Options options;
    options.workers = options_.workers[std::min(execution, options_.workers.size() - 1)];
    options.batch_items_max = script_->entries.size() + 1;
    options.start = run_.starts[execution];
    options.state_directory = options_.state_directory;
    tester_.emplace(options);
    return tester_->TryBuild(
        [this](Flow& flow) {
          case_.Begin(flow);
          case_error_ = op_.build(case_);
          if (case_error_.ok()) case_error_ = case_.params().Check();
        },
        "case");
  }

  // Until the end of input, or until a crash.
  absl::Status Execute() {
    TM_RETURN_IF_ERROR(Settle("START"));
    const std::vector<Entry>& entries = script_->entries;
    for (size_t next = committed_; next < entries.size();) {
      const Entry& entry = entries[next];
      const Json at = static_cast<int64_t>(run_.batch_ends[next] - 1);
      next = run_.batch_ends[next];
      switch (entry.kind) {
        case Entry::Kind::kItem:
          break;
        case Entry::Kind::kSystemTime:
          MoveTo(entry.at);
          break;
        case Entry::Kind::kPause:
          tester_->clock().Advance(entry.span);
          break;
        case Entry::Kind::kEof:
          return End(next);
        case Entry::Kind::kAbort:
          if (aborted_.insert(next).second) return absl::OkStatus();
          continue;
        case Entry::Kind::kSetLookup:
          if (case_.lookup() == nullptr) return Unfit(entry);
          case_.lookup()->Set(*entry.item.key, entry.item.value);
          continue;
        case Entry::Kind::kOther:
          return Unfit(entry);
      }
      script_->released = next;
      TM_RETURN_IF_ERROR(Settle(at));
    }
    return End(entries.size());
  }

  absl::Status Unfit(const Entry& entry) {
    case_error_ = absl::InvalidArgumentError(
        Cat("control entry ", entry.name, " means nothing to operator ", one_.operator_name));
    return absl::OkStatus();
  }

  absl::Status Settle(const Json& at) {
    TM_RETURN_IF_ERROR(tester_->TryRun());
    case_.MarkDown(at);
    return run_.epoch_per_batch ? Commit() : absl::OkStatus();
  }

  absl::Status End(size_t next) {
    script_->released = next;
    script_->ended = true;
    TM_RETURN_IF_ERROR(tester_->TryRun());
    case_.MarkDown("EOF");
    return Commit();
  }

  absl::Status Commit() {
    Job& job = tester_->job();
    job.RequestEpoch();
    TM_RETURN_IF_ERROR(tester_->TryRun());
    if (!job.EpochReady()) return absl::InternalError("an epoch that was asked for never closed");
    TM_RETURN_IF_ERROR(job.CommitEpoch());
    committed_ = script_->released;
    return absl::OkStatus();
  }

  const Case& one_;
  const Operator& op_;
  const FlowRunOptions& options_;
  const std::shared_ptr<Script> script_;
  FlowCase case_;
  RunParams run_;
  absl::Status case_error_;
  std::optional<FlowTester> tester_;
  size_t committed_ = 0;      // entries before this one are in a committed epoch
  std::set<size_t> aborted_;  // each ABORT crashes once
};

}  // namespace

absl::StatusOr<Outcome> RunFlowCase(const Case& one, const Operator& op,
                                    const FlowRunOptions& options) {
  return Driver(one, op, options).Run();
}

}  // namespace tidemark::conformance
