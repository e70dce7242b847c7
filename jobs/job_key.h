// JobKey: the key of a row in a job file's flow, and how it is read from the row's fields.
//
// How many fields a key has, and what is in them, is known only when rows come. A key is therefore
// kept in its stored form (state/state_key.h): typed parts, one for each field, which sort like the
// values and tell null, true, 7, "7" and 7.5 apart. A number is one key however it is written: 2,
// 2.0 and 2e0 are equal, as numbers are.
//
//   JobKeyReader reader({"net", "place.country"});            // one per worker
//   TM_ASSIGN_OR_RETURN(JobKey key, reader.Read(row));
//   key.Parts();                                              // {"us", "JP"}
#pragma once

#include <compare>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "connectors/rows/json_row.h"
#include "state/reflect_types.h"
#include "state/state_key.h"
#include "state/type_schema.h"
#include "state/value_codec.h"
#include "tidemark/key_traits.h"

namespace tidemark {

struct JobKey {
  std::string encoded;  // a user key; empty for the key without fields

  // Null, bool, int64_t, uint64_t (beyond int64_t), double (with a fraction) and string.
  std::vector<KeyPart> Parts() const;

  auto operator<=>(const JobKey&) const = default;
};

// A part as JSON: digits are the shortest that read back.
void AppendKeyPartJson(const KeyPart& part, std::string& out);

// Reads keys from rows, with memory that is used again.
//
// Thread rule: used by one thread; copies may be used by others.
class JobKeyReader {
 public:
  // Paths as in JsonFieldReader::Get.
  explicit JobKeyReader(std::vector<std::string> fields) : fields_(std::move(fields)) {}

  // InvalidArgument when a field is missing, holds an object or an array, or a number beyond 64
  // bits without a fraction, of which only the leading digits would count.
  absl::StatusOr<JobKey> Read(const JsonRow& row);
  // The same of a row that was loaded for other fields too.
  absl::StatusOr<JobKey> ReadLoaded(JsonFieldReader& row) const;

 private:
  std::vector<std::string> fields_;
  JsonFieldReader reader_;
};

template <>
struct KeyTraits<JobKey> {
  static void Append(const JobKey& key, std::string& out) { out += key.encoded; }
  // Takes all parts: nothing stands behind a JobKey.
  static absl::StatusOr<JobKey> FromParts(std::span<const KeyPart>& parts);
};

template <>
struct ValueTraits<JobKey> {
  static constexpr std::string_view kName = "JobKey";
  static constexpr TypeKind kKind = TypeKind::kBytes;
  static void Encode(const JobKey& key, std::string& out) { EncodeBytes(key.encoded, out); }
  static absl::Status Decode(std::string_view& in, JobKey& key);
  static size_t MemoryBytes(const JobKey& key) { return sizeof(key) + key.encoded.capacity(); }
};

}  // namespace tidemark
