#include "jobs/row_program.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "connectors/rows/json_scan.h"
#include "rows/expr/kernel.h"
#include "rows/row_batch.h"
#include "rows/value_text.h"

namespace tidemark {

// One stage with its memory.
class RowProgram::StageRunner {
 public:
  explicit StageRunner(const RowStage& stage) : stage_(stage), reader_(stage.wanted) {
    for (const StageExpression& condition : stage.conditions) {
      conditions_.emplace_back(condition.expression.root);
    }
    for (const StageOutput& output : stage.outputs) {
      values_.emplace_back();
      if (output.value) values_.back().emplace(output.value->expression.root);
    }
  }

  void Run(std::span<JsonRow> rows, std::span<RowOutcome> outcomes) {
    Load(rows, outcomes);
    for (size_t i = 0; i < conditions_.size(); ++i) Filter(i, outcomes);
    if (!stage_.outputs.empty()) Select(rows, outcomes);
  }

 private:
  // Reads the rows that are kept so far.
  void Load(std::span<JsonRow> rows, std::span<RowOutcome> outcomes) {
    kept_.clear();
    sources_.clear();
    for (size_t i = 0; i < rows.size(); ++i) {
      if (outcomes[i].kind != RowOutcome::Kind::kKept) continue;
      kept_.push_back(i);
      sources_.push_back(rows[i].raw);
    }
    unreadable_.clear();
    reader_.Read(sources_, batch_, unreadable_);
    faults_.Reset(sources_.size());
    arena_.Reset();
  }

  // A row whose column cannot be read is bad as soon as an expression reads that column.
  void FailUnreadable(std::span<const size_t> columns) {
    for (const RowFault& fault : unreadable_) {
      const bool is_read = std::find(columns.begin(), columns.end(), fault.column) != columns.end();
      if (is_read) faults_.Add(fault.row, fault.what);
    }
  }

  // Moves the selected rows that failed to the outcomes.
  void DropFailed(std::string_view role, std::span<RowOutcome> outcomes) {
    if (faults_.empty()) return;
    Selection& selection = batch_.selection();
    for (const RowFault& fault : faults_.all()) {
      RowOutcome& outcome = outcomes[kept_[fault.row]];
      const bool is_selected = std::binary_search(selection.begin(), selection.end(), fault.row);
      if (!is_selected || outcome.kind != RowOutcome::Kind::kKept) continue;
      outcome = {.kind = RowOutcome::Kind::kBad, .reason = Cat(role, ": ", fault.what)};
    }
    std::erase_if(selection, [&](uint32_t row) {
      return outcomes[kept_[row]].kind == RowOutcome::Kind::kBad;
    });
  }

  const Column& Evaluate(const StageExpression& expression, Evaluator& evaluator,
                         std::span<RowOutcome> outcomes) {
    FailUnreadable(expression.columns);
    const Column& result = evaluator.Run(batch_, batch_.selection(), arena_, faults_);
    DropFailed(expression.role, outcomes);
    return result;
  }

  void Filter(size_t i, std::span<RowOutcome> outcomes) {
    const Column& result = Evaluate(stage_.conditions[i], conditions_[i], outcomes);
    std::erase_if(batch_.selection(), [&](uint32_t row) {
      const bool passes = !result.IsNull(row) && result.WordAt(row) != 0;
      if (!passes) outcomes[kept_[row]].kind = RowOutcome::Kind::kDropped;
      return !passes;
    });
  }

  void Select(std::span<JsonRow> rows, std::span<RowOutcome> outcomes) {
    columns_.clear();
    for (size_t i = 0; i < stage_.outputs.size(); ++i) {
      const StageOutput& output = stage_.outputs[i];
      if (output.source) {
        FailUnreadable({&*output.source, 1});
        DropFailed(output.role, outcomes);
        columns_.push_back(&batch_.column(*output.source));
      } else if (output.value) {
        columns_.push_back(&Evaluate(*output.value, *values_[i], outcomes));
      } else {
        columns_.push_back(nullptr);
      }
    }
    for (const uint32_t row : batch_.selection()) {
      JsonRow& out = rows[kept_[row]];
      written_.clear();
      Write(row, out.raw);
      out.raw.assign(written_);
    }
  }

  void Write(uint32_t row, std::string_view source) {
    written_ += '{';
    for (size_t i = 0; i < stage_.outputs.size(); ++i) {
      if (stage_.outputs[i].is_others) {
        WriteOthers(source);
        continue;
      }
      Separate();
      written_ += stage_.outputs[i].label;
      AppendJson(columns_[i]->At(row), written_);
    }
    written_ += '}';
  }

  void WriteOthers(std::string_view source) {
    JsonFieldScanner fields(source);
    std::string_view name, value;
    while (fields.Next(name, value)) {
      if (IsSelected(name)) continue;
      Separate();
      written_ += name;
      written_ += ": ";
      written_ += value;
    }
  }
  void Separate() {
    if (written_.size() > 1) written_ += ", ";
  }
  bool IsSelected(std::string_view quoted) const {
    if (quoted.find('\\') != std::string_view::npos) {
      const auto name = JsonUnquoted(quoted);
      return name.ok() && stage_.names.contains(*name);
    }
    const std::string_view name = quoted.substr(1, quoted.size() - 2);
    return std::any_of(stage_.names.begin(), stage_.names.end(),
                       [&](const std::string& selected) { return selected == name; });
  }

  const RowStage& stage_;
  JsonColumns reader_;
  std::vector<Evaluator> conditions_;
  std::vector<std::optional<Evaluator>> values_;  // of the outputs
  std::vector<size_t> kept_;                      // the row of each row of the batch
  std::vector<std::string_view> sources_;
  RowBatch batch_;
  Arena arena_;
  Faults faults_;
  std::vector<RowFault> unreadable_;
  std::vector<const Column*> columns_;
  std::string written_;
};

RowProgram::RowProgram(std::vector<RowStage> stages)
    : stages_(std::make_shared<const std::vector<RowStage>>(std::move(stages))) {
  for (const RowStage& stage : *stages_) runners_.push_back(std::make_unique<StageRunner>(stage));
}
RowProgram::RowProgram(const RowProgram& other) : stages_(other.stages_) {
  for (const RowStage& stage : *stages_) runners_.push_back(std::make_unique<StageRunner>(stage));
}
RowProgram& RowProgram::operator=(const RowProgram& other) {
  *this = RowProgram(other);
  return *this;
}
RowProgram::RowProgram(RowProgram&&) noexcept = default;
RowProgram& RowProgram::operator=(RowProgram&&) noexcept = default;
RowProgram::~RowProgram() = default;

void RowProgram::Run(std::span<JsonRow> rows, std::span<RowOutcome> outcomes) {
  TM_CHECK(rows.size() == outcomes.size(), "each row has an outcome");
  for (const auto& runner : runners_) runner->Run(rows, outcomes);
}

}  // namespace tidemark
