// The operators that the runner knows: a plain table, one file for each family.
//
// To add an operator, add a row to its family's table; to add a family, add a file and a line to
// operators.cc. Most operators build a flow:
//
//   absl::Status BuildCollect(FlowCase& c) {
//     BatchOptions options{.max_items = c.params().Integer("max_size")};
//     c.Down(c.Keyed().Batch("collect", options));
//     return absl::OkStatus();
//   }
//
// An operator at unit level calls a class itself and gives the rows.
#pragma once

#include <span>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tests/conformance/flow_case.h"
#include "tests/conformance/outcome.h"
#include "tests/conformance/unit_case.h"

namespace tidemark::conformance {

struct Operator {
  std::string_view name;
  // One of the two. `build` is called again for every execution.
  absl::Status (*build)(FlowCase& c) = nullptr;
  absl::Status (*run)(UnitCase& c) = nullptr;
};

std::span<const Operator> StatelessOperators();
std::span<const Operator> BatchOperators();
std::span<const Operator> StatefulOperators();
std::span<const Operator> SourceAndSinkOperators();
std::span<const Operator> WindowOperators();
std::span<const Operator> WindowUnitOperators();

// Null when the operator is not yet supported.
const Operator* FindOperator(std::string_view name);

}  // namespace tidemark::conformance
