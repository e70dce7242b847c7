// Position: the place of a source partition or a sink, in a form that any tool can print.
//
// A small, ordered set of named values ("offset" = 4711, "inode" = 12). Its meaning belongs to the
// connector that wrote it; the epoch record stores it; `tidemark snapshots` shows it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tidemark {

class Position {
 public:
  using Value = std::variant<int64_t, std::string>;

  Position() = default;
  explicit Position(std::map<std::string, Value, std::less<>> values)
      : values_(std::move(values)) {}

  Position& Set(std::string name, int64_t value) {
    values_.insert_or_assign(std::move(name), Value(value));
    return *this;
  }
  Position& Set(std::string name, std::string value) {
    values_.insert_or_assign(std::move(name), Value(std::move(value)));
    return *this;
  }
  // Nothing if the name is missing or has the other type.
  std::optional<int64_t> Number(std::string_view name) const {
    const auto it = values_.find(name);
    if (it == values_.end() || !std::holds_alternative<int64_t>(it->second)) return {};
    return std::get<int64_t>(it->second);
  }
  std::optional<std::string> Text(std::string_view name) const {
    const auto it = values_.find(name);
    if (it == values_.end() || !std::holds_alternative<std::string>(it->second)) return {};
    return std::get<std::string>(it->second);
  }

  const std::map<std::string, Value, std::less<>>& values() const { return values_; }
  bool operator==(const Position&) const = default;

 private:
  std::map<std::string, Value, std::less<>> values_;
};

}  // namespace tidemark
