// Schema: the names and types of the columns of a batch.
//
//   Schema schema = {{"mag", Type::kAny}, {"place.country", Type::kAny}};
//   schema.Find("mag");   // 0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rows/value.h"

namespace tidemark {

struct SchemaField {
  std::string name;  // a path as in JsonFieldReader::Get
  Type type = Type::kAny;

  bool operator==(const SchemaField&) const = default;
};

class Schema {
 public:
  Schema() = default;
  Schema(std::initializer_list<SchemaField> fields) : fields_(fields) {}

  size_t size() const { return fields_.size(); }
  const SchemaField& operator[](size_t i) const { return fields_[i]; }
  std::optional<size_t> Find(std::string_view name) const {
    for (size_t i = 0; i < fields_.size(); ++i) {
      if (fields_[i].name == name) return i;
    }
    return std::nullopt;
  }
  // The index of the field, which is added if it is new.
  size_t Add(std::string_view name, Type type = Type::kAny) {
    if (const auto found = Find(name)) return *found;
    fields_.push_back({std::string(name), type});
    return fields_.size() - 1;
  }

 private:
  std::vector<SchemaField> fields_;
};

}  // namespace tidemark
