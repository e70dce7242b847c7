#include "tools/tidy/rules.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>
#include <set>
#include <span>

#include "tools/tidy/code_lines.h"

namespace tidemark::tidy {
namespace {

constexpr std::size_t kColumnsMax = 100;
constexpr std::size_t kLinesMax = 500;
constexpr std::string_view kAllowance = "// tidy: allowed, ";
constexpr std::string_view kShellAllowance = "# tidy: allowed, ";

// A pattern of paths: `*` is any text, slashes included.
bool Matches(std::string_view pattern, std::string_view path) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == path;
  if (!path.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  for (std::size_t at = star; at <= path.size(); ++at) {
    if (Matches(rest, path.substr(at))) return true;
  }
  return false;
}

bool MatchesAny(std::span<const std::string_view> patterns, std::string_view path) {
  return std::any_of(patterns.begin(), patterns.end(),
                     [&](std::string_view pattern) { return Matches(pattern, path); });
}

bool IsWordChar(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

// Whether `code` contains `name` as a name of its own. A name that ends in ( is that function's
// call; a member of another class (x.rand()) is another function.
bool Names(std::string_view code, std::string_view name) {
  for (std::size_t at = code.find(name); at != code.npos; at = code.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    const char before = at == 0 ? ' ' : code[at - 1];
    const bool member = before == '.' || (before == '>' && at > 1 && code[at - 2] == '-');
    const bool starts = !IsWordChar(before) && !member;
    const bool ends = name.back() == '(' || end == code.size() || !IsWordChar(code[end]);
    if (starts && ends) return true;
  }
  return false;
}

// --- What has one home ---

struct BannedName {
  std::vector<std::string_view> names;
  std::vector<std::string_view> homes;
  std::string_view instead;
};

const std::vector<BannedName>& BannedNames() {
  static const auto& names = *new std::vector<BannedName>{
      {{"std::thread", "std::jthread", "std::async", "pthread_create"},
       {"engine/runner*", "bench/*", "tests/*", "*_test.cc", "third_party/tsan/*"},
       "a worker is a state machine; only engine/runner creates threads"},
      {{"absl::Hash", "absl::HashOf"},
       {},
       "it is seeded per process; what is stored or partitioned uses StableHash "
       "(base/stable_hash.h)"},
      {{"std::random_device", "random_device", "rand(", "srand("},
       {"base/random*"},
       "randomness is seeded and comes in through the constructor (base/random.h)"},
      {{"system_clock::now", "absl::Now(", "GetCurrentTimeNanos", "gettimeofday", "clock_gettime",
        "time(nullptr)", "time(NULL)"},
       {"base/*", "tests/process/setting_clock.cc"},
       "time comes in through the constructor (Clock in base/clock.h)"},
      {{"steady_clock::now"},
       {"base/*", "bench/*", "tests/*"},
       "time comes in through the constructor (Clock in base/clock.h)"},
      {{"sleep_for", "sleep_until", "usleep", "nanosleep", "absl::SleepFor"},
       {"engine/runner*", "tests/*process*"},
       "only engine/runner waits; a test advances its SimClock"},
  };
  return names;
}

struct BannedInclude {
  std::vector<std::string_view> files;  // As in paths, `*` is any text.
  std::vector<std::string_view> homes;
  std::string_view instead;
};

const std::vector<BannedInclude>& BannedIncludes() {
  static const auto& includes = *new std::vector<BannedInclude>{
      {{"rocksdb/*"},
       {"state/rocksdb_*", "recovery/snapshot*", "tests/*", "bench/*"},
       "use the Store interface (state/store.h); RocksDB lives in state/rocksdb_* and "
       "recovery/snapshot*"},
      {{"capnp/*", "kj/*", "*.capnp.h"},
       {"proto/*", "state/*codec*", "tests/*"},
       "use the plain structs that proto/ converts to; its readers throw kj::Exception, which is "
       "caught in proto/ and the codecs only"},
      {{"librdkafka/*"},
       {"connectors/kafka/*", "tests/kafka/*"},
       "Kafka is reached through connectors/kafka"},
      {{"pg_query.h"},
       {"rows/expr/sql_tree.cc"},
       "PostgreSQL's parser is reached through rows/expr/sql_tree"},
  };
  return includes;
}

// The file that the line includes; empty where it includes none.
std::string_view IncludedFile(std::string_view code) {
  const std::size_t hash = code.find_first_not_of(" \t");
  if (hash == code.npos || !code.substr(hash).starts_with("#include")) return {};
  const std::size_t open = code.find_first_of("<\"");
  if (open == code.npos) return {};
  const std::size_t close = code.find_first_of(">\"", open + 1);
  return close == code.npos ? std::string_view() : code.substr(open + 1, close - open - 1);
}

bool IsAllowed(std::string_view raw) {
  const std::size_t at = raw.find(kAllowance);
  return at != raw.npos && raw.size() > at + kAllowance.size();
}

void CheckHomes(std::string_view path, const CodeLine& line, int number,
                std::vector<Finding>& findings) {
  if (IsAllowed(line.raw)) return;
  const std::string_view file = IncludedFile(line.code);
  for (const BannedInclude& rule : BannedIncludes()) {
    if (file.empty() || !MatchesAny(rule.files, file) || MatchesAny(rule.homes, path)) continue;
    findings.push_back(
        {number, "includes " + std::string(file) + ": " + std::string(rule.instead)});
  }
  for (const BannedName& rule : BannedNames()) {
    if (MatchesAny(rule.homes, path)) continue;
    for (const std::string_view name : rule.names) {
      if (!Names(line.code, name)) continue;
      findings.push_back({number, std::string(name) + ": " + std::string(rule.instead)});
      break;
    }
  }
}

// --- Layout and notes ---

std::size_t Columns(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) >> 6) != 2; }));
}

