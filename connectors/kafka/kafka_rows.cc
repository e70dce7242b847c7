#include "connectors/kafka/kafka_rows.h"

#include <cstdint>
#include <utility>

namespace tidemark {
namespace {

constexpr char kVersion = 1;
constexpr size_t kSizeBytes = 4;

absl::Status Damaged() {
  return absl::DataLossError("the rows stored for a topic are damaged; resume from a snapshot");
}

}  // namespace

void KafkaRowsWriter::Add(std::string_view value) {
  if (bytes_.empty()) bytes_ += kVersion;
  // Little-endian, whatever the machine is.
  for (size_t i = 0; i < kSizeBytes; ++i) bytes_ += static_cast<char>(value.size() >> (8 * i));
  bytes_ += value;
  if (bytes_.size() >= kPieceBytes) EndPiece();
}

void KafkaRowsWriter::EndPiece() {
  if (!bytes_.empty()) pieces_.push_back(std::exchange(bytes_, {}));
}

std::vector<std::string> KafkaRowsWriter::Take() {
  EndPiece();
  return std::exchange(pieces_, {});
}

absl::StatusOr<std::optional<std::string_view>> KafkaRowsReader::Next() {
  if (!std::exchange(began_, true)) {
    if (rest_.empty() || rest_.front() != kVersion) return Damaged();
    rest_.remove_prefix(1);
  }
  if (rest_.empty()) return std::optional<std::string_view>();
  if (rest_.size() < kSizeBytes) return Damaged();
  uint32_t size = 0;
  for (size_t i = 0; i < kSizeBytes; ++i) {
    size |= static_cast<uint32_t>(static_cast<unsigned char>(rest_[i])) << (8 * i);
  }
  rest_.remove_prefix(kSizeBytes);
  if (rest_.size() < size) return Damaged();
  const std::string_view value = rest_.substr(0, size);
  rest_.remove_prefix(size);
  return std::optional<std::string_view>(value);
}

}  // namespace tidemark
