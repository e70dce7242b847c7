// Helpers around absl::Status, and the one crossing between std:: and absl:: string views.
//
//   TM_RETURN_IF_ERROR(file->Sync());
//   TM_ASSIGN_OR_RETURN(auto file, files.OpenRead(path));
//   return absl::NotFoundError(Cat("no snapshot ", epoch, " in ", dir));
//
// Debian's Abseil has its own string_view type, which does not convert to std::string_view, so our
// signatures use std::string_view and cross here.
//
// Pitfall: TM_ASSIGN_OR_RETURN expands to two statements; do not use it as the body of an `if`
// without braces.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/string_view.h"

namespace tidemark {

inline absl::string_view ToAbsl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view ToStd(absl::string_view s) { return {s.data(), s.size()}; }

namespace internal {
template <class T>
decltype(auto) CatArg(const T& value) {
  if constexpr (std::is_convertible_v<const T&, std::string_view> &&
                !std::is_convertible_v<const T&, absl::string_view>) {
    return ToAbsl(value);
  } else {
    return (value);
  }
}
}  // namespace internal

// absl::StrCat that also takes std::string_view.
template <class... Args>
std::string Cat(const Args&... args) {
  return absl::StrCat(internal::CatArg(args)...);
}

inline absl::Status Error(absl::StatusCode code, std::string_view message) {
  return absl::Status(code, ToAbsl(message));
}

// The same error with `where` in front: "step 'ledger': <message>".
inline absl::Status Annotate(const absl::Status& status, std::string_view where) {
  if (status.ok()) return status;
  return Error(status.code(), Cat(where, ": ", status.message()));
}

}  // namespace tidemark

#define TM_CONCAT_INNER_(a, b) a##b
#define TM_CONCAT_(a, b) TM_CONCAT_INNER_(a, b)

#define TM_RETURN_IF_ERROR(expression)                                         \
  do {                                                                         \
    if (::absl::Status tm_status = (expression); !tm_status.ok()) [[unlikely]] \
      return tm_status;                                                        \
  } while (false)

#define TM_ASSIGN_OR_RETURN_IMPL_(result, target, expression) \
  auto result = (expression);                                 \
  if (!result.ok()) [[unlikely]]                              \
    return std::move(result).status();                        \
  target = *std::move(result)

#define TM_ASSIGN_OR_RETURN(target, expression) \
  TM_ASSIGN_OR_RETURN_IMPL_(TM_CONCAT_(tm_result_, __LINE__), target, expression)
