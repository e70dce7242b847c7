#include "tests/faults/fault_trial.h"

#include <algorithm>
#include <string_view>

#include "absl/strings/str_split.h"
#include "base/check.h"
#include "base/status.h"
#include "connectors/sqlite/sqlite_test_support.h"

namespace tidemark::faults {
namespace {

std::string Ended(const ChildProcess::End& end) {
  std::string first = end.err.substr(0, end.err.find('\n'));
  const std::string how =
      end.signal != 0 ? Cat("signal ", end.signal) : Cat("exit code ", end.exit_code);
  return first.empty() ? how : Cat(how, ": ", first);
}

// "tidemark: out: cannot sync: …", "step 'one': …". Notes are off, so each line is about what
// went wrong. A path is what precedes the first colon and has no space.
bool NamesAPlace(std::string_view line) {
  constexpr std::string_view kProgram = "tidemark: ";
  if (line.substr(0, kProgram.size()) == kProgram) line.remove_prefix(kProgram.size());
  const size_t colon = line.find(':');
  const std::string_view first = line.substr(0, colon);
  return line.find('/') != std::string_view::npos || first.find("step '") == 0 ||
         (colon != std::string_view::npos && first.find(' ') == std::string_view::npos);
}

bool SomeLineNamesAPlace(const std::string& text) {
  for (const auto& line : absl::StrSplit(text, '\n')) {
    if (NamesAPlace(ToStd(line))) return true;
  }
  return false;
}

// What no user should see, however a run ends; empty: nothing.
std::string Unseemly(const ChildProcess::End& end) {
  if (end.signal != 0) return Cat("ended by signal ", end.signal);
  if (end.exit_code < 0 || end.exit_code > 3) return Cat("ended with code ", end.exit_code);
  for (const char* words : {"internal error", "Assertion", "terminate called"}) {
    if (end.err.find(words) != std::string::npos) return Cat("said '", words, "'");
  }
  return "";
}

// Once a run has committed, it says so with whatever ends it.
bool CommittedNothing(const ChildProcess::End& end) {
  return end.exit_code != 0 && end.err.find("the state is at epoch") == std::string::npos;
}

std::string RowsOf(const std::string& database, const std::string& table) {
  return Ask(database, Cat("SELECT * FROM ", table, " ORDER BY 1, 2"));
}

}  // namespace

FaultTrial::FaultTrial(const TrialOptions& options, const FaultJob& job)
    : options_(options),
      job_(job),
      work_(JoinPath(options.scratch, "work")),
      beginning_(JoinPath(options.scratch, "beginning")),
      left_(JoinPath(options.scratch, "left")),
      files_(NewPosixFiles()) {}

std::string FaultTrial::Work(std::string_view name) const { return JoinPath(work_, name); }

std::vector<std::string> FaultTrial::Words(const std::vector<std::string>& arguments) const {
  std::vector<std::string> words = {options_.program};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

ChildProcess::End FaultTrial::Run(const std::vector<std::string>& arguments) const {
  return ChildProcess(Words(arguments), {.directory = work_}).Wait();
}

// With hard links kept: a store and its snapshots share files.
void FaultTrial::Copy(const std::string& from, const std::string& to) {
  Remove(to);
  const auto end = ChildProcess({"/bin/cp", "-a", from, to}, {}).Wait();
  TM_CHECK(end.exit_code == 0, "a directory can be copied");
}

void FaultTrial::Remove(const std::string& path) {
  TM_CHECK(RemoveTree(*files_, path).ok(), "a directory can be removed");
}

FaultTrial::Contents FaultTrial::Read(const std::string& root) const {
  Contents contents;
  for (const FaultOutput& output : job_.outputs) {
    const std::string path = JoinPath(root, output.path);
    if (!files_->Stat(path).ok()) {
      contents.push_back("(missing)");
    } else if (!output.table.empty()) {
      contents.push_back(RowsOf(path, output.table));
    } else {
      const auto bytes = ReadSmallFile(*files_, path);
      contents.push_back(bytes.ok() ? *bytes : std::string(bytes.status().message()));
    }
  }
  return contents;
}

std::string FaultTrial::Difference(const Contents& expected) const {
  const Contents found = Read(work_);
  for (size_t i = 0; i < found.size(); ++i) {
    if (found[i] == expected[i]) continue;
    const auto [a, b] =
        std::mismatch(found[i].begin(), found[i].end(), expected[i].begin(), expected[i].end());
    const FaultOutput& output = job_.outputs[i];
    return Cat(output.path, output.table.empty() ? "" : Cat(", table ", output.table), ": ",
               found[i].size(), " bytes instead of ", expected[i].size(),
               ", which differ from byte ", a - found[i].begin(), " on");
  }
  return "";
}

absl::Status FaultTrial::Append(int rows) {
  std::string text;
  for (int i = 0; i < rows; ++i) text += InputRow(rows_++);
  TM_ASSIGN_OR_RETURN(const auto file, files_->OpenAppend(Work("rows.jsonl")));
  return file->Append(text);
}

absl::StatusOr<FaultTrial::Contents> FaultTrial::Undisturbed(
    const std::vector<std::string>& arguments) {
  Copy(beginning_, work_);
  const auto end = Run(arguments);
  if (end.exit_code != 0) {
    return absl::InternalError(Cat(job_.name, ", undisturbed: ", Ended(end)));
  }
  return Read(work_);
}

absl::Status FaultTrial::Prepare() {
  Remove(work_);
  rows_ = 0;
  TM_RETURN_IF_ERROR(files_->CreateDirectories(work_));
  TM_RETURN_IF_ERROR(WriteFileAtomically(*files_, Work("job.yaml"), job_.text));
  for (const FaultStage& stage : job_.before) {
    TM_RETURN_IF_ERROR(Append(stage.rows));
    const auto end = Run(stage.command);
    if (end.exit_code != 0) {
      return absl::InternalError(Cat(job_.name, ", before: ", Ended(end)));
    }
  }
  TM_RETURN_IF_ERROR(Append(job_.rows));
  Copy(work_, beginning_);
  TM_ASSIGN_OR_RETURN(expected_, Undisturbed(job_.command));
  for (size_t i = 0; i < expected_.size(); ++i) {
    if (expected_[i].size() < 100) {
      return absl::InternalError(Cat(job_.name, ": hardly anything is in ", job_.outputs[i].path));
    }
  }
  if (!job_.former.empty()) {
    replaced_ = Read(beginning_);
    TM_ASSIGN_OR_RETURN(former_expected_, Undisturbed(job_.former));
  }
  const Verdict counted = Try({.at = 0});
  counts_ = counted.run.counts;
  if (!counted.violations.empty()) {
    return absl::InternalError(Cat(job_.name, ", only counted: ", counted.violations[0]));
  }
  return absl::OkStatus();
}

Verdict FaultTrial::Try(const Fault& fault) {
  Copy(beginning_, work_);
  Verdict verdict;
  verdict.run = RunWithFault({options_.library, work_, JoinPath(options_.scratch, "ledger")},
                             Words(job_.command), fault);
  if (fault.at != 0 && !verdict.run.delivered) return verdict;
  JudgeEnd(verdict.run, verdict.violations);
  const bool replaces = !job_.former.empty();
  if (replaces) Copy(work_, left_);
  JudgeRepetition(verdict.run, verdict.violations);
  if (replaces) {
    Copy(left_, work_);
    JudgeFormer(verdict.run, verdict.violations);
    JudgeReplaced(verdict.run, verdict.violations);
  }
  return verdict;
}

void FaultTrial::JudgeEnd(const FaultRun& run, std::vector<std::string>& violations) const {
  if (run.hung) {
    violations.push_back("hung");
    return;
  }
  const std::string unseemly = Unseemly(run.end);
  if (!unseemly.empty()) {
    violations.push_back(Cat(unseemly, ": ", run.end.err));
  } else if (run.end.exit_code != 0 && !SomeLineNamesAPlace(run.end.err)) {
    violations.push_back(Cat("names neither path nor step: ", Ended(run.end)));
  } else if (run.end.exit_code == 0) {
    const std::string difference = Difference(expected_);
    if (!difference.empty()) violations.push_back(Cat("exit code 0, but ", difference));
  }
}

void FaultTrial::JudgeRepetition(const FaultRun& run, std::vector<std::string>& violations) const {
  // What a start with --fresh asks for is done once it has committed, and it says so.
  const bool says_later = run.end.err.find("the same command without --") != std::string::npos;
  const bool later = (run.end.exit_code == 0 || says_later) && !job_.later.empty();
  const auto end = Run(later ? job_.later : job_.command);
  const char* const which = later ? "the later command" : "the same command";
  if (end.exit_code != 0) {
    // Stuck, or only told the wrong command?
    const bool other = !later && !job_.later.empty();
    const bool goes_on = other && Run(job_.later).exit_code == 0 && Difference(expected_).empty();
    violations.push_back(Cat(which, " does not continue",
                             !other    ? ""
                             : goes_on ? " (the later one does)"
                                       : ", nor does the later one",
                             ": ", Ended(end)));
    return;
  }
  const std::string difference = Difference(expected_);
  if (!difference.empty()) violations.push_back(Cat(which, " went on, but ", difference));
}

void FaultTrial::JudgeFormer(const FaultRun& run, std::vector<std::string>& violations) const {
  const auto end = Run(job_.former);
  const std::string unseemly = Unseemly(end);
  if (!unseemly.empty()) {
    violations.push_back(Cat("the former command ", unseemly, ": ", end.err));
  } else if (end.exit_code == 0) {
    const std::string difference = Difference(former_expected_);
    if (!difference.empty() && !Difference(expected_).empty()) {
      violations.push_back(Cat("the former command went on, but ", difference));
    }
  } else if (CommittedNothing(run.end)) {
    violations.push_back(Cat("the start failed (", Ended(run.end),
                             "), and the former command does not continue: ", Ended(end)));
  }
}

// Whether `content` is still there: in its place, or moved aside in the same directory or database,
// or what was cut off it is.
bool FaultTrial::IsKept(const FaultOutput& output, const std::string& content) const {
  const std::string path = JoinPath(left_, output.path);
  if (!output.table.empty()) {
    const std::string tables = Ask(path, "SELECT name FROM sqlite_master WHERE type = 'table'");
    for (const auto& table : absl::StrSplit(tables, ' ')) {
      if (RowsOf(path, std::string(table)) == content) return true;
    }
    return false;
  }
  const auto names = files_->List(ParentDirectory(path));
  if (!names.ok()) return false;
  for (const std::string& name : *names) {
    auto bytes = ReadSmallFile(*files_, JoinPath(ParentDirectory(path), name));
    if (!bytes.ok()) continue;
    const bool is_tail = JoinPath(ParentDirectory(path), name).starts_with(Cat(path, ".tail-"));
    if (is_tail && !name.ends_with(".tidemark") && bytes->size() <= content.size()) {
      const auto head = ReadSmallFile(*files_, path);
      *bytes = Cat(head.value_or("").substr(0, content.size() - bytes->size()), *bytes);
    }
    if (bytes->compare(0, content.size(), content) == 0) return true;
  }
  return false;
}

void FaultTrial::JudgeReplaced(const FaultRun& run, std::vector<std::string>& violations) const {
  if (!CommittedNothing(run.end)) return;
  for (size_t i = 0; i < replaced_.size(); ++i) {
    const FaultOutput& output = job_.outputs[i];
    if (IsKept(output, replaced_[i])) continue;
    violations.push_back(Cat("the start failed, and what was in ", output.path,
                             output.table.empty() ? "" : Cat(", table ", output.table),
                             " is gone: ", Ended(run.end)));
  }
}

}  // namespace tidemark::faults
