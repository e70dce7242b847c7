// KafkaRows: the messages of an epoch as the bytes that its commit contains.
//
//   KafkaRowsWriter writer;
//   writer.Add("{\"n\": 1}");
//   const std::vector<std::string> pieces = writer.Take();  // go into the commit
//
//   KafkaRowsReader reader(pieces[0]);             // after it, or at a resume
//   TM_ASSIGN_OR_RETURN(const auto value, reader.Next());   // nothing at the end
//
// The format is in docs/formats/published-rows.md.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"

namespace tidemark {

// Used by one thread.
class KafkaRowsWriter {
 public:
  // A piece ends with the message that reaches this.
  static constexpr size_t kPieceBytes = size_t{128} << 10;

  void Add(std::string_view value);
  // Each piece can be read by itself; none if nothing was added. Empties the writer.
  std::vector<std::string> Take();

 private:
  void EndPiece();

  std::vector<std::string> pieces_;
  std::string bytes_;
};

// Used by one thread; `bytes` outlives it.
class KafkaRowsReader {
 public:
  explicit KafkaRowsReader(std::string_view bytes) : rest_(bytes) {}

  // The next message; nothing at the end. DataLoss if the bytes are not from a writer.
  absl::StatusOr<std::optional<std::string_view>> Next();

 private:
  std::string_view rest_;
  bool began_ = false;
};

}  // namespace tidemark
