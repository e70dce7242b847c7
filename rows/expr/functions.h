// The table of functions and operators that are evaluated row by row. docs/expressions.md lists
// them with examples; rows/expr/testdata has their answers.
//
//   for (const Function& f : FunctionsNamed("substr")) …
//
// Parameters are letters:
//   b boolean   i bigint   d double precision   t text   s timestamp   v interval
//       a JSON value is checked per row; a bigint is converted to d
//   I   bigint by its declaration or cast: never a JSON value
//   n   bigint, double precision, or a JSON value that is a number
//   x   any value        T  text, or a JSON value of any kind        J  a JSON value
//   *   the one before it may be repeated
// The result is one of b, i, d, t, s, v; `n`: bigint if all arguments are, double precision if all
// are numbers with a declared type, else known per row; `x`: known per row.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "rows/expr/kernel.h"

namespace tidemark {

struct Function {
  std::string_view name;
  std::string_view params;
  char result = 'x';
  Kernel kernel = nullptr;
};

// One table for each of the files functions_*.cc.
std::span<const Function> NumberFunctions();
std::span<const Function> TextFunctions();
std::span<const Function> TimeFunctions();
std::span<const Function> JsonFunctions();

// In the order in which they are tried.
std::vector<const Function*> FunctionsNamed(std::string_view name);
// The names of all functions that are called as name(…), for messages.
std::vector<std::string_view> FunctionNames();

}  // namespace tidemark
