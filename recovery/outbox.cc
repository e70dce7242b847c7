#include "recovery/outbox.h"

#include <cstdint>
#include <memory>
#include <optional>

#include "base/status.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

// The pieces of one epoch, from where the cursor stands.
class StoredPieces final : public OutboxReader {
 public:
  StoredPieces(Cursor& cursor, Epoch epoch) : cursor_(cursor), epoch_(epoch) {}

  absl::StatusOr<std::optional<std::string_view>> Next() override {
    if (given_) cursor_.Next();
    given_ = false;
    if (!cursor_.Valid()) {
      TM_RETURN_IF_ERROR(cursor_.status());
      return std::optional<std::string_view>();
    }
    TM_ASSIGN_OR_RETURN(const OutboxRowKey row, ParseOutboxRowKey(cursor_.key()));
    if (row.epoch != epoch_) return std::optional<std::string_view>();
    given_ = true;
    return std::optional<std::string_view>(cursor_.value());
  }

 private:
  Cursor& cursor_;
  const Epoch epoch_;
  bool given_ = false;  // what the cursor stands at
};

}  // namespace

OutboxEntry PutInOutbox(std::string_view sink, Epoch epoch, const std::vector<std::string>& pieces,
                        RunBuilder& builder) {
  OutboxEntry entry{.epoch = epoch};
  for (const std::string& piece : pieces) {
    builder.Put(OutboxRowKeyOf(sink, epoch, entry.pieces++), piece);
  }
  return entry;
}

void RemoveFromOutbox(std::string_view sink, const OutboxEntry& entry, RunBuilder& builder) {
  for (uint32_t number = 0; number < entry.pieces; ++number) {
    builder.Delete(OutboxRowKeyOf(sink, entry.epoch, number));
  }
}

absl::StatusOr<std::vector<OutboxEntry>> ListOutbox(const StateReader& store,
                                                    std::string_view sink) {
  std::vector<OutboxEntry> entries;
  const RowRange range = OutboxRange(sink);
  const auto cursor = store.Scan(range.from, range.to);
  for (; cursor->Valid(); cursor->Next()) {
    TM_ASSIGN_OR_RETURN(const OutboxRowKey row, ParseOutboxRowKey(cursor->key()));
    if (entries.empty() || entries.back().epoch != row.epoch) entries.push_back({row.epoch, 0});
    entries.back().pieces = row.number + 1;
  }
  TM_RETURN_IF_ERROR(cursor->status());
  return entries;
}

absl::Status ForEachInOutbox(const StateReader& store, std::string_view sink,
                             const PublishEpoch& publish) {
  const RowRange range = OutboxRange(sink);
  const auto cursor = store.Scan(range.from, range.to);
  while (cursor->Valid()) {
    TM_ASSIGN_OR_RETURN(const OutboxRowKey row, ParseOutboxRowKey(cursor->key()));
    const Epoch epoch = row.epoch;
    StoredPieces pieces(*cursor, epoch);
    TM_RETURN_IF_ERROR(publish(epoch, pieces));
    while (true) {
      TM_ASSIGN_OR_RETURN(const auto rest, pieces.Next());
      if (!rest) break;
    }
  }
  return cursor->status();
}

}  // namespace tidemark
