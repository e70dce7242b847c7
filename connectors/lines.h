// What every connector that reads or writes lines shares: where a line came from, how it becomes an
// item, and what happens to one that cannot.
//
// A bad line is the world's error and never disappears silently: with OnError::kStop it ends the
// run with "quakes.jsonl:17: <reason>", with OnError::kSkip it is counted in the run's SkipLog.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "base/status.h"
#include "engine/skip_log.h"

namespace tidemark {

enum class OnError {
  kStop,  // the run ends; the last committed epoch stays
  kSkip,  // the item is left out, counted, and the first few are shown in the run's summary
};

// Where a line begins.
struct LineOrigin {
  std::shared_ptr<const std::string> path;
  uint64_t line = 1;  // counts from 1; a line that holds several (CSV) has the number of its first
  uint64_t offset = 0;  // in bytes, of the line's first byte

  // "quakes.jsonl:17"
  std::string Text() const { return Cat(*path, ":", line); }
};

// Makes an item of a line (without its end); an error says why it is none ("no field 'mag'"), the
// place is added by the caller. `out` arrives empty. Each partition works with its own copy of the
// decoder, and copies may be used at the same time.
template <class T>
using LineDecoder =
    std::function<absl::Status(std::string_view line, const LineOrigin& origin, T& out)>;

// Appends one item to `out`, without a line end.
template <class T>
using LineEncoder = std::function<void(const T& item, std::string& out)>;

// The one place that decides what a bad line does.
class BadLines {
 public:
  // `place` heads the entries in the SkipLog ("file quakes.jsonl").
  BadLines(OnError on_error, std::string place, SkipLog* skips)
      : on_error_(on_error), place_(std::move(place)), skips_(skips) {}

  // OK when the line is left out, else the error that stops the run.
  absl::Status Report(const LineOrigin& origin, std::string_view reason) const {
    const std::string what = Cat(origin.Text(), ": ", reason);
    if (on_error_ == OnError::kStop || skips_ == nullptr) {
      return Error(absl::StatusCode::kInvalidArgument, what);
    }
    skips_->Skip(place_, what);
    return absl::OkStatus();
  }

 private:
  OnError on_error_;
  std::string place_;
  SkipLog* skips_;
};

}  // namespace tidemark