void CheckLayout(std::string_view raw, int number, std::vector<Finding>& findings) {
  if (Columns(raw) > kColumnsMax && !IncludedFile(raw).empty()) return;  // Cannot be broken.
  if (Columns(raw) > kColumnsMax) {
    findings.push_back({number, "longer than " + std::to_string(kColumnsMax) + " columns"});
  }
  if (!raw.empty() && (raw.back() == ' ' || raw.back() == '\t' || raw.back() == '\r')) {
    findings.push_back({number, "ends in white space"});
  }
}

void CheckTodo(std::string_view raw, int number, std::vector<Finding>& findings) {
  constexpr std::array<std::string_view, 3> kKinds = {"(perf)", "(test)", "(port)"};
  constexpr std::string_view kTodo = "TODO";
  const std::size_t at = raw.find(kTodo);
  if (at == raw.npos) return;
  const std::string_view rest = raw.substr(at + kTodo.size());
  if (rest.starts_with("(now)")) {
    findings.push_back({number, "TODO(now) cannot land: do it, or say which kind it is"});
    return;
  }
  const bool has_kind = std::any_of(kKinds.begin(), kKinds.end(),
                                    [&](std::string_view kind) { return rest.starts_with(kind); });
  if (!has_kind) findings.push_back({number, "a TODO has a kind: (perf), (test) or (port)"});
}

void CheckHeader(const std::vector<CodeLine>& lines, std::vector<Finding>& findings) {
  const bool once = std::any_of(lines.begin(), lines.end(),
                                [](const CodeLine& line) { return line.code == "#pragma once"; });
  if (!once) findings.push_back({0, "a header has #pragma once, and no include guard"});
}

bool IsCpp(std::string_view path) { return path.ends_with(".h") || path.ends_with(".cc"); }

// --- Shell scripts ---

bool IsShell(std::string_view path) {
  return path.ends_with(".sh") || path == "dev" || path == ".ci/run";
}

// What loses the failure of a command: the script goes on as if it had succeeded.
void CheckShell(std::string_view raw, int number, std::vector<Finding>& findings) {
  const std::size_t begin = raw.find_first_not_of(" \t");
  if (begin == raw.npos || raw[begin] == '#' || raw.find(kShellAllowance) != raw.npos) return;
  const std::string_view line = raw.substr(begin);
  if (line.find("< <(") != line.npos) {
    findings.push_back({number,
                        "the status of a <( ) is lost: read_lines (tools/dev/basics.sh), or a "
                        "variable and <<<"});
  }
  constexpr std::array<std::string_view, 4> kDeclarations = {"local ", "readonly ", "export ",
                                                             "declare "};
  const bool declares = std::any_of(kDeclarations.begin(), kDeclarations.end(),
                                    [&](std::string_view word) { return line.starts_with(word); });
  if (declares && (line.find("=$(") != line.npos || line.find("=\"$(") != line.npos)) {
    findings.push_back(
        {number, "a declaration hides the status of its $( ): declare first, then assign"});
  }
}

void CheckShellOptions(std::string_view text, std::vector<Finding>& findings) {
  if (!text.starts_with("#!")) return;  // Sourced, under the options of another.
  if (text.find("\nset -euo pipefail\n") == text.npos &&
      text.find("\nset -uo pipefail\n") == text.npos) {
    findings.push_back({0, "a script begins with set -euo pipefail"});
  }
}

std::string FolderOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  return slash == path.npos ? std::string() : std::string(path.substr(0, slash));
}

}  // namespace

bool IsChecked(std::string_view path) {
  constexpr std::array<std::string_view, 3> kOthers = {".bazel", ".bzl", ".capnp"};
  return IsCpp(path) || IsShell(path) ||
         std::any_of(kOthers.begin(), kOthers.end(),
                     [&](std::string_view suffix) { return path.ends_with(suffix); });
}

std::vector<Finding> CheckFile(std::string_view path, std::string_view text) {
  std::vector<Finding> findings;
  const std::vector<CodeLine> lines = SplitCode(text);
  if (IsCpp(path) && lines.size() > kLinesMax) {
    findings.push_back({0, "has " + std::to_string(lines.size()) + " lines, more than " +
                               std::to_string(kLinesMax) + ": one concept per file"});
  }
  if (path.ends_with(".h")) CheckHeader(lines, findings);
  if (IsShell(path)) CheckShellOptions(text, findings);
  // The rules quote what they ban, and their tests break them.
  const bool is_rulebook = path.starts_with("tools/tidy/");
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const int number = static_cast<int>(i) + 1;
    CheckLayout(lines[i].raw, number, findings);
    if (!is_rulebook) CheckTodo(lines[i].raw, number, findings);
    if (!is_rulebook && IsCpp(path)) CheckHomes(path, lines[i], number, findings);
    if (IsShell(path)) CheckShell(lines[i].raw, number, findings);
  }
  return findings;
}

std::vector<std::string> FoldersWithoutReadme(const std::vector<std::string>& paths) {
  constexpr std::array<std::string_view, 5> kExempt = {"third_party*", "tools/bazel", "tools/dev",
                                                       "tools/tidy", "examples/*"};
  const std::set<std::string> all(paths.begin(), paths.end());
  std::vector<std::string> folders;
  for (const std::string& path : all) {
    const std::string folder = FolderOf(path);
    const std::string prefix = folder.empty() ? "" : folder + "/";
    if (path != prefix + "BUILD.bazel" || MatchesAny(kExempt, folder)) continue;
    if (!all.contains(prefix + "README.md")) folders.push_back(folder.empty() ? "." : folder);
  }
  return folders;
}

}  // namespace tidemark::tidy
