// Inspect: reads a state directory or a snapshot from the outside, typed, without the program that
// wrote it. Used by `tidemark dump` and `tidemark snapshots`.
//
// Opens the store read-only: the job that owns it may be running, and what is shown is its last
// committed epoch.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "proto/rows.h"
#include "state/store.h"
#include "state/type_schema.h"

namespace tidemark {

// A key of a batch step, or of any other stateful step, decoded by the stored schema.
struct DumpedKey {
  std::string step;
  std::string kind;
  std::string key_text;  // for people
  std::string key_json;

  // Batches: items as JSON, arrival of the first and newest one, the time at which the list is
  // emitted if nothing else happens. Wall time; nothing where there is no such time.
  std::vector<std::string> items;
  std::optional<Timestamp> first;
  std::optional<Timestamp> newest;
  std::optional<Timestamp> due;
  // Other steps: the state as JSON, and as it is stored.
  std::string state;
  std::string value;
  std::shared_ptr<const TypeSchema> schema;
  // When the key's next timer fires if no item comes: a window closes, a callback is due, a key's
  // watermark is given up. Wall time, if the job runs on; where the step follows the watermark of a
  // stream (`wakes_by_watermark`), event time.
  std::optional<Timestamp> wakes;
  bool wakes_by_watermark = false;
  // Of a key with event time, when the epoch closed.
  std::optional<Timestamp> watermark;
};

// Lines without their indentation, and one JSON object. Times of lines are in UTC.
std::vector<std::string> DumpedKeyToLines(const DumpedKey& key);
std::string DumpedKeyToJson(const DumpedKey& key);
// "flow job, epoch 7, committed 2026-11-22 10:31:07 UTC"
std::string DescribeRecord(const EpochRecord& record);
// "step ledger: batch, max_items: 3; 12 keys, 4.0 KiB", and for windows lines with the watermarks
// of partitions and with what came too late.
std::vector<std::string> DescribeStep(const StepRecord& step);
// The same as one JSON object: what stands in the record besides the keys.
std::string StepToJson(const StepRecord& step);

struct DumpOptions {
  std::optional<std::string> step;
  std::optional<std::string> key;  // see recovery/key_query.h
  uint64_t limit = 0;              // keys; 0 = all
};

// The record that the next start without --fresh and --from resumes from: after a start that died,
// that is of the store which it set aside. Epoch 0: nothing has been committed, and the record may
// name the lineage only. Errors as of StateInspector::Open().
absl::StatusOr<EpochRecord> ReadNextRecord(Files& files, const std::string& directory);

class StateInspector {
 public:
  // `directory`: a state directory or a snapshot directory. NotFound when it holds neither, or no
  // epoch has been committed; PermissionDenied when it may not be read; DataLoss when no start
  // would trust its store.
  static absl::StatusOr<std::unique_ptr<StateInspector>> Open(Files& files,
                                                              const std::string& directory);

  const EpochRecord& record() const { return record_; }
  StoreStats stats() const { return store_->Stats(); }

  // Calls `visit` for each key, steps in their order, keys in byte order. An error of `visit` ends
  // the walk. NotFound when options name a step that is not there.
  absl::Status Dump(const DumpOptions& options,
                    const std::function<absl::Status(const DumpedKey&)>& visit) const;

 private:
  StateInspector() = default;
  static absl::StatusOr<std::unique_ptr<StateInspector>> OpenStore(Files& files,
                                                                   const std::string& directory,
                                                                   const std::string& store);
  friend absl::StatusOr<EpochRecord> ReadNextRecord(Files& files, const std::string& directory);
  absl::Status DumpStep(const StepRecord& step, const DumpOptions& options, uint64_t& left,
                        const std::function<absl::Status(const DumpedKey&)>& visit) const;
  using StoredSchema = std::shared_ptr<const TypeSchema>;
  // `value_schema`: of rows that hold a state as one value.
  absl::StatusOr<DumpedKey> Decode(const StepRecord& step, const StoredSchema& schema,
                                   const StoredSchema& value_schema, std::string_view user_key,
                                   std::string_view main_row) const;
  Timestamp ToWall(Timestamp deadline_time) const;
  void AddTimes(const StepRecord& step, const RowHeader& header, std::string_view value,
                DumpedKey& out) const;

  std::string directory_;
  std::unique_ptr<StateStore> store_;
  EpochRecord record_;
};

}  // namespace tidemark
