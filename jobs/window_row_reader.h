// WindowRowReader: makes WindowRows of rows: reads the time and what the aggregates take.
//
//   WindowRowReader reader({.time_field = "time", .fields = aggregates.fields()});
//   TM_RETURN_IF_ERROR(fields.Load(row.raw));
//   TM_ASSIGN_OR_RETURN(WindowRow out, reader.Read(fields, std::move(row), now));
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/timestamp.h"
#include "connectors/rows/json_row.h"
#include "jobs/aggregates.h"
#include "jobs/time_unit.h"
#include "jobs/window_row.h"

namespace tidemark {

struct WindowRowOptions {
  std::optional<std::string> time_field = std::nullopt;  // nothing: the clock is the system's
  std::optional<TimeUnit> unit = std::nullopt;
  // How far a time may lie ahead of `now`; compared where a row is read from a source.
  Span max_ahead = Span::Infinite();
  std::vector<Aggregates::Field> fields = {};
  bool keep_row = false;  // a late row is written somewhere
};

// Thread rule: constant after construction; may be shared.
class WindowRowReader {
 public:
  explicit WindowRowReader(WindowRowOptions options) : options_(std::move(options)) {}

  // `loaded` has the row. InvalidArgument when its time is missing, no time, or too far ahead, and
  // when a value is none: an object or a list, or no number where one is added up.
  absl::StatusOr<WindowRow> Read(JsonFieldReader& loaded, JsonRow&& row, Timestamp now) const;

 private:
  absl::StatusOr<Timestamp> ReadTime(JsonFieldReader& loaded, Timestamp now) const;

  const WindowRowOptions options_;
};

}  // namespace tidemark
