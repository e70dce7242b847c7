#include "tests/conformance/operators.h"

namespace tidemark::conformance {

const Operator* FindOperator(std::string_view name) {
  const std::span<const Operator> families[] = {
      StatelessOperators(),     BatchOperators(),  StatefulOperators(),
      SourceAndSinkOperators(), WindowOperators(), WindowUnitOperators(),
  };
  for (const std::span<const Operator> family : families) {
    for (const Operator& op : family) {
      if (op.name == name) return &op;
    }
  }
  return nullptr;
}

}  // namespace tidemark::conformance
