// Expression: an SQL expression that is bound to the fields of rows, and its evaluation.
//
//   JsonColumns fields …;                       // or any other source of columns
//   ExpressionBinder binder(resolve);           // binder.h
//   std::optional<Expression> big = binder.Bind("mag >= 5", mistakes);
//   Evaluator evaluator(big->root);             // one per thread
//   const Column& result = evaluator.Run(batch, batch.selection(), arena, faults);
//
// Names, types and functions are resolved once, when the expression is bound. An evaluation works
// column by column over the selected rows, and reuses all of its memory. AND, OR, CASE and COALESCE
// evaluate an argument only for the rows that need it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "rows/expr/kernel.h"
#include "rows/row_batch.h"
#include "rows/value.h"

namespace tidemark {

// A node of a bound expression. A plain value; shared by evaluators, and never changed.
struct BoundNode {
  enum class Kind {
    kConstant,
    kField,   // of the column `field`
    kKernel,  // of the arguments' values
    kAnd,
    kOr,
    kCase,  // condition, result, condition, result, …, perhaps a last result
    kCoalesce,
    kTry,  // of one argument: null where that fails
  };
  Kind kind = Kind::kConstant;
  // Of the result; kAny: known per row only.
  Type type = Type::kNull;
  Value constant = {};
  std::string constant_bytes = {};  // of a text; use ConstantOf()
  size_t field = 0;
  Kernel kernel = nullptr;
  std::vector<BoundNode> args = {};
  size_t at = 0;  // in bytes of the text

  // The constant with its bytes, which live as long as the node.
  Value ConstantOf() const {
    if (constant.type() != Type::kText && constant.type() != Type::kJson) return constant;
    return Value::Bytes(constant.type(), constant_bytes);
  }
};

struct Expression {
  std::shared_ptr<const BoundNode> root;
  std::string text;

  // The column, if the expression is a field and nothing else.
  const size_t* OnlyField() const {
    return root->kind == BoundNode::Kind::kField ? &root->field : nullptr;
  }
};

// Thread rule: used by one thread. A copy has its own memory.
class Evaluator {
 public:
  explicit Evaluator(std::shared_ptr<const BoundNode> root);
  Evaluator(const Evaluator& other) : Evaluator(other.root_) {}
  Evaluator& operator=(const Evaluator&) = delete;
  Evaluator(Evaluator&&) noexcept;
  ~Evaluator();

  // The results of `rows`, ascending; null for a row that failed. Valid until the next Run(), and
  // as long as the batch and the arena. `faults` was reset to the size of the batch, or holds the
  // failures of other expressions over it.
  const Column& Run(const RowBatch& batch, Rows rows, Arena& arena, Faults& faults);

 private:
  struct State;

  std::shared_ptr<const BoundNode> root_;
  std::unique_ptr<State> state_;
};

}  // namespace tidemark
