#include "tests/conformance/runner.h"

#include <algorithm>
#include <cstdlib>

#include "base/files.h"
#include "base/status.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/flow_run.h"
#include "tests/conformance/isolate.h"
#include "tests/conformance/operators.h"
#include "tests/conformance/unit_case.h"

namespace tidemark::conformance {
namespace {

constexpr int kSecondsMax = 120;  // for one run of a case

// A new folder, removed with everything in it.
class TemporaryFolder {
 public:
  TemporaryFolder() : files_(NewPosixFiles()) {
    const char* parent = getenv("TEST_TMPDIR");
    if (parent == nullptr) parent = getenv("TMPDIR");
    path_ = JoinPath(parent != nullptr ? parent : "/tmp", "conformance_XXXXXX");
    if (mkdtemp(path_.data()) == nullptr) path_.clear();
  }
  ~TemporaryFolder() {
    // On purpose, because a folder left behind changes no result.
    if (!path_.empty()) RemoveTree(*files_, path_).IgnoreError();
  }
  // Empty when it could not be made.
  const std::string& path() const { return path_; }
  absl::StatusOr<std::string> Make(std::string_view name) const {
    const std::string path = JoinPath(path_, name);
    TM_RETURN_IF_ERROR(files_->CreateDirectories(path));
    return path;
  }

 private:
  const std::unique_ptr<Files> files_;
  std::string path_;
};

absl::StatusOr<Outcome> RunUnitCase(const Case& one, const Operator& op,
                                    const std::string& directory) {
  TM_ASSIGN_OR_RETURN(std::vector<Entry> entries, ParseEntries(one.input));
  UnitCase c(one, std::move(entries), directory);
  for (const char* name : {"workers", "keyed"}) c.params().Ignore(name);
  const absl::Status status = op.run(c);
  TM_RETURN_IF_ERROR(c.params().Check());
  Outcome outcome = c.TakeOutcome();
  outcome.error = status;
  return outcome;
}

// One worker has its store in memory, several have it on disk, and so have changing numbers.
absl::StatusOr<Outcome> RunOnce(const Case& one, const Operator& op,
                                const std::vector<int>& workers) {
  const TemporaryFolder folder;
  if (folder.path().empty()) return absl::InternalError("no temporary folder could be made");
  TM_ASSIGN_OR_RETURN(const std::string files, folder.Make("files"));
  if (op.run != nullptr) return RunUnitCase(one, op, files);
  FlowRunOptions options;
  options.workers = workers;
  options.files_directory = files;
  if (workers != std::vector<int>{1}) options.state_directory = JoinPath(folder.path(), "state");
  return RunFlowCase(one, op, options);
}

// Empty when the case passes.
std::string Failure(const Case& one, const Operator& op, const std::vector<int>& workers,
                    bool emit_at) {
  const auto outcome = RunOnce(one, op, workers);
  if (!outcome.ok()) {
    return Cat("  the case cannot be run: ", outcome.status().message(), "\n");
  }
  const CompareOptions options{.workers = *std::max_element(workers.begin(), workers.end()),
                               .emit_at = emit_at};
  std::string text;
  for (const std::string& line : Differences(one, *outcome, options)) text += Cat("  ", line, "\n");
  if (text.empty()) return text;
  const std::string expected = one.expect_error  ? Cat("error ", *one.expect_error)
                               : one.expect_down ? ToText(*one.expect_down)
                                                 : "nothing";
  return Cat(text, "  expected: ", expected, "\n  result:   ", ToText(DownOf(one, *outcome)), "\n");
}

std::string RunIsolated(const Case& one, const Operator& op, const std::vector<int>& workers,
                        const RunnerOptions& options) {
  const auto text =
      Isolated(kSecondsMax, [&] { return Failure(one, op, workers, options.emit_at); });
  return text.ok() ? *text : Cat("  ", text.status().message(), "\n");
}

struct Counts {
  int passed = 0, failed = 0, skipped = 0;
};

void RunAndPrint(const Case& one, const RunnerOptions& options,
                 const std::function<void(const std::string&)>& print, Counts& counts) {
  bool failed = false;
  for (const std::vector<int>& workers : WorkersOf(one)) {
    const Verdict verdict = RunCase(one, workers, options);
    if (verdict.kind == Verdict::Kind::kNotSupported) {
      print(Cat("not yet supported: ", one.file, ": ", one.name, " (", one.operator_name, ")"));
      ++counts.skipped;
      return;
    }
    if (verdict.kind == Verdict::Kind::kPassed) continue;
    failed = true;
    print(Cat("FAILED ", one.file, ": ", one.name, " (", one.operator_name, ", ",
              WorkersText(workers), ")\n", verdict.text));
  }
  failed ? ++counts.failed : ++counts.passed;
}

}  // namespace

std::vector<std::vector<int>> WorkersOf(const Case& one) {
  const Json* given = one.params.Find("workers");
  if (given == nullptr || given->is_null()) return {{1}, {3}};
  std::vector<int> workers;
  for (const Json& number : given->is_list() ? given->list() : Json::List{*given}) {
    // What is no number of workers is refused by the job, with a message of its own.
    workers.push_back(number.is_integer() ? static_cast<int>(number.integer()) : 0);
  }
  if (workers.empty()) workers.push_back(0);
  return {workers};
}

std::string WorkersText(const std::vector<int>& workers) {
  std::string text;
  for (const int number : workers) text += Cat(text.empty() ? "" : ", ", number);
  return text + (text == "1" ? " worker" : " workers");
}

Verdict RunCase(const Case& one, const std::vector<int>& workers, const RunnerOptions& options) {
  const Operator* op = FindOperator(one.operator_name);
  if (op == nullptr) return {.kind = Verdict::Kind::kNotSupported, .text = {}};
  std::string text = options.isolate ? RunIsolated(one, *op, workers, options)
                                     : Failure(one, *op, workers, options.emit_at);
  const auto kind = text.empty() ? Verdict::Kind::kPassed : Verdict::Kind::kFailed;
  return {.kind = kind, .text = std::move(text)};
}

absl::StatusOr<bool> RunFolder(const std::string& folder, const RunnerOptions& options,
                               const std::function<void(const std::string& line)>& print) {
  TM_ASSIGN_OR_RETURN(const std::vector<std::string> paths, ListCaseFiles(folder));
  Counts counts;
  for (const std::string& path : paths) {
    const auto cases = LoadCases(path);
    if (!cases.ok()) {
      print(Cat("FAILED ", cases.status().message()));
      ++counts.failed;
      continue;
    }
    for (const Case& one : *cases) {
      if (one.name.find(options.only) == one.name.npos) continue;
      RunAndPrint(one, options, print, counts);
    }
  }
  print(Cat(counts.passed, " passed, ", counts.failed, " failed",
            counts.skipped > 0 ? Cat(", ", counts.skipped, " skipped") : ""));
  return counts.failed == 0;
}

}  // namespace tidemark::conformance
