#include "engine/job.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "engine/output_claims.h"
#include "engine/resume_check.h"
#include "recovery/outbox.h"
#include "recovery/state_directory.h"

namespace tidemark {
namespace {

// The present positions. A partition that no worker has, for a while perhaps, keeps its position,
// unless it was forgotten.
void KeepPartitions(const EpochRecord& before, const std::vector<EpochPart>& parts,
                    EpochRecord& next) {
  next.sources.clear();
  for (const EpochPart& part : parts) {
    next.sources.insert(next.sources.end(), part.sources.begin(), part.sources.end());
  }
  std::set<std::pair<std::string_view, std::string_view>> known;
  for (const EpochPart& part : parts) {
    for (const SourceRecord& source : part.sources) known.emplace(source.step, source.partition);
    for (const ForgottenPartition& source : part.forgotten) {
      known.emplace(source.step, source.partition);
      for (StepRecord& step : next.steps) {
        std::erase_if(step.watermarks, [&](const PartitionWatermark& watermark) {
          return watermark.source == source.step && watermark.partition == source.partition;
        });
      }
    }
  }
  for (const SourceRecord& source : before.sources) {
    if (known.count({source.step, source.partition}) == 0) next.sources.push_back(source);
  }
}

// The run that wrote `record` left the step's windows open at the end of its input, so that only
// the watermark can have closed one.
bool KeptAtEnd(const EpochRecord& record, std::string_view step) {
  return std::any_of(record.steps.begin(), record.steps.end(), [&](const StepRecord& s) {
    return s.name == step && s.parameters.find("at_eof: keep") != std::string::npos;
  });
}

void PutWatermark(const StepWatermark& watermark, EpochRecord& next) {
  const auto step = std::find_if(next.steps.begin(), next.steps.end(),
                                 [&](const StepRecord& s) { return s.name == watermark.step; });
  TM_CHECK(step != next.steps.end(), "a watermark belongs to a step with state");
  const PartitionWatermark& partition = watermark.partition;
  const auto place =
      std::lower_bound(step->watermarks.begin(), step->watermarks.end(), partition,
                       [](const PartitionWatermark& a, const PartitionWatermark& b) {
                         return std::tie(a.source, a.partition) < std::tie(b.source, b.partition);
                       });
  if (place != step->watermarks.end() && place->source == partition.source &&
      place->partition == partition.partition) {
    *place = partition;
  } else {
    step->watermarks.insert(place, partition);
  }
}

}  // namespace

absl::StatusOr<std::unique_ptr<Job>> Job::Open(Plan plan, JobOptions options) {
  if (options.workers < 1 || options.workers > kKeyGroups) {
    return absl::InvalidArgumentError(
        Cat("workers must be between 1 and ", kKeyGroups, ", not ", options.workers));
  }
  std::unique_ptr<Job> job(new Job(std::move(plan), std::move(options)));
  const ResumePlan resume =
      PlanResume(job->options_.resume, DeclaredSteps(job->plan_),
                 {.flow_name = job->plan_.flow_name, .directory = job->options_.directory});
  TM_RETURN_IF_ERROR(resume.verdict);
  job->fates_ = resume.fates;
  if (job->options_.resume) {
    TM_RETURN_IF_ERROR(
        CheckSourcesAndSinks(job->plan_, *job->options_.resume, job->options_.directory));
    job->record_ = *job->options_.resume;
  }
  job->record_.format_version = kFormatVersion;  // an older one is converted by the first commit
  job->record_.flow_name = job->plan_.flow_name;
  job->record_.run_line = job->options_.run_line;
  job->steps_are_stored_ = job->record_.steps == resume.steps && !job->options_.begins;
  job->record_.steps = resume.steps;
  for (const StepRecord& step : resume.steps) job->step_ids_[step.name] = step.id;
  TM_RETURN_IF_ERROR(job->OpenWorkers());
  return job;
}

void Job::MakeExchanges() {
  if (options_.workers == 1) return;
  std::vector<int> edges;
  for (size_t e = 0; e < plan_.edges.size(); ++e) {
    if (plan_.edges[e].exchange != EdgePlan::Exchange::kNone) edges.push_back(static_cast<int>(e));
  }
  // By the step they lead to: what is upstream of another comes before it.
  std::stable_sort(edges.begin(), edges.end(), [&](int a, int b) {
    return plan_.edges[static_cast<size_t>(a)].to < plan_.edges[static_cast<size_t>(b)].to;
  });
  for (const int e : edges) {
    auto exchange = std::make_unique<Exchange>(e, options_.workers, options_.channel_batches_max);
    for (int from = 0; from < options_.workers; ++from) {
      for (int to = 0; to < options_.workers; ++to) {
        exchange->channel(from, to).wake_receiver = [this, to] { wake_worker(to); };
        exchange->channel(from, to).wake_sender = [this, from] { wake_worker(from); };
      }
    }
    exchanges_.push_back(std::move(exchange));
  }
}

// Asked once, so that all workers see the same.
absl::Status Job::FindPartitions() {
  partitions_.resize(plan_.steps.size());
  boards_.resize(plan_.steps.size());
  for (size_t i = 0; i < plan_.steps.size(); ++i) {
    if (plan_.steps[i].role != StepPlan::Role::kSource) continue;
    TM_RETURN_IF_ERROR(Annotate(FindPartitionsOf(i), StepWord(plan_.steps[i])));
  }
  return absl::OkStatus();
}

absl::Status Job::FindPartitionsOf(size_t step) {
  SourceStep& source = *plan_.steps[step].source;
  std::vector<std::string> recorded;
  for (const SourceRecord& record : record_.sources) {
    if (record.step == plan_.steps[step].name) recorded.push_back(record.partition);
  }
  TM_ASSIGN_OR_RETURN(PartitionList list,
                      source.Discover(recorded, {.files = options_.files,
                                                 .clock = options_.clock,
                                                 .skips = options_.skips,
                                                 .say = options_.say,
                                                 .stop_wanted = options_.stop_wanted}));
  if (list.is_final) {
    partitions_[step] = std::move(list.names);
    return absl::OkStatus();
  }
  // What became of a recorded partition that is not listed, only the source can tell.
  std::set<std::string> open(recorded.begin(), recorded.end());
  open.insert(list.names.begin(), list.names.end());
  partitions_[step].assign(open.begin(), open.end());
  boards_[step] = std::make_unique<PartitionBoard>(
      partitions_[step], std::move(list.names),
      PartitionBoard::Options{.workers = options_.workers, .interval = source.discovery_interval()},
      options_.clock->Monotonic());
  return absl::OkStatus();
}

absl::Status Job::CheckSkipItems() const {
  for (const SkippedItem& item : options_.skip_items) {
    bool known = false;
    for (size_t i = 0; i < plan_.steps.size(); ++i) {
      if (plan_.steps[i].name != item.source) continue;
      known |= std::count(partitions_[i].begin(), partitions_[i].end(), item.partition) > 0;
    }
    if (!known) {
      return absl::InvalidArgumentError(Cat("--skip-item: there is no partition '", item.partition,
                                            "' of a source '", item.source, "'"));
    }
  }
  return absl::OkStatus();
}

// When the oldest item was read that waits between two workers.
int64_t Job::OldestInExchanges() const {
  int64_t oldest = Message::kNone;
  for (const auto& exchange : exchanges_) oldest = std::min(oldest, exchange->oldest_read_us());
  return oldest;
}

// One for each step and run, whichever worker has it first.
void Job::ShowFirstLate(int step, const FirstLate& late) {
  {
    absl::MutexLock lock(&mutex_);
    if (!late_shown_.insert(step).second) return;
  }
  const StepPlan& plan = plan_.steps[static_cast<size_t>(step)];
  const bool after_end =
      options_.resume && options_.resume->end_generation > 0 &&
      !KeptAtEnd(*options_.resume, plan.name) &&
      std::all_of(options_.resume->sources.begin(), options_.resume->sources.end(),
                  [](const SourceRecord& source) { return source.at_end; });
  options_.say(Cat(StepWord(plan), ": ", DescribeFirstLate(late, after_end)));
}

void Job::MakeTime() {
  JobTime::Options job{.workers = options_.workers,
                       .start = {},
                       .regular_looks = options_.regular_looks,
                       .oldest_in_exchanges = [this] { return OldestInExchanges(); }};
  if (!options_.resume) {
    time_ = std::make_unique<TimeKeeper>(*options_.clock, nullptr, std::move(job));
    return;
  }
  const EpochRecord& resume = *options_.resume;
  const Activation saved{.wall = resume.wall_time,
                         .job = resume.job_time,
                         .deadline = resume.deadline_time,
                         .reading = resume.reading_time,
                         .epoch = resume.epoch.value};
  time_ = std::make_unique<TimeKeeper>(*options_.clock, &saved, std::move(job));
  signals_.requested_epoch = signals_.committed_epoch = resume.epoch.value;
}

absl::Status Job::CheckNewOutputs() const {
  for (const std::string& name : options_.new_outputs) {
    std::string sinks;
    const StepPlan* found = nullptr;
    for (const StepPlan& step : plan_.steps) {
      if (step.role != StepPlan::Role::kSink) continue;
      sinks += Cat(sinks.empty() ? "" : ", ", step.name);
      if (step.name == name) found = &step;
    }
    if (found == nullptr) {
      return absl::InvalidArgumentError(
          Cat("--new-output: there is no sink '", name, "'; there are: ", sinks));
    }
    if (!found->sink->can_begin_anew()) {
      return absl::InvalidArgumentError(Cat("--new-output: the sink '", name, "' (",
                                            found->sink->Describe(),
                                            ") has no output of its own that could start over"));
    }
  }
  return absl::OkStatus();
}

absl::StatusOr<SinkContext> Job::ContextOfSinks() const {
  SinkContext context{.files = options_.files,
                      .run_line = options_.run_line,
                      .replaced_line = options_.replaced_line,
                      .abandoned_line = options_.abandoned_line,
                      .job = plan_.flow_name,
                      .state_directory = options_.state_directory,
                      .resume_epoch = options_.resume ? options_.resume->epoch.value : 0,
                      .went_back_from = options_.went_back_from,
                      .take_over = options_.take_over};
  context.say = options_.say;
  context.skips = options_.skips;
  context.stop_wanted = options_.stop_wanted;
  if (options_.files == nullptr) return context;  // sources and sinks are no files
  context.holds_state = [files = options_.files](const std::string& directory) {
    return HoldsState(*files, directory);
  };
  TM_ASSIGN_OR_RETURN(
      const std::vector<InputFile> inputs,
      InputFiles(plan_,
                 {.files = options_.files, .clock = options_.clock, .skips = options_.skips}));
  context.claim =
      ClaimOutputs(*options_.files, {.inputs = inputs,
                                     .recorded = options_.resume ? RecordedOutputs(*options_.resume)
                                                                 : std::vector<RecordedOutput>(),
                                     .state_directory = options_.state_directory});
  return context;
}

absl::Status Job::OpenWorkers() {
  TM_RETURN_IF_ERROR(FindPartitions());
  TM_RETURN_IF_ERROR(CheckSkipItems());
  TM_RETURN_IF_ERROR(CheckNewOutputs());
  TM_ASSIGN_OR_RETURN(const SinkContext sinks, ContextOfSinks());
  const EpochRecord* resume = options_.resume ? &*options_.resume : nullptr;
  MakeTime();
  MakeExchanges();
  for (int w = 0; w < options_.workers; ++w) {
    WorkerSetup setup;
    setup.plan = &plan_;
    setup.index = w;
    setup.count = options_.workers;
    setup.store = options_.store;
    setup.resume = resume;
    setup.step_ids = &step_ids_;
    setup.partitions = &partitions_;
    setup.boards = &boards_;
    setup.skip_items = &options_.skip_items;
    setup.time = time_.get();
    setup.source_context = {.files = options_.files,
                            .clock = options_.clock,
                            .skips = options_.skips,
                            .say = options_.say,
                            .stop_wanted = options_.stop_wanted};
    setup.sink_context = sinks;
    setup.new_outputs = &options_.new_outputs;
    setup.memory_bytes = options_.memory_bytes / static_cast<size_t>(options_.workers);
    setup.batch_items_max = options_.batch_items_max;
    setup.exchanges = &exchanges_;
    setup.signals = &signals_;
    setup.deliver = [this](EpochPart part) { Deliver(std::move(part)); };
    setup.on_first_late = [this](int step, const FirstLate& late) { ShowFirstLate(step, late); };
    setup.on_changed = [this] { on_changed(); };
    workers_.push_back(std::make_unique<Worker>(std::move(setup)));
    TM_RETURN_IF_ERROR(workers_.back()->Open());
  }
  for (const auto& worker : workers_) TM_RETURN_IF_ERROR(worker->CheckSinks());
  options_.before_sinks_open();
  for (const auto& worker : workers_) TM_RETURN_IF_ERROR(worker->OpenSinks());
  return FindOutbox();
}

// What was published when the sinks were opened, and is to be deleted.
absl::Status Job::FindOutbox() {
  if (options_.store == nullptr) return absl::OkStatus();
  for (const StepPlan& step : plan_.steps) {
    if (step.role != StepPlan::Role::kSink) continue;
    TM_ASSIGN_OR_RETURN(auto entries, ListOutbox(*options_.store, step.name));
    if (!entries.empty()) in_outbox_[step.name] = std::move(entries);
  }
  return absl::OkStatus();
}

void Job::ForgetStep(const std::string& name) {
  const auto is_it = [&](const auto& step) { return step.name == name; };
  record_.steps.erase(std::remove_if(record_.steps.begin(), record_.steps.end(), is_it),
                      record_.steps.end());
  fates_.erase(std::remove_if(fates_.begin(), fates_.end(), is_it), fates_.end());
}

uint64_t Job::RequestEpoch() {
  if (!EpochUnderWay()) {
    signals_.requested_epoch.fetch_add(1, std::memory_order_release);
    for (int w = 0; w < workers(); ++w) wake_worker(w);
  }
  return signals_.requested_epoch.load(std::memory_order_acquire);
}

uint64_t Job::RequestFinalEpoch() {
  TM_CHECK(!EpochUnderWay(), "the last epoch is requested after all others");
  signals_.final_epoch.store(signals_.requested_epoch.load() + 1);
  return RequestEpoch();
}

bool Job::EpochUnderWay() const {
  return signals_.requested_epoch.load(std::memory_order_acquire) !=
         signals_.committed_epoch.load(std::memory_order_acquire);
}

void Job::Deliver(EpochPart part) {
  bool complete = false;
  {
    absl::MutexLock lock(&mutex_);
    parts_.push_back(std::move(part));
    complete = parts_.size() == workers_.size();
  }
  if (complete) on_epoch_ready();
}

bool Job::EpochReady() const {
  absl::MutexLock lock(&mutex_);
  return !workers_.empty() && parts_.size() == workers_.size();
}

EpochRecord Job::NextRecord(const std::vector<EpochPart>& parts) const {
  EpochRecord next = record_;
  next.epoch = parts[0].epoch;
  next.sinks.clear();
  next.wall_time = next.job_time = next.deadline_time = next.reading_time = Timestamp::Min();
  bool ended = true;
  for (StepRecord& step : next.steps) {
    Timestamp swept_to = Timestamp::Never();
    for (const EpochPart& part : parts) {
      for (const StepDelta& delta : part.steps) {
        if (delta.step != step.name) continue;
        step.keys += static_cast<uint64_t>(delta.delta.keys);
        step.bytes += static_cast<uint64_t>(delta.delta.bytes);
        swept_to = std::min(swept_to, delta.delta.swept_to);
        step.clock_floor = std::max(step.clock_floor, delta.clock_floor);
        MergeLateness(step.lateness, delta.lateness);
      }
    }
    if (!swept_to.is_never()) step.swept_to = swept_to;
  }
  KeepPartitions(record_, parts, next);
  for (const EpochPart& part : parts) {
    TM_CHECK(part.epoch == next.epoch, "all workers close the same epoch");
    next.wall_time = std::max(next.wall_time, part.at.wall);
    next.job_time = std::max(next.job_time, part.at.job);
    next.deadline_time = std::max(next.deadline_time, part.at.deadline);
    next.reading_time = std::max(next.reading_time, part.at.reading);
    for (const StepWatermark& watermark : part.watermarks) PutWatermark(watermark, next);
    next.skipped_items.insert(next.skipped_items.end(), part.skipped_items.begin(),
                              part.skipped_items.end());
    for (const SinkOutput& sink : part.sinks) {
      next.sinks.push_back(
          {.step = sink.step, .position = sink.output.position.values(), .rows = {}});
    }
    ended = ended && part.ended;
  }
  // In the order of names: the record does not depend on the number of workers.
  std::sort(next.sources.begin(), next.sources.end(), [](const auto& a, const auto& b) {
    return std::tie(a.step, a.partition) < std::tie(b.step, b.partition);
  });
  std::sort(next.sinks.begin(), next.sinks.end(),
            [](const auto& a, const auto& b) { return a.step < b.step; });
  if (ended) ++next.end_generation;
  return next;
}

// What the sinks are to publish after this commit, in place of what they have published. It stays
// until the next one, also of a job that has ended: a database that is put back as it was before
// its last rows gets them from the state, and from a snapshot of it.
RunBuilder Job::Outbox(const std::vector<EpochPart>& parts) {
  RunBuilder builder;
  for (const auto& [sink, entries] : in_outbox_) {
    for (const OutboxEntry& entry : entries) RemoveFromOutbox(sink, entry, builder);
  }
  in_outbox_.clear();
  for (const EpochPart& part : parts) {
    for (const SinkOutput& sink : part.sinks) {
      if (sink.output.rows.empty()) continue;
      in_outbox_[sink.step] = {PutInOutbox(sink.step, part.epoch, sink.output.rows, builder)};
    }
  }
  return builder;
}

absl::Status Job::Publish(const std::vector<EpochPart>& parts) {
  for (const EpochPart& part : parts) {
    for (const SinkOutput& sink : part.sinks) {
      if (sink.output.rows.empty()) continue;
      OutboxInMemory rows(sink.output.rows);
      TM_RETURN_IF_ERROR(
          Annotate(sink.target->Publish(part.epoch, rows), Cat("step '", sink.step, "'")));
    }
  }
  return absl::OkStatus();
}

absl::Status Job::CommitEpoch() {
  std::vector<EpochPart> parts;
  {
    absl::MutexLock lock(&mutex_);
    TM_CHECK(parts_.size() == workers_.size(), "an epoch is committed when all parts are there");
    parts.swap(parts_);
  }
  EpochRecord next = NextRecord(parts);
  const bool changed =
      std::any_of(parts.begin(), parts.end(), [](const EpochPart& part) { return part.changed; });
  // A finished job that is run again finds nothing new, and leaves the state as it is.
  // A job that only waits commits its job time now and then.
  last_epoch_was_empty_ = !changed && steps_are_stored_ && next.sources == record_.sources &&
                          record_.epoch.value > 0 &&
                          next.job_time - record_.job_time < kTimeMarkInterval;
  if (options_.store != nullptr) {
    // What the commit refers to is durable before the commit is. A sink says once what it has to
    // make durable, so an epoch that is not written does it for the next one.
    for (const EpochPart& part : parts) {
      for (const SinkOutput& sink : part.sinks) {
        if (!sink.output.make_durable) continue;
        TM_RETURN_IF_ERROR(Annotate(sink.output.make_durable(), Cat("step '", sink.step, "'")));
      }
    }
  }
  if (options_.store != nullptr && !last_epoch_was_empty_) {
    std::vector<RunBuilder> builders;
    builders.reserve(parts.size() + 1);
    for (EpochPart& part : parts) builders.push_back(std::move(part.run));
    builders.push_back(Outbox(parts));
    TM_RETURN_IF_ERROR(tidemark::CommitEpoch(*options_.store, next, std::move(builders)));
    for (const EpochPart& part : parts) {
      for (const SinkOutput& sink : part.sinks) {
        if (!sink.output.committed) continue;
        TM_RETURN_IF_ERROR(Annotate(sink.output.committed(), Cat("step '", sink.step, "'")));
      }
    }
  }
  ended_ =
      std::all_of(parts.begin(), parts.end(), [](const EpochPart& part) { return part.ended; });
  TM_RETURN_IF_ERROR(Publish(parts));
  const uint64_t committed = next.epoch.value;
  if (!last_epoch_was_empty_) {
    record_ = std::move(next);
    steps_are_stored_ = true;
  }
  signals_.committed_epoch.store(committed, std::memory_order_release);
  for (int w = 0; w < workers(); ++w) wake_worker(w);
  return absl::OkStatus();
}

}  // namespace tidemark
