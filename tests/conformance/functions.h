// The named functions of the conformance cases: what `mapper`, `folder`, `by`, … stand for.
//
//   TM_ASSIGN_OR_RETURN(const UnaryFunction f, FindUnary("add_one"));
//   f(Json(1));                                                     // 2
//
// A function throws std::invalid_argument where it cannot be applied; the step's adapter makes a
// status of it, as of any user's exception.
#pragma once

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "tests/conformance/json.h"

namespace tidemark::conformance {

// Mappers, predicates and `by`.
using UnaryFunction = Json (*)(const Json& value);
// Folders (state, value), reducers and mergers (left, right).
using BinaryFunction = Json (*)(Json left, const Json& right);
using BuilderFunction = Json (*)();

// What a stateful mapper gives: the new state (null: none) and what it emits.
struct Mapped {
  Json state;
  Json::List out;
};
using StatefulFunction = Mapped (*)(Json state, const Json& value);

// NotFound names the function and its kind.
absl::StatusOr<UnaryFunction> FindUnary(std::string_view name);
absl::StatusOr<BinaryFunction> FindBinary(std::string_view name);
absl::StatusOr<BuilderFunction> FindBuilder(std::string_view name);
absl::StatusOr<StatefulFunction> FindStateful(std::string_view name);

// Of a predicate's result; throws when it is neither true nor false.
bool Truth(const Json& result);
// A text as it is, and the JSON text of anything else: for keys.
std::string KeyText(const Json& value);
// What a flat_map's or flatten's value consists of: a list's items, a text's characters, a map's
// names; throws for others.
Json::List Elements(const Json& value);

}  // namespace tidemark::conformance
