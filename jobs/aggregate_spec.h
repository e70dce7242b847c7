// AggregateSpec: one number (or text, or list) that a window makes of its rows, as plain values.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jobs/problems.h"

namespace tidemark {

enum class AggregateKind {
  kCount,  // rows; with a field those where it is neither null nor missing
  kSum,
  kMin,
  kMax,
  kAvg,
  kFirst,
  kLast,
  kCollect,
  kCountDistinct,
};

struct AggregateSpec {
  std::string name;  // of the field in the window's row
  AggregateKind kind = AggregateKind::kCount;
  std::optional<std::string> field = std::nullopt;  // all but kCount have one
  Place place = {};                                 // of the name
  Place field_place = {};
};

// "count_distinct"
inline std::string_view NameOf(AggregateKind kind) {
  switch (kind) {
    case AggregateKind::kCount:
      return "count";
    case AggregateKind::kSum:
      return "sum";
    case AggregateKind::kMin:
      return "min";
    case AggregateKind::kMax:
      return "max";
    case AggregateKind::kAvg:
      return "avg";
    case AggregateKind::kFirst:
      return "first";
    case AggregateKind::kLast:
      return "last";
    case AggregateKind::kCollect:
      return "collect";
    case AggregateKind::kCountDistinct:
      return "count_distinct";
  }
  return "";
}

// Whether values have to be numbers.
inline bool TakesNumbers(AggregateKind kind) {
  return kind == AggregateKind::kSum || kind == AggregateKind::kAvg;
}
// Whether what comes out depends on the order of the rows.
inline bool DependsOnOrder(AggregateKind kind) {
  return kind == AggregateKind::kFirst || kind == AggregateKind::kLast ||
         kind == AggregateKind::kCollect;
}

}  // namespace tidemark
