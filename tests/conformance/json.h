// Json: the values of the conformance cases, as items, as state and as rows.
//
// Numbers compare by value (1 equals 1.0, as exactly as two doubles or integers can be compared), a
// map's order is kept for people and means nothing to a comparison, and there is a total order, so
// that rows can be sorted. It is recoverable state: stored as its JSON text, which keeps 1 and 1.0
// apart.
//
//   TM_ASSIGN_OR_RETURN(const Json json, ParseJson(R"(["a", {"val": 1}])"));
//   json.list()[1].Find("val")->integer();
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "state/reflect_types.h"
#include "state/type_schema.h"

namespace tidemark::conformance {

struct JsonField;

class Json {
 public:
  using List = std::vector<Json>;
  using Map = std::vector<JsonField>;  // in the order of the text; names are unique

  // Defined where a field is complete.
  Json();
  Json(const Json&);
  Json(Json&&) noexcept;
  Json& operator=(const Json&);
  Json& operator=(Json&&) noexcept;
  ~Json();

  // NOLINTBEGIN(google-explicit-constructor): a value reads as itself
  Json(bool value);
  Json(int64_t value);
  Json(int value);
  Json(double value);
  Json(std::string value);
  Json(std::string_view value);
  Json(const char* value);
  Json(List value);
  Json(Map value);
  // NOLINTEND

  bool is_null() const { return Is<std::monostate>(); }
  bool is_bool() const { return Is<bool>(); }
  bool is_integer() const { return Is<int64_t>(); }
  bool is_double() const { return Is<double>(); }
  bool is_number() const { return is_integer() || is_double(); }
  bool is_string() const { return Is<std::string>(); }
  bool is_list() const { return Is<List>(); }
  bool is_map() const { return Is<Map>(); }

  // Each requires that it is one.
  bool boolean() const { return std::get<bool>(value_); }
  int64_t integer() const { return std::get<int64_t>(value_); }
  double number() const {
    return is_integer() ? static_cast<double>(integer()) : std::get<double>(value_);
  }
  const std::string& string() const { return std::get<std::string>(value_); }
  const List& list() const { return std::get<List>(value_); }
  List& list() { return std::get<List>(value_); }
  const Map& map() const { return std::get<Map>(value_); }
  Map& map() { return std::get<Map>(value_); }

  // The field of a map; null when there is none or this is no map.
  const Json* Find(std::string_view name) const;
  // Replaces the field or adds it behind the others. Requires a map.
  void Set(std::string_view name, Json value);

  // Null, then false and true, numbers by value, strings by their bytes, lists item by item, maps
  // by their sorted fields.
  std::weak_ordering operator<=>(const Json& other) const;
  bool operator==(const Json& other) const { return (*this <=> other) == 0; }

 private:
  template <class T>
  bool Is() const {
    return std::holds_alternative<T>(value_);
  }

  std::variant<std::monostate, bool, int64_t, double, std::string, List, Map> value_;
};

struct JsonField {
  std::string name;
  Json value;
};

// "null", "a number", …: for messages.
std::string_view KindOf(const Json& json);

// One JSON value. Integers beyond 64 bits become doubles. InvalidArgument says where it is wrong.
absl::StatusOr<Json> ParseJson(std::string_view text);
// On one line; doubles with the digits that read back, and always with a point or an exponent.
std::string ToText(const Json& json);

}  // namespace tidemark::conformance

template <>
struct tidemark::ValueTraits<tidemark::conformance::Json> {
  static constexpr std::string_view kName = "Json";
  static constexpr TypeKind kKind = TypeKind::kJson;
  static void Encode(const conformance::Json& json, std::string& out);
  static absl::Status Decode(std::string_view& in, conformance::Json& json);
  static size_t MemoryBytes(const conformance::Json& json);
};
