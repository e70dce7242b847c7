// JsonRow: one JSON object as its source bytes, and how to read its fields.
//
//   JsonFieldReader reader;                                  // one per worker
//   TM_RETURN_IF_ERROR(reader.Load(row.raw));                // parses once
//   TM_ASSIGN_OR_RETURN(JsonScalar magnitude, reader.Get("mag"));
//
// The bytes are kept as they arrived, so a row that is passed on unmodified is written as it was
// read: 2.30 stays 2.30, integers that do not fit any machine type survive, and so does half of a
// surrogate pair, which is not a character and is an error only when that field is read.
//
// Blank lines are not rows. A UTF-8 byte-order mark and NUL bytes before a row are skipped.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <variant>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/rows/json_number.h"
#include "connectors/rows/lines.h"

namespace tidemark {

struct JsonRow {
  std::string raw;  // one object, without a line end
  // Where it was read, for messages; not part of the row's value.
  std::shared_ptr<const std::string> file;
  uint64_t line = 0;

  // "quakes.jsonl:17"; "a row" if the place is not known.
  std::string Where() const;

  bool operator==(const JsonRow& other) const { return raw == other.raw; }
};

template <>
struct LineTraits<JsonRow> {
  static constexpr bool kTellsItsEnd = true;
  static constexpr bool kBlankIsItem = false;
  static absl::Status CheckBeginning(ByteInput& input);
};

// A null is std::monostate. Integers are int64_t; uint64_t if they exceed it; JsonNumber if they
// exceed both, digit by digit. A number with a fraction or an exponent is the nearest double, or a
// JsonNumber if it exceeds the largest one.
using JsonScalar =
    std::variant<std::monostate, bool, int64_t, uint64_t, double, std::string, JsonNumber>;

// Reads fields of one object at a time, with reused memory.
//
// Thread rule: used by one thread. A copy has its own memory and nothing loaded, so a function
// object that holds a reader can be copied to each worker.
class JsonFieldReader {
 public:
  JsonFieldReader();
  JsonFieldReader(const JsonFieldReader&);
  JsonFieldReader& operator=(const JsonFieldReader&);
  JsonFieldReader(JsonFieldReader&&) noexcept;
  JsonFieldReader& operator=(JsonFieldReader&&) noexcept;
  ~JsonFieldReader();

  // Parses the whole of `raw`, which need not outlive the call. Fails for everything that is not
  // exactly one JSON object in UTF-8, and reports the byte.
  absl::Status Load(std::string_view raw);

  // A field of the object loaded last. "a.b" is field b of the object in field a, unless there is a
  // field whose name is "a.b"; names can have dots at every level, and the longest name wins.
  // NotFound if it is missing; InvalidArgument if it holds an object or an array, half of a
  // surrogate pair, or is a duplicate: readers disagree about which duplicate counts, so neither
  // does.
  absl::StatusOr<JsonScalar> Get(std::string_view path);
  // The source bytes of the number in a field, "1517365101.2345678"; empty if it has no number.
  // Valid until the next Load().
  std::string_view NumberText(std::string_view path) const;

 private:
  struct Parsed;
  std::unique_ptr<Parsed> parsed_;
};

// One object, as for JsonFieldReader::Load.
absl::Status ValidateJsonObject(std::string_view line);

// One field of one row; the error begins with the row's place. Parses the row each time: use a
// JsonFieldReader for several fields or many rows.
absl::StatusOr<JsonScalar> Field(const JsonRow& row, std::string_view path);

LineDecoder<JsonRow> JsonLineDecoder();
LineEncoder<JsonRow> JsonLineEncoder();

}  // namespace tidemark
