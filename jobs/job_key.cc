#include "jobs/job_key.h"

#include <cmath>
#include <cstdint>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "base/check.h"
#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

// Whole doubles below it are the numbers that were written.
constexpr double kTwoTo53 = 9007199254740992.0;

absl::Status TooLarge(std::string_view field, std::string_view what) {
  return absl::InvalidArgumentError(Cat("field '", field, "' is a number beyond 64 bits", what,
                                        "; as a key it has to be a string"));
}

// Whole numbers have 64 bits with a sign, as everywhere; older states may have keys of larger ones.
absl::Status TooLarge(std::string_view field) { return TooLarge(field, " with a sign"); }

// `text`: the source bytes of the number, where it may be a whole one that its double is not.
absl::Status AppendNumber(double number, std::string_view text, std::string_view field,
                          std::string& out) {
  if (number != std::trunc(number)) {
    AppendKeyDouble(number, out);
    return absl::OkStatus();
  }
  if (std::abs(number) < kTwoTo53) {
    AppendKeyInt(static_cast<int64_t>(number), out);
    return absl::OkStatus();
  }
  const Decimal exact = ParseDecimal(text);
  const std::optional<__int128> whole = ToInteger(exact, 0);
  if (!exact.is_whole()) {
    AppendKeyDouble(number, out);  // such as 2^60 + 0.5: whole as a double, and not as a number
  } else if (whole.has_value() && *whole >= INT64_MIN && *whole <= INT64_MAX) {
    AppendKeyInt(static_cast<int64_t>(*whole), out);
  } else if (whole.has_value() && *whole > 0 && *whole <= UINT64_MAX) {
    return TooLarge(field);
  } else {
    return TooLarge(field, ", which cannot be told from its neighbours");
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

absl::Status AppendScalar(const JsonScalar& scalar, std::string_view text, std::string_view field,
                          std::string& out) {
  constexpr double kBeyond = std::numeric_limits<double>::max();
  if (const auto* number = std::get_if<double>(&scalar)) {
    return AppendNumber(*number, text, field, out);
  }
  if (std::holds_alternative<JsonNumber>(scalar)) return AppendNumber(kBeyond, text, field, out);
  if (std::holds_alternative<uint64_t>(scalar)) return TooLarge(field);  // int64_t took the rest
  std::visit(
      [&out](const auto& value) {
        using T = std::decay_t<decltype(value)>;
        if constexpr (!std::is_same_v<T, JsonNumber>) AppendPart(KeyPart(value), out);
      },
      scalar);
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
    const auto* real = std::get_if<double>(&*scalar);
    const bool may_be_rounded = std::holds_alternative<JsonNumber>(*scalar) ||
                                (real != nullptr && std::abs(*real) >= kTwoTo53);
    const std::string_view text = may_be_rounded ? row.NumberText(field) : std::string_view();
    TM_RETURN_IF_ERROR(AppendScalar(*scalar, text, field, key.encoded));
  }
  TM_RETURN_IF_ERROR(CheckUserKeyBytes(key.encoded.size()));
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
