// The choice of a function by the types of its arguments, and the messages where there is none.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "rows/expr/functions.h"
#include "rows/value.h"

namespace tidemark {

struct ArgumentType {
  Type type = Type::kNull;
  bool is_literal = false;  // a text constant, which takes the type that is needed
};

// The type of a parameter's letter or of a result's (functions.h); kAny where it has none.
Type TypeOfLetter(char letter);

// The letter of each argument; nothing if they cannot be passed to these parameters.
std::optional<std::string> LettersFor(std::string_view params, std::span<const ArgumentType> args);

// "unknown function 'lowr'; did you mean 'lower'?"
std::string UnknownFunction(std::string_view name);
// "lower does not take bigint". Requires that none of the overloads fits.
std::string NoOverload(std::string_view name, const std::vector<const Function*>& overloads,
                       std::span<const ArgumentType> args);

}  // namespace tidemark
