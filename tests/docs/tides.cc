#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "command/main.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "tidemark/tidemark.h"

struct Gauge {  // a plain struct is recoverable state
  int readings = 0;
  int highest_cm = 0;
};

std::string Harbour(const std::string& line) { return line.substr(0, line.find(' ')); }

std::pair<std::optional<Gauge>, std::string> Read(std::optional<Gauge> gauge, std::string line) {
  if (!gauge) gauge = Gauge();
  gauge->readings += 1;
  gauge->highest_cm = std::max(gauge->highest_cm, std::stoi(line.substr(line.find(' '))));
  return {gauge, Harbour(line) + ": highest of " + std::to_string(gauge->readings) + " is " +
                     std::to_string(gauge->highest_cm) + " cm"};
}

void Build(tidemark::Flow& flow) {
  flow.From("lines", tidemark::Lines("tides.txt"))
      .KeyBy(Harbour)
      .StatefulMap("gauges", Read)
      .Values()
      .To("report", tidemark::LineFile("out/report.txt"));
}

int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"tides", Build}); }
