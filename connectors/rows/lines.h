// Shared by all connectors that read or write lines: the origin of a line, its conversion to an
// item, and the treatment of lines that cannot be converted.
//
// A bad line is an error in the input and never disappears silently: with OnError::kStop it ends
// the run with "quakes.jsonl:17: <reason>", with OnError::kSkip it is counted in the run's SkipLog.
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

class ByteInput;

enum class OnError {
  kStop,  // the run ends; the last committed epoch stays
  kSkip,  // the item is left out, counted, and the first few are shown in the run's summary
};

// The treatment of a last line without a line end, which its writer may not have finished.
enum class FinalLine {
  kDefault,  // as for the format: JSON is taken if it is whole; the rest stays unread where the run
             // has a state, so that the next run reads it when it is finished, and is else taken
  kTake,     // it is a line like any other
  kLeave,    // it stays unread
  kIfWhole,  // it is taken where the decoder makes an item of it, else it stays unread
};

// True if the line is only white space, or the byte-order mark that editors put before a file.
inline bool IsBlankLine(std::string_view line) {
  constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
  if (line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    line.remove_prefix(kByteOrderMark.size());
  }
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

// How the lines of an item type are read. Specialise it for a type whose lines show whether they
// are complete, or whose blank lines are meaningless.
template <class T>
struct LineTraits {
  static constexpr bool kTellsItsEnd = false;
  static constexpr bool kBlankIsItem = true;
  // An error if the input, at its beginning, evidently does not consist of such lines.
  static absl::Status CheckBeginning(ByteInput&) { return absl::OkStatus(); }
};

// The beginning of a line.
struct LineOrigin {
  std::shared_ptr<const std::string> path;
  uint64_t line = 1;  // counts from 1; a line that holds several (CSV) has the number of its first
  uint64_t offset = 0;  // in bytes, of the line's first byte

  // "quakes.jsonl:17"
  std::string Text() const { return Cat(*path, ":", line); }
};

// Converts a line (without its end) to an item; an error explains why the line is not an item ("no
// field 'mag'"), and the caller adds the place. `out` is empty on entry. Each partition works with
// its own copy of the decoder, and copies may be used at the same time.
template <class T>
using LineDecoder =
    std::function<absl::Status(std::string_view line, const LineOrigin& origin, T& out)>;

// Appends one item to `out`, without a line end.
template <class T>
using LineEncoder = std::function<void(const T& item, std::string& out)>;

// The only place that decides how bad lines are treated.
class BadLines {
 public:
  // `place` heads the entries in the SkipLog ("file quakes.jsonl").
  BadLines(OnError on_error, std::string place, SkipLog* skips)
      : on_error_(on_error), place_(std::move(place)), skips_(skips) {}

  // OK if the line is skipped, otherwise the error that stops the run.
  absl::Status Report(const LineOrigin& origin, std::string_view reason) const {
    const std::string what = Cat(origin.Text(), ": ", reason);
    if (on_error_ == OnError::kStop || skips_ == nullptr) {
      return Error(absl::StatusCode::kInvalidArgument, what);
    }
    skips_->Skip(place_, what);
    return absl::OkStatus();
  }

  // The end of the input, which begins at `origin`, stays unread; `what` explains why.
  void Leave(const LineOrigin& origin, uint64_t bytes, std::string_view what) const {
    if (skips_ == nullptr) return;
    skips_->Leave(
        Cat(origin.Text(), ": ", what, "; ", bytes, bytes == 1 ? " byte is" : " bytes are",
            " left unread",
            skips_->keeps_state() ? ", the next run reads the line when it is finished" : ""));
  }

 private:
  OnError on_error_;
  std::string place_;
  SkipLog* skips_;
};

// `asked` if it is explicit, otherwise the default for the lines of T.
template <class T>
FinalLine FinalLineOf(FinalLine asked, const SkipLog* skips) {
  if (asked == FinalLine::kTake || asked == FinalLine::kIfWhole) return asked;
  if (LineTraits<T>::kTellsItsEnd) return FinalLine::kIfWhole;
  if (asked == FinalLine::kLeave) return asked;
  return skips != nullptr && skips->keeps_state() ? FinalLine::kLeave : FinalLine::kTake;
}

}  // namespace tidemark
