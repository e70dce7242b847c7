#include "jobs/job_key.h"

#include <cmath>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/status.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

// The first double beyond int64_t, and beyond uint64_t.
constexpr double kTwoTo63 = 9223372036854775808.0;
constexpr double kTwoTo64 = 18446744073709551616.0;

absl::Status AppendNumber(double number, std::string_view field, std::string& out) {
  if (number != std::trunc(number)) {
    AppendKeyDouble(number, out);
  } else if (number > -kTwoTo63 && number < kTwoTo63) {  // -2^63 may be a rounded integer
    AppendKeyInt(static_cast<int64_t>(number), out);
  } else if (number >= kTwoTo63 && number < kTwoTo64) {
    AppendKeyUint(static_cast<uint64_t>(number), out);
  } else {
    return absl::InvalidArgumentError(
        Cat("field '", field,
            "' is a number beyond 64 bits, which cannot be told from its "
            "neighbours; as a key it has to be a string"));
  }
  return absl::OkStatus();
}

void AppendPart(const KeyPart& part, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>) AppendKeyNull(out);
        if constexpr (std::is_same_v<T, bool>) AppendKeyBool(value, out);
        if constexpr (std::is_same_v<T, int64_t>) AppendKeyInt(value, out);
        if constexpr (std::is_same_v<T, uint64_t>) AppendKeyUint(value, out);
        if constexpr (std::is_same_v<T, double>) AppendKeyDouble(value, out);
        if constexpr (std::is_same_v<T, std::string>) AppendKeyString(value, out);
        if constexpr (std::is_same_v<T, Timestamp>) AppendKeyTime(value, out);
      },
      part);
}

absl::Status AppendScalar(const JsonScalar& scalar, std::string_view field, std::string& out) {
  if (const auto* number = std::get_if<double>(&scalar)) return AppendNumber(*number, field, out);
  std::visit([&out](const auto& value) { AppendPart(KeyPart(value), out); }, scalar);
  return absl::OkStatus();
}

}  // namespace

std::vector<KeyPart> JobKey::Parts() const {
  absl::StatusOr<std::vector<KeyPart>> parts = ParseUserKey(encoded);
  TM_CHECK(parts.ok(), "a JobKey is made of whole parts");
  return *std::move(parts);
}

void AppendKeyPartJson(const KeyPart& part, std::string& out) {
  std::visit(
      [&out](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_same_v<T, std::monostate>) {
          out += "null";
        } else if constexpr (std::is_same_v<T, bool>) {
          out += value ? "true" : "false";
        } else if constexpr (std::is_same_v<T, double>) {
          AppendJsonDouble(value, out);
        } else if constexpr (std::is_same_v<T, std::string>) {
          AppendJsonString(value, out);
        } else if constexpr (std::is_same_v<T, Timestamp>) {
          AppendJsonString(FormatTimestamp(value), out);
        } else {
          out += Cat(value);
        }
      },
      part);
}

absl::StatusOr<JobKey> JobKeyReader::Read(const JsonRow& row) {
  if (fields_.empty()) return JobKey();
  TM_RETURN_IF_ERROR(reader_.Load(row.raw));
  return ReadLoaded(reader_);
}

absl::StatusOr<JobKey> JobKeyReader::ReadLoaded(JsonFieldReader& row) const {
  JobKey key;
  for (const std::string& field : fields_) {
    const absl::StatusOr<JsonScalar> scalar = row.Get(field);
    if (absl::IsNotFound(scalar.status())) {
      return absl::InvalidArgumentError(Cat("field '", field, "' is missing"));
    }
    TM_RETURN_IF_ERROR(scalar.status());
    TM_RETURN_IF_ERROR(AppendScalar(*scalar, field, key.encoded));
  }
  return key;
}

absl::StatusOr<JobKey> KeyTraits<JobKey>::FromParts(std::span<const KeyPart>& parts) {
  JobKey key;
  for (const KeyPart& part : parts) AppendPart(part, key.encoded);
  parts = {};
  return key;
}

absl::Status ValueTraits<JobKey>::Decode(std::string_view& in, JobKey& key) {
  std::string_view bytes;
  TM_RETURN_IF_ERROR(DecodeBytes(in, bytes));
  TM_RETURN_IF_ERROR(ParseUserKey(bytes).status());
  key.encoded.assign(bytes);
  return absl::OkStatus();
}

}  // namespace tidemark
