// Params: a case's parameters, and the memory of which of them were understood.
//
// Whoever reads a parameter says its name and type here; at the end, one that nobody asked for is
// an error with its name. So a case whose parameters mean more than the runner knows fails instead
// of passing by luck.
//
//   const std::optional<int64_t> max_size = params.Integer("max_size");
//   …
//   TM_RETURN_IF_ERROR(params.Check());
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "base/timestamp.h"
#include "tests/conformance/functions.h"
#include "tests/conformance/json.h"

namespace tidemark::conformance {

class Params {
 public:
  explicit Params(const Json& map) : map_(map) {}

  // Nothing when it is absent or null. A wrong type is kept for Check().
  const Json* Value(std::string_view name);
  std::optional<int64_t> Integer(std::string_view name);
  std::optional<std::string> Text(std::string_view name);
  std::optional<bool> Bool(std::string_view name);
  std::optional<Span> Seconds(std::string_view name);
  std::optional<Timestamp> Time(std::string_view name);

  // The function that the parameter names. One that is absent is an error without a default.
  UnaryFunction Unary(std::string_view name, std::optional<std::string_view> default_name = {});
  BinaryFunction Binary(std::string_view name);
  BuilderFunction Builder(std::string_view name);
  StatefulFunction Stateful(std::string_view name);

  // Parameters whose meaning cannot be seen in a result (README of the cases).
  void Ignore(std::string_view name) { known_.insert(std::string(name)); }
  void Fail(absl::Status error) {
    if (error_.ok()) error_ = std::move(error);
  }
  // The first error; else the first parameter that nobody asked for.
  absl::Status Check() const;

 private:
  template <class Function>
  Function Named(std::string_view name, std::optional<std::string_view> default_name,
                 absl::StatusOr<Function> (*find)(std::string_view), Function otherwise);

  const Json& map_;
  std::set<std::string> known_;
  absl::Status error_;
};

}  // namespace tidemark::conformance
