// ByteInput: bytes that come in order, seen through a window in memory.
//
// Readers of lines and of CSV records work on this, so that they do not know whether the bytes come
// from a file, which can seek, or from a pipe, which may have nothing to give yet. Memory holds one
// chunk and the record that is being read, never the whole input.
//
// Thread rule: used by one worker.
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/lines.h"
#include "engine/position.h"

namespace tidemark {

class ByteInput {
 public:
  enum class More {
    kGrew,   // the window is longer than it was
    kEnd,    // the window reaches to the end of the input
    kLater,  // nothing more now; ask again when ready_fd() is readable
  };

  virtual ~ByteInput() = default;

  // What is in memory from the next unread byte on; valid until Grow().
  virtual std::string_view window() const = 0;
  virtual absl::StatusOr<More> Grow() = 0;
  // The first `bytes` of the window are read; they held `lines` line ends. The window moves on, but
  // what it showed stays in memory until Grow().
  virtual void Consume(size_t bytes, uint64_t lines) = 0;
  // As Consume(), of a last record that has no line end and begins at `start`: the input ends with
  // it, whatever is written there while it is read.
  virtual void ConsumeUnended(uint64_t /*start*/, size_t bytes, uint64_t lines) {
    Consume(bytes, lines);
  }
  // The window stays unread: the input ends before it.
  virtual void LeaveRest() {}
  // Goes back to a place that was read. Only what can seek is asked to.
  virtual absl::Status ReturnTo(const LineOrigin& place);
  // Of the next unread byte.
  virtual const LineOrigin& origin() const = 0;
  virtual Position position() const = 0;
  // The descriptor to wait for after kLater; -1 for inputs that never say so.
  virtual int ready_fd() const { return -1; }
};

inline absl::Status ByteInput::ReturnTo(const LineOrigin& place) {
  return absl::InternalError(Cat(place.Text(), ": this input cannot go back"));
}

}  // namespace tidemark
