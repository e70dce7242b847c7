// What the tests of expressions share: an expression over JSON rows, and its results as text.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/status.h"
#include "rows/expr/binder.h"
#include "rows/expr/expression.h"
#include "rows/json_reader.h"
#include "rows/row_batch.h"
#include "rows/value_text.h"

namespace tidemark {

// Every name is a field.
inline ResolvedField AnyField(const std::string& path) { return {.path = path}; }

// The results of an expression over some rows, evaluated at once: JSON, or "error: why".
class TestedExpression {
 public:
  explicit TestedExpression(std::string_view text) : binder_(AnyField) {
    std::vector<SqlMistake> mistakes;
    bound_ = binder_.Bind(text, mistakes);
    for (const SqlMistake& mistake : mistakes) {
      mistakes_ += Cat(mistakes_.empty() ? "" : "; ", mistake.at, ": ", mistake.what);
    }
    if (bound_) evaluator_.emplace(bound_->root);
    std::vector<JsonColumns::Wanted> wanted;
    for (size_t i = 0; i < binder_.fields().size(); ++i) {
      wanted.push_back({.path = binder_.fields()[i].name});
    }
    reader_.emplace(std::move(wanted));
  }

  // "4: unknown function 'f'"; empty if the expression is right.
  const std::string& mistakes() const { return mistakes_; }
  const std::optional<Expression>& bound() const { return bound_; }

  // One result for each row; "-" for rows that are not selected.
  std::vector<std::string> Over(std::span<const std::string_view> rows,
                                const Selection* selection = nullptr) {
    std::vector<RowFault> unreadable;
    reader_->Read(rows, batch_, unreadable);
    if (selection != nullptr) batch_.selection() = *selection;
    faults_.Reset(rows.size());
    for (const RowFault& fault : unreadable) faults_.Add(fault.row, fault.what);
    arena_.Reset();
    const Column& column = evaluator_->Run(batch_, batch_.selection(), arena_, faults_);
    std::vector<std::string> results(rows.size(), "-");
    for (const uint32_t row : batch_.selection()) {
      results[row].clear();
      AppendJson(column.At(row), results[row]);
    }
    for (const RowFault& fault : faults_.all()) {
      std::string& result = results[fault.row];
      if (result != "-") result = Cat("error: ", fault.what);
    }
    return results;
  }
  std::string Of(std::string_view row) {
    if (!bound_) return Cat("mistake: ", mistakes_);
    return Over({&row, 1}).front();
  }

 private:
  ExpressionBinder binder_;
  std::optional<Expression> bound_;
  std::string mistakes_;
  std::optional<JsonColumns> reader_;
  std::optional<Evaluator> evaluator_;
  RowBatch batch_;
  Arena arena_;
  Faults faults_;
};

}  // namespace tidemark
