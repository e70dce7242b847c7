#include "proto/rows.h"

#include "base/status.h"
#include "proto/message.h"
#include "proto/rows.capnp.h"

namespace tidemark {
namespace {

capnp::Data::Reader ToData(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

std::string FromData(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}

size_t EstimateItems(const ItemSlices& items) {
  return items.bytes.size() + items.count() * 16 + 16;  // a pointer and padding for each
}

void FillItems(capnp::List<capnp::Data>::Builder list, const ItemSlices& items) {
  for (size_t i = 0; i < items.count(); ++i) {
    list.set(static_cast<uint32_t>(i), ToData(items.item(i)));
  }
}

}  // namespace

struct RowCodec::Impl {
  MessageScratch scratch;
};

RowCodec::RowCodec() : impl_(std::make_unique<Impl>()) {}
RowCodec::~RowCodec() = default;

namespace {
void FillHeader(proto::StateRow::Builder row, const RowHeader& header) {
  row.setTimerAt(header.timer_at.us);
  row.setEndGeneration(header.end_generation);
  row.setWakeAt(header.wake_at.us);
}
}  // namespace

std::string_view RowCodec::EncodeValue(const RowHeader& header, std::string_view value) {
  return impl_->scratch.Make<proto::StateRow>(value.size() + 64, [&](auto row) {
    FillHeader(row, header);
    row.setValue(ToData(value));
  });
}

std::string_view RowCodec::EncodePieces(const RowHeader& header, std::string_view value,
                                        std::string_view pieces) {
  return impl_->scratch.Make<proto::StateRow>(value.size() + pieces.size() + 96, [&](auto row) {
    FillHeader(row, header);
    auto out = row.initPieces();
    out.setValue(ToData(value));
    out.setPieces(ToData(pieces));
  });
}

std::string_view RowCodec::EncodeBatch(const RowHeader& header, const BatchRow& batch,
                                       const ItemSlices& tail) {
  const size_t estimate = 160 + batch.segments.size() * 16 + EstimateItems(tail);
  return impl_->scratch.Make<proto::StateRow>(estimate, [&](auto row) {
    FillHeader(row, header);
    auto out = row.initBatch();
    out.setFirst(batch.first.us);
    out.setNewest(batch.newest.us);
    auto segments = out.initSegments(static_cast<uint32_t>(batch.segments.size()));
    for (size_t i = 0; i < batch.segments.size(); ++i) {
      segments[static_cast<uint32_t>(i)].setEpoch(batch.segments[i].epoch.value);
      segments[static_cast<uint32_t>(i)].setItems(batch.segments[i].items);
      segments[static_cast<uint32_t>(i)].setBytes(batch.segments[i].bytes);
    }
    out.setSegmentRows(batch.segment_rows);
    out.setSegmentItems(batch.segment_items);
    FillItems(out.initTail(static_cast<uint32_t>(tail.count())), tail);
  });
}

std::string_view RowCodec::EncodeSegment(const ItemSlices& items) {
  return impl_->scratch.Make<proto::SegmentRow>(64 + EstimateItems(items), [&](auto row) {
    FillItems(row.initItems(static_cast<uint32_t>(items.count())), items);
  });
}

absl::Status DecodeStateRow(std::string_view bytes, std::string_view what, StateRowData& row) {
  return ReadMessage<proto::StateRow>(bytes, what, [&](proto::StateRow::Reader in) -> absl::Status {
    row.header.timer_at = {in.getTimerAt()};
    row.header.end_generation = in.getEndGeneration();
    row.header.wake_at = {in.getWakeAt()};
    switch (in.which()) {
      case proto::StateRow::VALUE:
        row.state = ValueRow{FromData(in.getValue())};
        return absl::OkStatus();
      case proto::StateRow::PIECES:
        row.state = PiecesRow{.value = FromData(in.getPieces().getValue()),
                              .pieces = FromData(in.getPieces().getPieces())};
        return absl::OkStatus();
      case proto::StateRow::BATCH: {
        const auto batch = in.getBatch();
        BatchRow out{
            .first = {batch.getFirst()}, .newest = {batch.getNewest()}, .segments = {}, .tail = {}};
        for (const auto segment : batch.getSegments()) {
          out.segments.push_back({{segment.getEpoch()}, segment.getItems(), segment.getBytes()});
        }
        out.segment_rows = batch.getSegmentRows();
        out.segment_items = batch.getSegmentItems();
        for (const auto item : batch.getTail()) out.tail.push_back(FromData(item));
        row.state = std::move(out);
        return absl::OkStatus();
      }
    }
    return absl::DataLossError(
        Cat(what, ": a state of an unknown kind; was it written by a newer version?"));
  });
}

absl::Status DecodeSegmentRow(std::string_view bytes, std::string_view what,
                              std::vector<std::string>& items) {
  return ReadMessage<proto::SegmentRow>(bytes, what, [&](proto::SegmentRow::Reader in) {
    for (const auto item : in.getItems()) items.push_back(FromData(item));
    return absl::OkStatus();
  });
}

}  // namespace tidemark
