#include "tests/conformance/json.h"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/status.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark::conformance {
namespace {

// Exact: a double and an integer are compared as numbers, not after rounding one of them.
std::weak_ordering CompareNumbers(const Json& a, const Json& b) {
  if (a.is_integer() && b.is_integer()) return a.integer() <=> b.integer();
  if (a.is_double() && b.is_double()) {
    const double x = a.number(), y = b.number();
    return x < y   ? std::weak_ordering::less
           : x > y ? std::weak_ordering::greater
                   : std::weak_ordering::equivalent;
  }
  if (a.is_double()) return 0 <=> CompareNumbers(b, a);
  const double y = b.number();
  if (y >= 0x1p63) return std::weak_ordering::less;
  if (y < -0x1p63) return std::weak_ordering::greater;
  const auto whole = static_cast<int64_t>(y);
  if (a.integer() != whole) return a.integer() <=> whole;
  const double rest = y - static_cast<double>(whole);
  return rest > 0   ? std::weak_ordering::less
         : rest < 0 ? std::weak_ordering::greater
                    : std::weak_ordering::equivalent;
}

std::weak_ordering CompareLists(const Json::List& a, const Json::List& b) {
  for (size_t i = 0; i < std::min(a.size(), b.size()); ++i) {
    if (const auto order = a[i] <=> b[i]; order != 0) return order;
  }
  return a.size() <=> b.size();
}

std::weak_ordering CompareMaps(const Json::Map& a, const Json::Map& b) {
  const auto sorted = [](const Json::Map& map) {
    std::vector<const JsonField*> fields;
    for (const JsonField& field : map) fields.push_back(&field);
    std::sort(fields.begin(), fields.end(),
              [](const auto* x, const auto* y) { return x->name < y->name; });
    return fields;
  };
  const auto x = sorted(a), y = sorted(b);
  for (size_t i = 0; i < std::min(x.size(), y.size()); ++i) {
    if (x[i]->name != y[i]->name) {
      return x[i]->name < y[i]->name ? std::weak_ordering::less : std::weak_ordering::greater;
    }
    if (const auto order = x[i]->value <=> y[i]->value; order != 0) return order;
  }
  return x.size() <=> y.size();
}

// Integers and doubles are of one rank.
int RankOf(const Json& json) {
  if (json.is_null()) return 0;
  if (json.is_bool()) return 1;
  if (json.is_number()) return 2;
  if (json.is_string()) return 3;
  return json.is_list() ? 4 : 5;
}

absl::StatusOr<Json> FromElement(const simdjson::dom::element& element) {
  using simdjson::dom::element_type;
  switch (element.type()) {
    case element_type::NULL_VALUE:
      return Json();
    case element_type::BOOL:
      return Json(bool(element));
    case element_type::INT64:
      return Json(int64_t(element));
    case element_type::UINT64:
      return Json(static_cast<double>(uint64_t(element)));
    case element_type::DOUBLE:
      return Json(double(element));
    case element_type::STRING: {
      const std::string_view text = element;
      return Json(std::string(text));
    }
    case element_type::ARRAY: {
      Json::List list;
      for (const auto& item : simdjson::dom::array(element)) {
        TM_ASSIGN_OR_RETURN(Json value, FromElement(item));
        list.push_back(std::move(value));
      }
      return Json(std::move(list));
    }
    case element_type::OBJECT: {
      Json map = Json(Json::Map());
      for (const auto& field : simdjson::dom::object(element)) {
        if (map.Find(field.key) != nullptr) {
          return absl::InvalidArgumentError(Cat("field '", field.key, "' appears twice"));
        }
        TM_ASSIGN_OR_RETURN(Json value, FromElement(field.value));
        map.map().push_back({std::string(field.key), std::move(value)});
      }
      return map;
    }
  }
  return absl::InternalError("an element has no type");
}

void AppendDouble(double value, std::string& out) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  const std::string_view text(digits, static_cast<size_t>(end - digits));
  out += text;
  if (text.find_first_of(".en") == text.npos) out += ".0";
}

