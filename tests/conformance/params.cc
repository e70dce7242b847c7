#include "tests/conformance/params.h"

#include "base/status.h"
#include "tests/conformance/case.h"

namespace tidemark::conformance {

const Json* Params::Value(std::string_view name) {
  known_.insert(std::string(name));
  const Json* value = map_.Find(name);
  return value == nullptr || value->is_null() ? nullptr : value;
}

std::optional<int64_t> Params::Integer(std::string_view name) {
  const Json* value = Value(name);
  if (value == nullptr) return {};
  if (value->is_integer()) return value->integer();
  Fail(absl::InvalidArgumentError(
      Cat("parameter '", name, "' is ", KindOf(*value), " and not a whole number")));
  return {};
}

std::optional<std::string> Params::Text(std::string_view name) {
  const Json* value = Value(name);
  if (value == nullptr) return {};
  if (value->is_string()) return value->string();
  Fail(absl::InvalidArgumentError(
      Cat("parameter '", name, "' is ", KindOf(*value), " and not a text")));
  return {};
}

std::optional<bool> Params::Bool(std::string_view name) {
  const Json* value = Value(name);
  if (value == nullptr) return {};
  if (value->is_bool()) return value->boolean();
  Fail(absl::InvalidArgumentError(
      Cat("parameter '", name, "' is ", KindOf(*value), " and not true or false")));
  return {};
}

std::optional<Span> Params::Seconds(std::string_view name) {
  const Json* value = Value(name);
  if (value == nullptr) return {};
  const auto seconds = ParseSeconds(*value);
  if (seconds.ok()) return *seconds;
  Fail(Annotate(seconds.status(), Cat("parameter '", name, "'")));
  return {};
}

std::optional<Timestamp> Params::Time(std::string_view name) {
  const Json* value = Value(name);
  if (value == nullptr) return {};
  const auto time = ParseTime(*value);
  if (time.ok()) return *time;
  Fail(Annotate(time.status(), Cat("parameter '", name, "'")));
  return {};
}

template <class Function>
Function Params::Named(std::string_view name, std::optional<std::string_view> default_name,
                       absl::StatusOr<Function> (*find)(std::string_view), Function otherwise) {
  const std::optional<std::string> given = Text(name);
  if (!given && !default_name) {
    Fail(absl::InvalidArgumentError(Cat("parameter '", name, "' is missing")));
    return otherwise;
  }
  const auto function = find(given ? std::string_view(*given) : *default_name);
  if (function.ok()) return *function;
  Fail(Annotate(function.status(), Cat("parameter '", name, "'")));
  return otherwise;
}

UnaryFunction Params::Unary(std::string_view name, std::optional<std::string_view> default_name) {
  return Named<UnaryFunction>(name, default_name, FindUnary, [](const Json& v) { return v; });
}
BinaryFunction Params::Binary(std::string_view name) {
  return Named<BinaryFunction>(name, {}, FindBinary, [](Json a, const Json&) { return a; });
}
BuilderFunction Params::Builder(std::string_view name) {
  return Named<BuilderFunction>(name, {}, FindBuilder, [] { return Json(); });
}
StatefulFunction Params::Stateful(std::string_view name) {
  return Named<StatefulFunction>(name, {}, FindStateful, [](Json state, const Json&) {
    return Mapped{state, {}};
  });
}

absl::Status Params::Check() const {
  if (!error_.ok()) return error_;
  for (const JsonField& field : map_.map()) {
    if (known_.contains(field.name) || field.name.starts_with("seed_")) continue;
    return absl::InvalidArgumentError(
        Cat("parameter '", field.name, "' is not known for this operator"));
  }
  return absl::OkStatus();
}

}  // namespace tidemark::conformance
