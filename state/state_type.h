// StateType: how one step's per-key states live in memory and in rows.
//
// A step gives the store one StateType; the store holds one StateObject per key. The object is the
// step's own native C++ struct behind a virtual destructor; only the step's StateType looks inside.
// A state whose size is bounded is one main row. A state that grows (a batch, a collected window)
// keeps what is already stored in sub-rows and writes only what is new, so that the cost of an
// epoch follows what changed.
//
// Thread rule: a StateType is immutable and shared by workers; a StateObject belongs to one worker.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "proto/rows.h"
#include "state/run.h"
#include "state/state_key.h"

namespace tidemark {

class StateObject {
 public:
  virtual ~StateObject() = default;
};

// Where a state puts its rows when its epoch is encoded. Sub-row suffixes are the state's own.
class RowOutput {
 public:
  RowOutput(RunBuilder& run, RowCodec& codec, StepId step, std::string_view user_key)
      : run_(run), codec_(codec), step_(step), user_key_(user_key) {}

  void Main(std::string_view value) {
    MainRowKey(step_, user_key_, scratch_);
    run_.Put(scratch_, value);
    main_bytes_ = scratch_.size() + value.size();
  }
  // Returns what the row weighs; DeleteSub() is told it again.
  uint32_t Sub(std::string_view suffix, std::string_view value) {
    SubRowKey(step_, user_key_, suffix, scratch_);
    run_.Put(scratch_, value);
    const size_t bytes = scratch_.size() + value.size();
    sub_bytes_change_ += static_cast<int64_t>(bytes);
    return static_cast<uint32_t>(bytes);
  }
  void DeleteMain() {
    MainRowKey(step_, user_key_, scratch_);
    run_.Delete(scratch_);
  }
  void DeleteSub(std::string_view suffix, uint32_t row_bytes) {
    SubRowKey(step_, user_key_, suffix, scratch_);
    run_.Delete(scratch_);
    sub_bytes_change_ -= row_bytes;
  }
  RowCodec& codec() { return codec_; }
  size_t main_bytes() const { return main_bytes_; }
  int64_t sub_bytes_change() const { return sub_bytes_change_; }

 private:
  RunBuilder& run_;
  RowCodec& codec_;
  const StepId step_;
  const std::string_view user_key_;
  std::string scratch_;
  size_t main_bytes_ = 0;
  int64_t sub_bytes_change_ = 0;
};

struct SubRow {
  std::string suffix;
  std::string value;
  uint32_t bytes = 0;  // of the row, key and value
};

// Reads a key's sub-rows while its state is loaded.
class SubRows {
 public:
  virtual ~SubRows() = default;
  // All of them, in the order of their suffixes: one walk over neighbours.
  virtual absl::StatusOr<std::vector<SubRow>> All() const = 0;
  // Values in the order of `suffixes`. A row that is missing is DataLoss.
  virtual absl::StatusOr<std::vector<std::string>> Get(
      const std::vector<std::string>& suffixes) const = 0;
};

class StateType {
 public:
  virtual ~StateType() = default;

  virtual std::unique_ptr<StateObject> New() const = 0;
  // True when the key needs no row: then it leaves nothing behind, in memory or on disk.
  virtual bool IsEmpty(const StateObject& state) const = 0;
  // When the key wants to be woken, in the step's time domain; a pure function of the state.
  virtual Timestamp WakeAt(const StateObject& state) const = 0;
  // Approximate memory held, without the key. Called after every change if `cheap_size()`.
  virtual size_t MemoryBytes(const StateObject& state) const = 0;
  virtual bool cheap_size() const = 0;

  // Writes a state that is not empty: Main() once, and the sub-rows that are new or no longer
  // needed. The state then knows that its rows stand.
  virtual void Encode(StateObject& state, Epoch epoch, const RowHeader& header,
                      RowOutput& out) const = 0;
  // Deletes the sub-rows that a now empty state still has; the main row is deleted by the caller.
  virtual void EncodeGone(StateObject& state, RowOutput& out) const = 0;
  // `what` names step and key in an error.
  virtual absl::StatusOr<std::unique_ptr<StateObject>> Load(const StateRowData& row,
                                                            const SubRows& sub_rows,
                                                            const std::string& what) const = 0;
};

}  // namespace tidemark
