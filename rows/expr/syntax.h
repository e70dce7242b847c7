// Syntax: an SQL expression as a small tree of plain values, before names and types are known.
//
//   auto parsed = ParseExpression("mag >= 5 and place.country = 'JP'");
//   const Syntax& root = std::get<Syntax>(parsed);   // a kCall of "and" with two arguments
//
// Operators and functions are calls by name; the forms of SQL that have a grammar of their own are
// calls too, by the names that docs/expressions.md lists: "between", "in", "case", "is null", … .
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "rows/expr/sql_tree.h"
#include "rows/value.h"

namespace tidemark {

// Nodes on the longest way from the root.
inline constexpr int kSyntaxDepthMax = 200;
inline constexpr int kSyntaxNodesMax = 20'000;

struct Syntax {
  enum class Kind {
    kField,  // name: the path, as it was written
    kNull,
    kBool,
    kNumber,  // text: its digits, with a sign
    kText,    // text; its type is what its surroundings need
    kCast,    // to `type`, of the one argument
    kCall,    // name, args
  };
  Kind kind = Kind::kNull;
  std::string name = {};
  std::string text = {};
  bool truth = false;
  Type type = Type::kNull;
  std::vector<Syntax> args = {};
  size_t at = 0;  // in bytes of the text
};

// Refuses whatever is not an expression over one row: subqueries, windows, aggregates by their
// syntax, parameters, arrays, rows, regular expressions.
std::variant<Syntax, SqlMistake> ParseExpression(std::string_view text);

}  // namespace tidemark
