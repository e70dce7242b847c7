// `tidemark verify DIR`: reads everything, prints what is fine and each fault.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/quantity.h"
#include "base/status.h"
#include "command/exit_code.h"
#include "command/terminal.h"
#include "command/verbs.h"
#include "recovery/verify.h"
#include "state/value_json.h"

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

std::string PartLine(const VerifiedPart& part) {
  std::string line = Cat(part.path, ": ");
  if (part.fine()) {
    line += Cat("fine; epoch ", part.epoch, ", ", FormatCount(part.rows),
                part.rows == 1 ? " row, " : " rows, ", FormatCount(part.keys),
                part.keys == 1 ? " key, " : " keys, ", FormatBytes(part.bytes), " of tables");
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
  return line;
}

absl::Status PrintText(const VerifiedPart& part) {
  TM_RETURN_IF_ERROR(PutLine(PartLine(part)));
  for (const std::string& fault : part.faults) TM_RETURN_IF_ERROR(PutLine(Cat("  ", fault)));
  if (part.more_faults == 0) return absl::OkStatus();
  return PutLine(Cat("  and ", FormatCount(part.more_faults), " more"));
}

int VerifyAll(const CommandLine& line, Files& files) {
  int64_t said_us = MonotonicMicros();
  VerifyOptions options;
  options.progress = [&](const std::string& path, uint64_t bytes) {
    const int64_t now = MonotonicMicros();
    if (now - said_us < kProgressIntervalUs) return;
    said_us = now;
    PutMessage(Cat(FormatBytes(bytes), " read so far, now ", path));
  };
  const auto parts = Verify(files, line.Word(0), options);
  if (!parts.ok()) return Complain(parts.status());
  bool fine = true;
  for (const VerifiedPart& part : *parts) {
    fine = fine && part.fine();
    const absl::Status put = line.Has("json") ? PutLine(PartJson(part)) : PrintText(part);
    if (!put.ok()) return FinishOutput(put);
  }
  const int code = FinishOutput(absl::OkStatus());
  return fine ? code : kExitNeedsPerson;
}

}  // namespace

Verb VerifyVerb(Files& files) {
  return {.name = "verify",
          .summary = "read all of a state and name what is damaged",
          .words = {"DIR: a state directory or a snapshot"},
          .flags = {{"json", "", "one JSON object a line"}},
          .about =
              "Reads every block of the store and of all snapshots, and decodes every row. It "
              "prints `fine` or each fault, and ends with 3 when anything is damaged. The job "
              "may be running.",
          .examples = {"verify out/job.state", "verify /backup/job-2026-11-22"},
          .run = [&files](const CommandLine& line) { return VerifyAll(line, files); }};
}

}  // namespace tidemark
