// A JsonRow and a JsonNumber as recoverable state: their source bytes, shown as the JSON they are.
//
// Where a row was read is not kept: it says nothing about the row, and what may fail for its
// content has been checked before it becomes state.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/status.h"
#include "connectors/rows/json_number.h"
#include "connectors/rows/json_row.h"
#include "state/reflect_types.h"
#include "state/type_schema.h"
#include "state/value_codec.h"

namespace tidemark {

template <>
struct ValueTraits<JsonRow> {
  static constexpr std::string_view kName = "JsonRow";
  static constexpr TypeKind kKind = TypeKind::kJson;
  static void Encode(const JsonRow& row, std::string& out) { EncodeBytes(row.raw, out); }
  static absl::Status Decode(std::string_view& in, JsonRow& row) {
    std::string_view raw;
    TM_RETURN_IF_ERROR(DecodeBytes(in, raw));
    row = JsonRow();
    row.raw.assign(raw);
    return absl::OkStatus();
  }
  static size_t MemoryBytes(const JsonRow& row) { return sizeof(row) + row.raw.capacity(); }
};

template <>
struct ValueTraits<JsonNumber> {
  static constexpr std::string_view kName = "JsonNumber";
  static constexpr TypeKind kKind = TypeKind::kJson;
  static void Encode(const JsonNumber& number, std::string& out) { EncodeBytes(number.text, out); }
  static absl::Status Decode(std::string_view& in, JsonNumber& number) {
    std::string_view text;
    TM_RETURN_IF_ERROR(DecodeBytes(in, text));
    if (text.find_first_of("0123456789") == std::string_view::npos ||
        text.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
      return absl::DataLossError("a stored number is not a number");
    }
    number.text.assign(text);
    return absl::OkStatus();
  }
  static size_t MemoryBytes(const JsonNumber& number) {
    return sizeof(number) + number.text.capacity();
  }
};

}  // namespace tidemark
