#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/strings/numbers.h"
#include "command/main.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "tidemark/tidemark.h"

struct Reading {
  std::string harbour;
  int level_cm = 0;
};

struct Gauge {  // a plain struct is recoverable state
  int64_t readings = 0;
  int highest_cm = 0;
};

absl::Status Parse(std::string_view line, const tidemark::LineOrigin&, Reading& out) {
  const size_t space = line.find(' ');
  out.harbour = std::string(line.substr(0, space));
  if (space == line.npos || !absl::SimpleAtoi(std::string(line.substr(space)), &out.level_cm)) {
    return absl::InvalidArgumentError("expected a harbour and centimetres");
  }
  return absl::OkStatus();
}

std::pair<std::optional<Gauge>, std::string> Measure(std::optional<Gauge> gauge, Reading reading) {
  Gauge next = gauge.value_or(Gauge());
  next.readings += 1;
  next.highest_cm = std::max(next.highest_cm, reading.level_cm);
  return {next, reading.harbour + ": highest of " + std::to_string(next.readings) + " is " +
                    std::to_string(next.highest_cm) + " cm"};
}

void Build(tidemark::Flow& flow) {
  flow.From("lines", tidemark::FileLines<Reading>(
                         {.path = "tides.txt", .on_error = tidemark::OnError::kSkip}, Parse)
                         .WithRate(500))  // per second, to have something to kill
      .KeyBy(&Reading::harbour)
      .StatefulMap("gauges", Measure)
      .Values()
      .To("report", tidemark::LineFile("out/report.txt"));
}

int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"tides", Build}); }
