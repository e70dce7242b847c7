// Goal: a mistake in a program is reported at the line that makes it. Method: programs with one
// mistake each are compiled; the first error must name their line.

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "base/files.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "tests/support/child_process.h"
#include "tests/support/pages.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

constexpr char kBegin[] = R"(#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "tidemark/tidemark.h"
using namespace tidemark;
struct Row { std::string key; int n; absl::Time at; };
inline std::string KeyOf(const Row& r) { return r.key; }
inline Row Parse(std::string line) { return {std::move(line), 1, absl::Now()}; }
struct NoOuts : ValueState<int64_t> {
  using In = Row;
  void OnItem(int64_t&, Row&&, int&) const {}
};
struct OfInts : ValueState<int64_t> {
  using In = int;
  using Outs = std::tuple<int>;
  void OnItem(int64_t&, int&& i, StepContext<Outs>& c) const { c.Emit(i); }
};
struct EndIsNotConst : OfInts {
  using In = Row;
  void OnItem(int64_t&, Row&&, StepContext<Outs>&) const {}
  void OnEnd(int64_t&, StepContext<Outs>&) {}
};
struct NotifiesNever {
  using In = Row;
  using State = Row;
  using Outs = std::tuple<int>;
  KeyState OnItem(State&, Row&&, StepContext<Outs>&) const { return KeyState::kKeep; }
  KeyState OnNotify(State&, StepContext<Outs>&) const { return KeyState::kKeep; }
};
struct Pointer { int* p; };
inline std::pair<std::optional<Pointer>, int> Keep(std::optional<Pointer> p, Row) { return {p, 1}; }
void Build(Flow& flow) {
  auto lines = flow.From("in", Lines("a.txt"));
  auto rows = lines.Map(Parse);
  auto keyed = rows.KeyBy(KeyOf);
  auto windows = keyed.EventTime(&Row::at).Window(Tumbling{absl::Minutes(1)});
  lines.To("lines", LineFile("out.txt")), (void)windows;
)";
constexpr char kEnd[] = "\n}\n";

struct Program {
  const char* what;
  const char* line;
  const char* says = "";  // what docs/cpp.md names for it
};

constexpr Program kRight = {"no mistake", R"(windows.Count("counts");)"};
constexpr Program kWrong[] = {
    {"Map takes another type", "rows.Map([](int n) { return n; });"},
    {"Filter gives no bool", "rows.Filter([](const Row& r) { return r.key; });", "PredicateOf"},
    {"FlatMap gives no range", "rows.FlatMap([](Row r) { return r.n; });"},
    {"KeyBy gives no key", "rows.KeyBy([](const Row& r) { return r; });", "KeyType"},
    {"a sink of another type", R"(rows.To("out", LineFile("out.txt"));)"},
    {"streams of two types are merged", "rows.Merge(lines);"},
    {"a logic without outputs", R"(keyed.Stateful("s", NoOuts{});)"},
    {"a logic for other items", R"(keyed.Stateful("s", OfInts{});)", "LogicOf"},
    {"a state that cannot be stored", R"(keyed.StatefulMap("s", Keep);)", "RecoverableState"},
    {"a mapper that gives no pair",
     R"(keyed.StatefulMap("s", [](std::optional<int64_t> n, Row) { return n; });)"},
    {"a fold of other items",
     R"(keyed.FoldFinal("f", [] { return 0; }, [](int sum, int n) { return sum + n; });)"},
    {"a reduce that gives another type",
     R"(keyed.ReduceFinal("r", [](Row a, Row b) { return a.n + b.n; });)"},
    {"a time that is no time", "keyed.EventTime([](const Row& r) { return r.n; });"},
    {"windows that are no windows", "keyed.EventTime(&Row::at).Window(absl::Minutes(1));"},
    {"a window's reduce of other items",
     R"(windows.Reduce("r", [](int a, int b) { return a + b; });)"},
    {"a maximum by what does not compare",
     R"(keyed.MaxFinal("m", [](const Row& r) { return r; });)"},
    {"an option that is misspelt", R"(keyed.Batch("b", {.max_item = 3});)"},
};

// The compiler names the callback, at a line of ours.
constexpr Program kWrongCallbacks[] = {
    {"an OnEnd that is not const", R"(keyed.Stateful("s", EndIsNotConst{});)",
     "the callback is void OnEnd(State&, StepContext<Outs>&) const"},
    {"an OnNotify without a time", R"(keyed.Stateful("s", NotifiesNever{});)",
     "OnNotify and NotifyAt come together"},
};

class WrongPrograms : public ::testing::Test {
 protected:
  // What the compiler says; empty if it accepts the program.
  std::string Compile(const Program& program) {
    const std::string path = dir_.Path("program.cc");
    EXPECT_EQ(WriteFileAtomically(dir_.files(), path, Cat(kBegin, program.line, kEnd)),
              absl::OkStatus());
    ChildProcess compiler({"/usr/bin/g++", "-std=c++20", "-fsyntax-only", "-fno-diagnostics-color",
                           "-iquote", WorkingCopy().string(), path},
                          {.directory = "", .patience = Span::Seconds(240)});
    const ChildProcess::End end = compiler.Wait();
    return end.exit_code == 0 ? "" : Cat(end.err, "exit code ", end.exit_code);
  }
  static std::string FirstError(const std::string& said) {
    for (const auto line : absl::StrSplit(said, '\n')) {
      if (absl::StrContains(line, "error: ")) return std::string(line);
    }
    return said;
  }
  void ExpectSaid(const Program& program, const std::string& said) const {
    EXPECT_TRUE(absl::StrContains(said, program.says)) << said;
    EXPECT_TRUE(absl::StrContains(page_, program.says)) << "docs/cpp.md lacks " << program.says;
  }
  // "program.cc:29:" at the line with the mistake.
  std::string Place() {
    const std::string begin(kBegin);
    return Cat(dir_.Path("program.cc"), ":", 1 + std::count(begin.begin(), begin.end(), '\n'), ":");
  }

  const std::string page_ = ReadWorkingCopy("docs/cpp.md");
  TempDirectory dir_;
};

TEST_F(WrongPrograms, AProgramWithoutAMistakeCompiles) { EXPECT_EQ(Compile(kRight), ""); }

TEST_F(WrongPrograms, TheFirstErrorIsAtTheLineWithTheMistake) {
  for (const Program& program : kWrong) {
    SCOPED_TRACE(program.what);
    const std::string said = Compile(program);
    EXPECT_TRUE(absl::StartsWith(FirstError(said), Place())) << FirstError(said);
    ExpectSaid(program, said);
  }
}

TEST_F(WrongPrograms, ACallbackThatWouldBeOverlookedIsNamed) {
  for (const Program& program : kWrongCallbacks) {
    SCOPED_TRACE(program.what);
    ExpectSaid(program, Compile(program));
  }
}

}  // namespace
}  // namespace tidemark
