#include "jobs/window_row_reader.h"

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "jobs/event_time.h"

namespace tidemark {
namespace {

absl::Status CheckNumber(const JsonScalar& value, const std::string& path) {
  const auto* large = std::get_if<uint64_t>(&value);
  if (std::holds_alternative<JsonNumber>(value) || (large != nullptr && *large > INT64_MAX)) {
    std::string number;
    AppendScalarJson(value, number);
    constexpr size_t kShownBytes = 60;
    return absl::InvalidArgumentError(
        Cat("field '", path, "' is ", std::string_view(number).substr(0, kShownBytes),
            ", beyond 64 bits with a sign, and a sum of such numbers would not be exact"));
  }
  const bool is_text = std::holds_alternative<std::string>(value);
  if (!is_text && !std::holds_alternative<bool>(value)) return absl::OkStatus();
  return absl::InvalidArgumentError(Cat("field '", path, "' is ", is_text ? "a text" : "a boolean",
                                        ", and numbers are added up"));
}

}  // namespace

absl::StatusOr<Timestamp> WindowRowReader::ReadTime(JsonFieldReader& loaded, Timestamp now) const {
  const std::string& field = *options_.time_field;
  const absl::StatusOr<JsonScalar> value = loaded.Get(field);
  if (absl::IsNotFound(value.status())) {
    return absl::InvalidArgumentError(Cat("field '", field, "' is missing"));
  }
  TM_RETURN_IF_ERROR(value.status());
  const bool is_whole = std::holds_alternative<int64_t>(*value);
  const std::string_view digits = is_whole ? std::string_view() : loaded.NumberText(field);
  TM_ASSIGN_OR_RETURN(const Timestamp time, ReadEventTime(*value, options_.unit, field, digits));
  if (!options_.max_ahead.is_infinite() && time > now + options_.max_ahead) {
    return absl::InvalidArgumentError(
        Cat("field '", field, "' is ", FormatTimestamp(time), ", ", FormatSpan(time - now),
            " ahead of the system's time; max_ahead_of_system_time is ",
            FormatSpan(options_.max_ahead)));
  }
  return time;
}

absl::StatusOr<WindowRow> WindowRowReader::Read(JsonFieldReader& loaded, JsonRow&& row,
                                                Timestamp now) const {
  WindowRow out;
  if (options_.time_field.has_value()) {
    TM_ASSIGN_OR_RETURN(out.time, ReadTime(loaded, now));
  }
  out.values.reserve(options_.fields.size());
  for (const Aggregates::Field& field : options_.fields) {
    absl::StatusOr<JsonScalar> value = loaded.Get(field.path);
    if (absl::IsNotFound(value.status())) value = JsonScalar();
    TM_RETURN_IF_ERROR(value.status());
    if (field.must_be_number) TM_RETURN_IF_ERROR(CheckNumber(*value, field.path));
    out.values.push_back(*std::move(value));
  }
  out.row = std::move(row);
  if (!options_.keep_row) out.row->raw = std::string();
  return out;
}

}  // namespace tidemark
