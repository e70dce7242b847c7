// RowProgram: runs `where` and `select` steps over batches of JSON rows.
//
//   RowProgram program(stages);
//   std::vector<RowOutcome> outcomes(rows.size());
//   program.Run(rows, outcomes);      // changes rows[i]; outcomes[i] says if it is kept
//
// A row that passes conditions alone keeps its bytes. A select writes a new row: fields that are
// only renamed keep the bytes of their values, so that 2.30 stays 2.30; computed values are written
// by AppendJson() (rows/value_text.h).
//
// Thread rule: used by one thread. A copy has its own memory.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "connectors/rows/json_row.h"
#include "jobs/row_stage.h"

namespace tidemark {

struct RowOutcome {
  enum class Kind {
    kKept,
    kDropped,  // by a condition
    kBad,      // its evaluation failed
  };
  Kind kind = Kind::kKept;
  std::string reason = {};  // of kBad: "where: division by zero"
};

class RowProgram {
 public:
  // No steps: keeps rows as they are.
  RowProgram() : RowProgram(std::vector<RowStage>()) {}
  explicit RowProgram(std::vector<RowStage> stages);
  RowProgram(const RowProgram& other);
  RowProgram& operator=(const RowProgram& other);
  RowProgram(RowProgram&&) noexcept;
  RowProgram& operator=(RowProgram&&) noexcept;
  ~RowProgram();

  bool empty() const { return stages_->empty(); }

  // Works on the rows whose outcome is kKept, each by itself. Requires valid JSON objects, and as
  // many outcomes as rows.
  void Run(std::span<JsonRow> rows, std::span<RowOutcome> outcomes);

 private:
  class StageRunner;

  std::shared_ptr<const std::vector<RowStage>> stages_;
  std::vector<std::unique_ptr<StageRunner>> runners_;
};

}  // namespace tidemark