void Append(const Json& json, std::string& out) {
  if (json.is_null()) {
    out += "null";
  } else if (json.is_bool()) {
    out += json.boolean() ? "true" : "false";
  } else if (json.is_integer()) {
    out += std::to_string(json.integer());
  } else if (json.is_double()) {
    AppendDouble(json.number(), out);
  } else if (json.is_string()) {
    AppendJsonString(json.string(), out);
  } else if (json.is_list()) {
    const char* between = "[";
    for (const Json& item : json.list()) {
      out += between;
      Append(item, out);
      between = ", ";
    }
    out += json.list().empty() ? "[]" : "]";
  } else {
    const char* between = "{";
    for (const JsonField& field : json.map()) {
      out += between;
      AppendJsonString(field.name, out);
      out += ": ";
      Append(field.value, out);
      between = ", ";
    }
    out += json.map().empty() ? "{}" : "}";
  }
}

}  // namespace

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json::Json(bool value) : value_(value) {}
Json::Json(int64_t value) : value_(value) {}
Json::Json(int value) : value_(int64_t{value}) {}
Json::Json(double value) : value_(value) {}
Json::Json(std::string value) : value_(std::move(value)) {}
Json::Json(std::string_view value) : value_(std::string(value)) {}
Json::Json(const char* value) : value_(std::string(value)) {}
Json::Json(List value) : value_(std::move(value)) {}
Json::Json(Map value) : value_(std::move(value)) {}

const Json* Json::Find(std::string_view name) const {
  if (!is_map()) return nullptr;
  for (const JsonField& field : map()) {
    if (field.name == name) return &field.value;
  }
  return nullptr;
}

void Json::Set(std::string_view name, Json value) {
  for (JsonField& field : map()) {
    if (field.name != name) continue;
    field.value = std::move(value);
    return;
  }
  map().push_back({std::string(name), std::move(value)});
}

std::weak_ordering Json::operator<=>(const Json& other) const {
  if (RankOf(*this) != RankOf(other)) return RankOf(*this) <=> RankOf(other);
  if (is_bool()) return boolean() <=> other.boolean();
  if (is_number()) return CompareNumbers(*this, other);
  if (is_string()) return string().compare(other.string()) <=> 0;
  if (is_list()) return CompareLists(list(), other.list());
  if (is_map()) return CompareMaps(map(), other.map());
  return std::weak_ordering::equivalent;
}

std::string_view KindOf(const Json& json) {
  constexpr std::string_view kKinds[] = {"null", "true or false", "a number",
                                         "text", "a list",        "a map"};
  return kKinds[RankOf(json)];
}

absl::StatusOr<Json> ParseJson(std::string_view text) {
  simdjson::dom::parser parser;
  simdjson::dom::element root;
  const simdjson::error_code error = parser.parse(text.data(), text.size()).get(root);
  if (error != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(Cat("not JSON: ", simdjson::error_message(error)));
  }
  return FromElement(root);
}

std::string ToText(const Json& json) {
  std::string text;
  Append(json, text);
  return text;
}

}  // namespace tidemark::conformance

namespace tidemark {

void ValueTraits<conformance::Json>::Encode(const conformance::Json& json, std::string& out) {
  EncodeBytes(conformance::ToText(json), out);
}

absl::Status ValueTraits<conformance::Json>::Decode(std::string_view& in, conformance::Json& json) {
  std::string_view text;
  TM_RETURN_IF_ERROR(DecodeBytes(in, text));
  auto parsed = conformance::ParseJson(text);
  if (!parsed.ok()) return Error(absl::StatusCode::kDataLoss, ToStd(parsed.status().message()));
  json = *std::move(parsed);
  return absl::OkStatus();
}

size_t ValueTraits<conformance::Json>::MemoryBytes(const conformance::Json& json) {
  size_t bytes = sizeof(json);
  if (json.is_string()) bytes += json.string().capacity();
  if (json.is_list()) {
    for (const conformance::Json& item : json.list()) bytes += MemoryBytes(item);
  }
  if (json.is_map()) {
    for (const auto& field : json.map()) bytes += field.name.capacity() + MemoryBytes(field.value);
  }
  return bytes;
}

}  // namespace tidemark
