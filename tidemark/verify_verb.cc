// `tidemark verify DIR`: reads everything, prints what is fine and each fault.

#include <cstdio>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/quantity.h"
#include "base/status.h"
#include "recovery/verify.h"
#include "state/value_json.h"
#include "tidemark/verbs.h"

namespace tidemark {
namespace {

constexpr int64_t kProgressIntervalUs = 2'000'000;

std::string ListJson(const std::vector<std::string>& texts) {
  std::string json = "[";
  for (const std::string& text : texts) {
    if (json.size() > 1) json += ", ";
    AppendJsonString(text, json);
  }
  return json + "]";
}

std::string PartJson(const VerifiedPart& part) {
  std::string json = "{\"path\": ";
  AppendJsonString(part.path, json);
  return Cat(json, ", \"fine\": ", part.fine() ? "true" : "false", ", \"epoch\": ", part.epoch,
             ", \"rows\": ", part.rows, ", \"keys\": ", part.keys, ", \"bytes\": ", part.bytes,
             ", \"shares_with\": ", ListJson(part.shares_with),
             ", \"faults\": ", ListJson(part.faults), ", \"more_faults\": ", part.more_faults, "}");
}

void PrintText(const VerifiedPart& part) {
  std::string line = Cat(part.path, ": ");
  if (part.fine()) {
    line += Cat("fine; epoch ", part.epoch, ", ", FormatCount(part.rows), " rows, ",
                FormatCount(part.keys), " keys, ", FormatBytes(part.bytes), " of tables");
  } else {
    const uint64_t faults = part.faults.size() + part.more_faults;
    line += faults == 1 ? std::string("1 fault") : Cat(FormatCount(faults), " faults");
  }
  if (!part.shares_with.empty()) {
    line += "; shares files with ";
    for (size_t i = 0; i < part.shares_with.size(); ++i) {
      const std::string& other = part.shares_with[i];
      line += Cat(i == 0 ? "" : ", ", other.substr(other.find_last_of('/') + 1));
    }
  }
  std::printf("%s\n", line.c_str());
  for (const std::string& fault : part.faults) std::printf("  %s\n", fault.c_str());
  if (part.more_faults > 0) {
    std::printf("  and %s more\n", FormatCount(part.more_faults).c_str());
  }
}

}  // namespace

int VerifyVerb(const Words& words, Files& files) {
  const CommandLine line({"DIR: a state directory or a snapshot"},
                         {{"json", "", "one JSON object a line"}}, words);
  if (!line.status().ok()) return Complain(line.status(), 2);
  int64_t said_us = MonotonicMicros();
  VerifyOptions options;
  options.progress = [&](const std::string& path, uint64_t bytes) {
    const int64_t now = MonotonicMicros();
    if (now - said_us < kProgressIntervalUs) return;
    said_us = now;
    std::fprintf(stderr, "tidemark: %s read so far, now %s\n", FormatBytes(bytes).c_str(),
                 path.c_str());
  };
  const auto parts = Verify(files, line.Word(0), options);
  if (!parts.ok()) return Complain(parts.status(), 1);
  bool fine = true;
  for (const VerifiedPart& part : *parts) {
    fine = fine && part.fine();
    if (line.Has("json")) {
      std::printf("%s\n", PartJson(part).c_str());
    } else {
      PrintText(part);
    }
  }
  return std::fflush(stdout) == 0 && fine ? 0 : 1;
}

}  // namespace tidemark
