#include "rows/expr/truth.h"

namespace tidemark {
namespace {

bool Not(Scalar&, bool& out, bool x) {
  out = !x;
  return true;
}

template <bool kNegated>
void IsNull(KernelContext&, Columns args, Rows rows, Column& out) {
  out.Begin(Type::kBool);
  for (const uint32_t row : rows) out.SetWord(row, args[0]->IsNull(row) != kNegated ? 1 : 0);
}

template <bool kTruth>
void IsTruth(KernelContext&, Columns args, Rows rows, Column& out) {
  out.Begin(Type::kBool);
  for (const uint32_t row : rows) {
    const bool is = !args[0]->IsNull(row) && (args[0]->WordAt(row) != 0) == kTruth;
    out.SetWord(row, is ? 1 : 0);
  }
}

}  // namespace

Kernel TruthTestNamed(std::string_view name) {
  if (name == "not") return RowsOf<Not>;
  if (name == "is not null") return IsNull<true>;
  if (name == "is true") return IsTruth<true>;
  if (name == "is false") return IsTruth<false>;
  return IsNull<false>;
}

}  // namespace tidemark
