// docs/cpp.md is true: each program that it shows is a file of docs/cpp, where it is compiled and
// tested; each public header exists and is compiled; each mistake gives the message that the page
// shows. walk_test runs the commands of the page.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <regex>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "connectors/made/testing_source.h"
#include "runtime/session.h"
#include "tests/support/pages.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

constexpr char kPage[] = "docs/cpp.md";
constexpr char kPrograms[] = "docs/cpp";

std::set<std::string> AllMatches(const std::string& text, const std::string& pattern) {
  std::set<std::string> found;
  const std::regex regex(pattern);
  for (auto it = std::sregex_iterator(text.begin(), text.end(), regex);
       it != std::sregex_iterator(); ++it) {
    found.insert((*it)[1]);
  }
  return found;
}

// The text between "\n## heading\n" and the next heading of this level.
std::string Section(const std::string& page, std::string_view heading) {
  const size_t begin = page.find(Cat("\n## ", heading, "\n"));
  if (begin == page.npos) return "";
  return page.substr(begin, page.find("\n## ", begin + 1) - begin);
}

// ---- programs ----

std::vector<std::string> Fenced(const std::string& page) {
  std::vector<std::string> blocks;
  bool inside = false;
  for (const auto line : absl::StrSplit(page, '\n')) {
    if (absl::StartsWith(line, "```")) {
      inside = !inside;
      if (inside) blocks.emplace_back();
    } else if (inside) {
      blocks.back() += Cat(line, "\n");
    }
  }
  return blocks;
}

// The files of the workspace, by name. headers.cc is named and not shown.
std::map<std::string, std::string> Programs() {
  std::map<std::string, std::string> files;
  for (const auto& file : fs::directory_iterator(WorkingCopy() / kPrograms)) {
    const std::string name = file.path().filename().string();
    if (name == "README.md" || name == "headers.cc") continue;
    files[name] = ReadWorkingCopy(Cat(kPrograms, "/", name));
  }
  return files;
}

TEST(CppPage, EachProgramIsAFileThatIsCompiledAndTested) {
  std::map<std::string, std::string> files = Programs();
  for (const std::string& block : Fenced(ReadWorkingCopy(kPage))) {
    const auto file = std::find_if(files.begin(), files.end(), [&](const auto& each) {
      // The page shows the first target; the others are declared in the same way.
      return each.first == "BUILD.bazel" ? each.second.starts_with(block) : each.second == block;
    });
    if (file == files.end()) {
      ADD_FAILURE() << kPage << " shows what is not a file of " << kPrograms << ":\n" << block;
    } else {
      files.erase(file);
    }
  }
  for (const auto& [name, text] : files) ADD_FAILURE() << kPage << " does not show " << name;
}

// ---- public headers ----

TEST(CppPage, EachPublicHeaderIsCompiled) {
  std::set<std::string> named =
      AllMatches(Section(ReadWorkingCopy(kPage), "Public headers"), "`([a-z_]+/[a-z_/]+[.]h)`");
  for (const auto line : absl::StrSplit(ReadWorkingCopy("connectors/README.md"), '\n')) {
    if (!absl::StartsWith(line, "| ")) continue;
    for (const std::string& header : AllMatches(std::string(line), "`([a-z_/]+[.]h)`")) {
      named.insert(Cat("connectors/", header));
    }
  }
  EXPECT_GT(named.size(), 20u);
  const std::string compiled = ReadWorkingCopy(Cat(kPrograms, "/headers.cc"));
  EXPECT_EQ(named, AllMatches(compiled, "#include \"([^\"]+)\""));
}

// ---- mistakes ----

struct Shape {
  int64_t corners = 0;
};
struct Solid {
  std::string name;
};

std::string OfAll(int) { return "all"; }

template <class State>
void Keeping(Flow& flow) {
  flow.From("in", TestingSource<int>({1}))
      .KeyBy(OfAll)
      .StatefulMap("shapes", [](std::optional<State>, int n) {
        return std::pair(std::optional(State()), n);
      });
}

