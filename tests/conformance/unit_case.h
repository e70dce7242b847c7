// UnitCase: what an operator at unit level works with.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/conformance/case.h"
#include "tests/conformance/outcome.h"
#include "tests/conformance/params.h"

namespace tidemark::conformance {

class UnitCase {
 public:
  // Both outlive this object. `directory` is empty and the case's own.
  UnitCase(const Case& one, std::vector<Entry> entries, std::string directory)
      : params_(one.params), entries_(std::move(entries)), directory_(std::move(directory)) {
    rows_.order = RowOrder::kAsTheyCome;
    rows_.executions.emplace_back();
  }

  Params& params() { return params_; }
  const std::vector<Entry>& entries() const { return entries_; }
  const std::string& directory() const { return directory_; }

  void Row(Json row) { rows_.executions[0].down.push_back(std::move(row)); }
  void Meta(Json row) { rows_.executions[0].meta.push_back(std::move(row)); }
  void State(Json state) { rows_.state = std::move(state); }
  Outcome TakeOutcome() { return std::move(rows_); }

 private:
  Params params_;
  const std::vector<Entry> entries_;
  const std::string directory_;
  Outcome rows_;
};

}  // namespace tidemark::conformance
