// JobStatus: the progress of a run, as a plain struct. The status line, and everything else that
// shows a run, prints this one.
//
//   const JobStatus status = session->status();
//   Log(Cat(status.items_in, " in, epoch ", status.epoch));
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/timestamp.h"
#include "proto/epoch_record.h"

namespace tidemark {

// How much of the input has been read, where its size is known.
struct InputProgress {
  uint64_t bytes_read = 0;
  uint64_t bytes = 0;  // 0: not known
};

// A step with state, as of the last commit.
struct StepStatus {
  std::string name;
  std::string kind;
  uint64_t keys = 0;
  uint64_t bytes = 0;  // of their rows, before compression
  uint64_t late = 0;   // items, since the step's first run
  // Of a step that follows the watermark of a stream: that watermark, and the partition that holds
  // it back, "source/partition"; empty if all partitions are idle or at their end.
  std::optional<Timestamp> watermark;
  std::string held_back_by;
};

// A partition of a source, as of the last commit.
struct PartitionStatus {
  std::string source;
  std::string partition;
  std::string position;  // for people: "line 120"
  bool at_end = false;
};

struct JobStatus {
  // ---- of this run, as of now ----
  uint64_t items_in = 0;
  uint64_t items_out = 0;      // late items not counted
  uint64_t late = 0;           // items
  uint64_t skipped = 0;        // rows that could not be read
  uint64_t closed_at_end = 0;  // windows, since the input ended
  // How long job time has stood still because of a backlog, and how many keys wait for it.
  Span job_time_still = {};
  uint64_t waiting_keys = 0;
  Span since_commit = {};   // while there is something uncommitted
  Span longest_pause = {};  // of a worker, at an epoch's boundary
  uint64_t loaded_keys = 0;
  uint64_t evicted_keys = 0;
  uint64_t hot_keys = 0;

  // ---- as of the last commit ----
  uint64_t epoch = 0;  // of this lineage, earlier runs included; 0: none yet
  uint64_t keys = 0;
  uint64_t state_bytes = 0;
  InputProgress input;
  std::optional<Span> input_left;  // at the speed of this run so far
  std::vector<StepStatus> steps;
  std::vector<PartitionStatus> partitions;
};

// ---- for the session ----

// Known if every source that is not at its end reports its size.
InputProgress ProgressOf(const EpochRecord& record);
// How long the rest takes at the speed since `first_read` bytes; nothing if that is not known.
std::optional<Span> TimeLeft(const InputProgress& input, uint64_t first_read, Span elapsed);

// Sets the part that belongs to a commit.
void TakeRecord(const EpochRecord& record, JobStatus& status);

}  // namespace tidemark
