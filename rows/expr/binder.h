// ExpressionBinder: expressions over the same rows, bound to their fields and types.
//
//   ExpressionBinder binder([&](const std::string& path) { … });
//   std::vector<SqlMistake> mistakes;
//   const auto big = binder.Bind("mag >= 5", mistakes);      // nothing: mistakes say why
//   const auto place = binder.BindCondition("place like '%CA'", mistakes);
//   binder.fields();                                         // "mag", "place"
//
// Every mistake of an expression is reported, except that the first mistake of its grammar ends
// the reading. Fields have the type kAny, since their values are known per row only; operands are
// converted as docs/expressions.md says. Constants are computed here, so that 1 / 0 and 'x'::int
// are mistakes before anything runs.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rows/expr/expression.h"
#include "rows/expr/sql_tree.h"
#include "rows/schema.h"

namespace tidemark {

// The field that a path means, with the letters it has in the rows, or why it is not a field.
struct ResolvedField {
  std::string path;
  std::optional<std::string> mistake = std::nullopt;
};
using FieldResolver = std::function<ResolvedField(const std::string& path)>;

class ExpressionBinder {
 public:
  explicit ExpressionBinder(FieldResolver resolve) : resolve_(std::move(resolve)) {}

  std::optional<Expression> Bind(std::string_view text, std::vector<SqlMistake>& mistakes);
  // An expression that is true or false; `what` needs it, for messages: "where".
  std::optional<Expression> BindCondition(std::string_view text, std::string_view what,
                                          std::vector<SqlMistake>& mistakes);

  // The fields of all expressions so far: BoundNode::field is an index into it.
  const Schema& fields() const { return fields_; }

 private:
  const FieldResolver resolve_;
  Schema fields_;
};

}  // namespace tidemark
