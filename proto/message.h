// The one door to Cap'n Proto messages: building a row without a segment table, and reading bytes
// that may be damaged.
//
// MessageScratch is reused from row to row, so building one allocates nothing in the usual case.
// ReadMessage copies into aligned memory (store values are not aligned) and turns every complaint
// of the library, which it throws, into a DataLoss status.
#pragma once

#include <capnp/message.h>
#include <capnp/serialize.h>
#include <kj/exception.h>

#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "base/check.h"
#include "base/status.h"

namespace tidemark {

// Builds single-segment messages. `estimate_bytes` passed to Begin() must be an upper bound.
class MessageScratch {
 public:
  // `build(Root::Builder)` fills the message; returns its bytes, valid until the next call.
  template <class Root, class Build>
  std::string_view Make(size_t estimate_bytes, Build&& build) {
    const size_t words_wanted = estimate_bytes / sizeof(capnp::word) + 16;
    if (words_.size() < words_wanted) words_ = std::vector<capnp::word>(words_wanted * 2);
    {
      capnp::MallocMessageBuilder message(kj::arrayPtr(words_.data(), words_.size()));
      build(message.initRoot<Root>());
      const auto segments = message.getSegmentsForOutput();
      TM_CHECK(segments.size() == 1, "the size estimate of a message is an upper bound");
      const auto bytes = segments[0].asBytes();
      out_.assign(reinterpret_cast<const char*>(bytes.begin()), bytes.size());
    }  // the builder zeroes what it used, so the scratch is clean for the next message
    return out_;
  }

 private:
  std::vector<capnp::word> words_;
  std::string out_;
};

// Calls `read(Root::Reader)` -> absl::Status. `what` names the bytes in an error.
template <class Root, class Read>
absl::Status ReadMessage(std::string_view bytes, std::string_view what, Read&& read) {
  if (bytes.size() % sizeof(capnp::word) != 0 || bytes.empty()) {
    return absl::DataLossError(
        Cat(what, ": ", bytes.size(), " bytes are not a Cap'n Proto message; the row is damaged"));
  }
  try {
    std::vector<capnp::word> words(bytes.size() / sizeof(capnp::word));
    std::memcpy(words.data(), bytes.data(), bytes.size());
    const kj::ArrayPtr<const capnp::word> segment(words.data(), words.size());
    capnp::ReaderOptions options;
    // A row is read once from front to back; what bounds it is its size, not a fixed number.
    options.traversalLimitInWords = 8 * words.size() + 1024;
    const kj::ArrayPtr<const capnp::word> segments[] = {segment};
    capnp::SegmentArrayMessageReader message(kj::arrayPtr(segments, 1), options);
    return read(message.getRoot<Root>());
  } catch (const kj::Exception& e) {
    return absl::DataLossError(
        Cat(what, ": not a readable Cap'n Proto message (", e.getDescription().cStr(), ")"));
  }
}

}  // namespace tidemark
