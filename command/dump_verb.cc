// `tidemark dump DIR`: what is stored, step by step, key by key.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "recovery/inspect.h"
#include "command/terminal.h"
#include "command/verbs.h"
#include "command/window_look.h"

namespace tidemark {
namespace {

// Windows of one key: those beyond are counted. Machines get more of them.
constexpr size_t kWindowsShownMax = 50;
constexpr size_t kWindowsJsonMax = 10'000;

class Dump {
 public:
  Dump(const StateInspector& inspector, const CommandLine& line, const WindowValues* values)
      : inspector_(inspector),
        record_(inspector.record()),
        values_(values),
        json_(line.Has("json")),
        raw_(line.Has("raw")),
        steps_only_(line.Has("steps")),
        options_{.step = line.Text("step"), .key = line.Text("key")} {}

  absl::Status Print(uint64_t limit, const std::string& directory) {
    options_.limit = limit;
    // With a key that is not there nothing at all is printed.
    if (!options_.key) TM_RETURN_IF_ERROR(PrintHead());
    if (steps_only_) return PrintSteps();
    TM_RETURN_IF_ERROR(
        inspector_.Dump(options_, [this](const DumpedKey& key) { return PrintKey(key); }));
    if (options_.key && keys_ == 0) {
      return absl::NotFoundError(Cat(directory, ": no key '", *options_.key, "' is here",
                                     options_.step ? Cat(" in step '", *options_.step, "'") : ""));
    }
    return PrintStepsWithoutKeys();
  }

 private:
  absl::Status PrintHead() { return json_ ? absl::OkStatus() : PutLine(DescribeRecord(record_)); }

  static absl::Status PutLines(const std::vector<std::string>& lines, const char* before = "") {
    for (const std::string& line : lines) TM_RETURN_IF_ERROR(PutLine(Cat(before, line)));
    return absl::OkStatus();
  }

  absl::Status PrintStep(const StepRecord& step) {
    return json_ ? PutLine(StepToJson(step)) : PutLines(DescribeStep(step));
  }

  // Steps without their keys: parameters, watermarks, what came too late.
  absl::Status PrintSteps() {
    bool found = false;
    for (const StepRecord& step : record_.steps) {
      if (options_.step && *options_.step != step.name) continue;
      found = true;
      TM_RETURN_IF_ERROR(PrintStep(step));
    }
    // Says which there are.
    if (options_.step && !found) return inspector_.Dump(options_, nullptr);
    return absl::OkStatus();
  }

  const StepRecord* StepOf(const DumpedKey& key) const {
    for (const StepRecord& step : record_.steps) {
      if (step.name == key.step) return &step;
    }
    return nullptr;
  }

  absl::Status PrintKey(const DumpedKey& key) {
    const StepRecord& step = *StepOf(key);
    if (keys_++ == 0 && options_.key) TM_RETURN_IF_ERROR(PrintHead());
    if (!json_ && key.step != step_shown_) {
      step_shown_ = key.step;
      TM_RETURN_IF_ERROR(PrintStep(step));
    }
    std::optional<WindowsLook> look;
    if (!raw_) {
      TM_ASSIGN_OR_RETURN(look, LookAtWindows(record_, step, key, values_,
                                              json_ ? kWindowsJsonMax : kWindowsShownMax));
    }
    if (json_) return PutLine(look ? WindowsToJson(key, *look) : DumpedKeyToJson(key));
    return PutLines(look ? WindowsToLines(key, *look) : DumpedKeyToLines(key), "  ");
  }

  // They say what came too late, too.
  absl::Status PrintStepsWithoutKeys() {
    for (const StepRecord& step : record_.steps) {
      if (json_ || options_.key || step.keys > 0) continue;
      if (options_.step && *options_.step != step.name) continue;
      TM_RETURN_IF_ERROR(PrintStep(step));
    }
    return absl::OkStatus();
  }

  const StateInspector& inspector_;
  const EpochRecord& record_;
  const WindowValues* const values_;
  const bool json_, raw_, steps_only_;
  DumpOptions options_;
  std::string step_shown_;
  uint64_t keys_ = 0;
};

int DumpState(const CommandLine& line, Files& files, const WindowValues* values) {
  const auto limit = line.Number("limit");
  if (!limit.ok()) return Complain(limit.status());
  const auto inspector = StateInspector::Open(files, line.Word(0));
  if (!inspector.ok()) return Complain(inspector.status());
  return FinishOutput(Dump(**inspector, line, values).Print(limit->value_or(0), line.Word(0)));
}

}  // namespace

Verb DumpVerb(Files& files, const WindowValues* values) {
  return {
      .name = "dump",
      .summary = "print the state, key by key",
      .words = {"DIR: a state directory or a snapshot"},
      .flags = {{"step", "NAME", "this step only"},
                {"key", "KEY", "this key only, as it is shown or as JSON"},
                {"limit", "N", "at most N keys"},
                {"steps", "", "no keys: steps, watermarks, and what came too late"},
                {"raw", "", "windows as they are stored: panes, parts of sums, clocks"},
                {"json", "", "one JSON object a line"}},
      .about =
          "Prints what is stored as of the last committed epoch: lists with their items, "
          "open windows with what they would give now and when they close. The job may be "
          "running, and its program is not needed.",
      .examples = {"dump out/job.state", "dump out/job.state --key hv --json",
                   "dump out/job.state --steps"},
      .run = [&files, values](const CommandLine& line) { return DumpState(line, files, values); }};
}

}  // namespace tidemark
