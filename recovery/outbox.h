// Outbox: rows for transactional sinks that are committed and that their sink may not have yet.
//
// A sink hands the rows of an epoch to its commit, in which they are rows of the store. Then they
// are published, and the next commit deletes them: what the outbox holds is what a crash may have
// kept from the sink. It grows with one epoch's rows, and nothing else does: neither the epoch
// record nor a manifest holds any.
//
//   const OutboxEntry entry = PutInOutbox("table", Epoch{7}, pieces, builder);  // of epoch 7
//   RemoveFromOutbox("table", entry, builder);                                  // of epoch 8
//   TM_RETURN_IF_ERROR(ForEachInOutbox(store, "table", [&](Epoch epoch, OutboxReader& rows) {
//     return sink.Publish(epoch, rows);                      // at a resume
//   }));
//
// Keys are those of state/state_key.h; a piece is the sink's own bytes.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "recovery/outbox_reader.h"
#include "state/run.h"
#include "state/store.h"

namespace tidemark {

// The pieces of one epoch for one sink.
struct OutboxEntry {
  Epoch epoch;
  uint32_t pieces = 0;
  bool operator==(const OutboxEntry&) const = default;
};

OutboxEntry PutInOutbox(std::string_view sink, Epoch epoch, const std::vector<std::string>& pieces,
                        RunBuilder& builder);
// Row by row: a store that is asked for rows is slower for each range that was deleted.
void RemoveFromOutbox(std::string_view sink, const OutboxEntry& entry, RunBuilder& builder);

// In order of epochs.
absl::StatusOr<std::vector<OutboxEntry>> ListOutbox(const StateReader& store,
                                                    std::string_view sink);

// In order of epochs. Whatever `publish` leaves unread is passed over.
using PublishEpoch = std::function<absl::Status(Epoch epoch, OutboxReader& rows)>;
absl::Status ForEachInOutbox(const StateReader& store, std::string_view sink,
                             const PublishEpoch& publish);

}  // namespace tidemark
