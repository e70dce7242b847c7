// Marks a status whose message has a line for each mistake in a text, each with its place first:
//
//   job.yaml:5:5: unknown key 'key_bi'; did you mean 'key_by'?
//   job.yaml:6:13: max_items must be a whole number, found 'many'
//
// Such lines have been made printable one by one (base/printable.h), so that a line break is one
// between mistakes. Every other message is one line, whatever it quotes.
#pragma once

#include "absl/status/status.h"
#include "absl/strings/cord.h"

namespace tidemark {

inline constexpr char kPlacesPayload[] = "tidemark/places";

inline absl::Status WithPlaces(absl::Status status) {
  if (!status.ok()) status.SetPayload(kPlacesPayload, absl::Cord("1"));
  return status;
}
inline bool HasPlaces(const absl::Status& status) {
  return status.GetPayload(kPlacesPayload).has_value();
}

}  // namespace tidemark
