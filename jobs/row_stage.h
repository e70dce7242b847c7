// RowStages: consecutive `where` and `select` steps, bound to the fields of the rows they get.
//
//   RowStageBinder binder(fields);                 // of the rows before the steps
//   binder.Where(where, problems);
//   binder.Select(select, problems);               // every mistake, with its place
//   RowProgram program(binder.Take());             // row_program.h
//   binder.fields();                               // of the rows after them
//
// A stage reads its rows once: any number of conditions, then perhaps a select, which makes new
// rows.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "jobs/job_spec.h"
#include "jobs/problems.h"
#include "jobs/row_fields.h"
#include "rows/expr/binder.h"
#include "rows/expr/expression.h"
#include "rows/json_reader.h"

namespace tidemark {

// An expression with the columns that it reads.
struct StageExpression {
  Expression expression;
  std::vector<size_t> columns;  // of RowStage::wanted
  std::string role;             // for messages: "where", "select 'total'"
};

// A field of a select: the source bytes of a column, or the value of an expression.
struct StageOutput {
  bool is_others = false;  // '*': the other fields of the row
  std::string label = {};  // "\"total\": "
  std::string role = {};
  std::optional<size_t> source = {};
  std::optional<StageExpression> value = {};
};

struct RowStage {
  std::vector<JsonColumns::Wanted> wanted;
  std::vector<StageExpression> conditions;
  std::vector<StageOutput> outputs;  // none: rows stay as they are
  std::set<std::string> names;       // of the outputs
};

class RowStageBinder {
 public:
  explicit RowStageBinder(RowFields fields) : fields_(std::move(fields)) {}

  void Where(const WhereSpec& where, Problems& problems);
  void Select(const SelectSpec& select, Problems& problems);

  // The stages so far. Requires that no problem was reported.
  std::vector<RowStage> Take();
  const RowFields& fields() const { return fields_; }

 private:
  std::optional<Expression> Bind(const ExpressionSpec& spec, bool is_condition, Problems& problems);
  StageExpression Finish(Expression expression, std::string role);
  void Close();

  RowFields fields_;
  std::optional<ExpressionBinder> binder_;
  RowStage stage_;
  std::vector<RowStage> done_;
};

}  // namespace tidemark
