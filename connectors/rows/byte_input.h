// ByteInput: bytes that arrive in order, seen through a window in memory.
//
// Readers of lines and of CSV records work on this, so they do not depend on whether the bytes come
// from a file, which can seek, or from a pipe, which may have no data yet. Memory holds one chunk
// and the record that is being read, never the whole input.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/rows/lines.h"
#include "engine/position.h"

namespace tidemark {

class ByteInput {
 public:
  enum class More {
    kGrew,   // the window is longer than before
    kEnd,    // the window extends to the end of the input
    kLater,  // nothing more now; poll again when ready_fd() is readable, if there is one, or later
  };

  virtual ~ByteInput() = default;

  // The bytes in memory from the next unread byte on; valid until Grow().
  virtual std::string_view window() const = 0;
  virtual absl::StatusOr<More> Grow() = 0;
  // Marks the first `bytes` of the window, with `lines` line ends, as read. The window moves on,
  // but its former content stays in memory until Grow().
  virtual void Consume(size_t bytes, uint64_t lines) = 0;
  // As Consume(), for a last record that has no line end and begins at `start`: the input ends with
  // it, even if the file grows while it is read.
  virtual void ConsumeUnended(uint64_t /*start*/, size_t bytes, uint64_t lines) {
    Consume(bytes, lines);
  }
  // The window stays unread: the input ends before it.
  virtual void LeaveRest() {}
  // Returns to a place that was already read. Called only on inputs that can seek.
  virtual absl::Status ReturnTo(const LineOrigin& place);
  // Of the next unread byte.
  virtual const LineOrigin& origin() const = 0;
  virtual Position position() const = 0;
  // The descriptor to wait for after kLater; -1 for files. The bytes of an unfinished line of a
  // file may have changed when it is read again.
  virtual int ready_fd() const { return -1; }
};

inline absl::Status ByteInput::ReturnTo(const LineOrigin& place) {
  return absl::InternalError(Cat(place.Text(), ": this input cannot go back"));
}

}  // namespace tidemark
