// ParseAggregate: "max(mag)" as a kind of aggregate and a field.
//
//   ParseAggregate("count")                     // {kCount}, the rows
//   ParseAggregate("count(distinct place.id)")  // {kCountDistinct, "place.id"}
//   ParseAggregate("maxx(mag)")                 // a mistake, at byte 0
//
// The grammar is SQL's, by PostgreSQL's own parser: exactly one call of one function over one
// field. So a field whose name is a word of SQL, or has a blank, stands in double quotes. SQL folds
// names without quotes to lower case; here the field is given as it was written, and whoever knows
// the fields of the rows may match it without regard to case.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "jobs/aggregate_spec.h"

namespace tidemark {

inline constexpr size_t kAggregateBytesMax = 1000;

struct ParsedAggregate {
  AggregateKind kind = AggregateKind::kCount;
  std::optional<std::string> field;  // a path as in JsonFieldReader::Get
  size_t field_at = 0;               // in bytes of the text
};

struct AggregateMistake {
  std::string what;
  size_t at = 0;  // in bytes of the text
};

std::variant<ParsedAggregate, AggregateMistake> ParseAggregate(std::string_view text);

}  // namespace tidemark