class Mistakes : public ::testing::Test {
 protected:
  // Of building, opening and running a flow.
  absl::Status Try(const std::function<void(Flow&)>& build, const std::string& name = "shapes") {
    Flow flow(name);
    build(flow);
    TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
    SessionOptions options;
    options.state_directory = dir_.Path("state");
    TM_ASSIGN_OR_RETURN(
        const auto session,
        JobSession::Open(std::move(plan), options, {.files = &dir_.files(), .clock = &clock_}));
    return session->Run();
  }

  TempDirectory dir_;
  const SystemClock clock_;
};

// The message of each mistake, by the first cell of its row; the compiler's are in tests/edge.
using Messages = std::map<std::string, std::string>;

void ExpectShown(const std::string& section, Messages messages) {
  for (const auto line : absl::StrSplit(section, '\n')) {
    const std::vector<std::string> cells = absl::StrSplit(line, " | ");
    if (cells.size() != 3 || cells[1] == "the compiler" || cells[0] == "| Mistake") continue;
    const auto message = messages.find(cells[0].substr(2));
    if (message == messages.end()) {
      ADD_FAILURE() << "nothing makes this mistake: " << cells[0];
      continue;
    }
    std::string text = message->second;
    for (const auto part : absl::StrSplit(absl::StripSuffix(cells[2], " |"), "…")) {
      const std::string shown(absl::StripPrefix(absl::StripSuffix(part, "`"), "`"));
      const size_t at = text.find(shown);
      EXPECT_NE(at, text.npos) << cells[0] << " gives: " << message->second;
      if (at != text.npos) text = text.substr(at + shown.size());
    }
    messages.erase(message);
  }
  for (const auto& [mistake, text] : messages) ADD_FAILURE() << "not shown: " << mistake;
}

std::string MessageOf(const absl::Status& status) {
  EXPECT_FALSE(status.ok());
  return std::string(status.message());
}

TEST_F(Mistakes, GiveTheMessagesThatThePageShows) {
  const auto numbers = [](Flow& flow) { return flow.From("in", TestingSource<int>({1})); };
  Messages messages;
  messages["two steps have one name"] =
      MessageOf(Try([&](Flow& flow) { numbers(flow).KeyBy(OfAll).CountFinal("in"); }));
  messages["a flow has no source"] = MessageOf(Try([](Flow&) {}));
  messages["a list has no limit"] =
      MessageOf(Try([&](Flow& flow) { numbers(flow).KeyBy(OfAll).Batch("lists", {}); }));
  ASSERT_EQ(Try(Keeping<Shape>), absl::OkStatus());
  messages["the state belongs to another flow"] = MessageOf(Try(Keeping<Shape>, "solids"));
  messages["the type of a state changed"] = MessageOf(Try(Keeping<Solid>));
  messages["a source was removed or renamed"] =
      MessageOf(Try([](Flow& flow) { flow.From("out", TestingSource<int>({1})); }));
  ExpectShown(Section(ReadWorkingCopy(kPage), "Wrong programs"), std::move(messages));
}

TEST_F(Mistakes, AnExceptionStopsTheRunAndNamesTheStep) {
  const absl::Status status = Try([](Flow& flow) {
    flow.From("in", TestingSource<int>({1}))
        .KeyBy(OfAll)
        .StatefulMap("gauges", [](std::optional<Shape> shape, int n) {
          if (n == 1) throw std::out_of_range("no such harbour");
          return std::pair(shape, n);
        });
  });
  EXPECT_TRUE(absl::IsAborted(status)) << status;
  constexpr char kSays[] = "step 'gauges': the step's own code threw: ";
  EXPECT_THAT(MessageOf(status), ::testing::HasSubstr(kSays));
  EXPECT_NE(ReadWorkingCopy(kPage).find(kSays), std::string::npos) << kPage << " lacks " << kSays;
}

}  // namespace
}  // namespace tidemark
