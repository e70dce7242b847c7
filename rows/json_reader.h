// JsonColumns: the fields of JSON rows as columns of a batch.
//
//   JsonColumns reader({{.path = "mag"}, {.path = "id", .source = true}});
//   reader.Read(rows, batch, faults);       // batch.column(0).At(17) is the 'mag' of row 17
//
// Each row is scanned once, and only the named fields are decoded. Texts without escapes are views
// into the row; everything else that needs bytes uses the arena of the batch. A path is resolved as
// by JsonFieldReader: "a.b" is field b of the object in field a, unless a field is called "a.b",
// and the longest name wins. A field that is missing, or whose parent is not an object, is null.
//
// A fault is a row whose field cannot be read: it is there twice, so that readers disagree about
// it, or its text has half of a surrogate pair.
//
// Thread rule: used by one thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rows/row_batch.h"

namespace tidemark {

// A row that has no value, and why.
struct RowFault {
  uint32_t row = 0;
  std::string what;
  size_t column = 0;  // that cannot be read
};

class JsonColumns {
 public:
  struct Wanted {
    std::string path;
    bool source = false;  // the source bytes of the value, as Type::kJson; null if it is missing

    bool operator==(const Wanted&) const = default;
  };

  explicit JsonColumns(std::vector<Wanted> wanted);

  // Requires that each row was validated as one JSON object. The rows outlive the use of the batch.
  // Appends a fault for each value that cannot be read; the value is null.
  void Read(std::span<const std::string_view> rows, RowBatch& batch, std::vector<RowFault>& faults);

 private:
  // A name at the top level of a row: a path, or the front of a path.
  struct Name {
    std::string text;
    std::string_view value = {};  // in the present row; no data: it is missing
    bool is_twice = false;
  };

  void ScanNames(std::string_view row);
  // False if the value, or a name on the way to it, is there twice.
  bool Find(size_t wanted, std::string_view& value) const;

  const std::vector<Wanted> wanted_;
  std::vector<Name> names_;
  std::vector<std::vector<size_t>> names_of_;  // of each path, into names_, the longest first
};

// The value whose JSON is `source`; objects and arrays stay JSON, and so do numbers that neither
// int64_t nor double holds. False if a text has half of a surrogate pair. Requires valid JSON that
// outlives the value or the arena, whichever goes first.
bool DecodeJson(std::string_view source, Arena& arena, Value& value);

enum class JsonFound { kMissing, kFound, kTwice };
// The source bytes of a field of a JSON object.
JsonFound FindJsonField(std::string_view object, std::string_view name, std::string_view& value);

}  // namespace tidemark
