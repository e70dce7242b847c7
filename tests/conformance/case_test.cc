// Reading cases, and comparing what they expect with what came.

#include "tests/conformance/case.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "base/files.h"
#include "tests/conformance/compare.h"
#include "tests/conformance/params.h"

namespace tidemark::conformance {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

Json Parsed(std::string_view text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *std::move(json) : Json();
}

// ---- reading ----------------------------------------

absl::StatusOr<std::vector<Case>> Load(std::string_view text) {
  const auto files = NewPosixFiles();
  const std::string path = JoinPath(::testing::TempDir(), "cases.json");
  EXPECT_TRUE(WriteFileAtomically(*files, path, text).ok());
  return LoadCases(path);
}

std::string LoadError(std::string_view text) { return std::string(Load(text).status().message()); }

TEST(LoadCases, SaysWhichFileAndCaseIsWrong) {
  EXPECT_THAT(LoadError("{}"), HasSubstr("cases.json: is a map and not a list of cases"));
  EXPECT_THAT(LoadError("[}"), HasSubstr("cases.json: not JSON"));
  EXPECT_THAT(LoadError("[1]"), HasSubstr("cases.json: case 1 (no name): is a number"));
  EXPECT_THAT(LoadError(R"([{"name": "n", "input": []}])"),
              HasSubstr(R"(case 1 ("n"): 'operator' is not a text)"));
  EXPECT_THAT(LoadError(R"([{"name": "n", "operator": "map", "input": []}])"),
              HasSubstr("there is no 'expect_down'"));
  EXPECT_THAT(LoadError(R"([{"name": "n", "operator": "map", "input": [], "expect_down": [],
                             "expect_colour": []}])"),
              HasSubstr("'expect_colour' is not an expectation that can be checked"));
}

TEST(LoadCases, LeavesOutWhatIsForPeople) {
  const auto cases = Load(R"([{"name": "n", "operator": "map", "input": [], "expect_down": [],
                               "bytewax_expect_down": [1], "diverges": "x", "notes": "y"}])");
  ASSERT_TRUE(cases.ok()) << cases.status();
  EXPECT_EQ(cases->at(0).file, "cases.json");
  EXPECT_EQ(cases->at(0).expect_down, Json(Json::List()));
}

TEST(ParseEntries, KnowsItemsAndControlEntries) {
  const auto entries = ParseEntries(Parsed(R"([
      ["k", "2024-01-01T00:00:00Z", {"v": 1}], [null, null, null], ["SYSTEM_TIME", "UTC_MAX"],
      ["PAUSE", 0.5], ["EOF"], ["ABORT"], ["SET_LOOKUP", "a", 2], ["NOTIFY"]])")
                                        .list());
  ASSERT_TRUE(entries.ok()) << entries.status();
  using Kind = Entry::Kind;
  std::vector<Kind> kinds;
  for (const Entry& entry : *entries) kinds.push_back(entry.kind);
  EXPECT_THAT(kinds, ElementsAre(Kind::kItem, Kind::kItem, Kind::kSystemTime, Kind::kPause,
                                 Kind::kEof, Kind::kAbort, Kind::kSetLookup, Kind::kOther));
  EXPECT_EQ(entries->at(0).item.key, "k");
  EXPECT_EQ(FormatTimestamp(*entries->at(0).item.at), "2024-01-01T00:00:00Z");
  EXPECT_EQ(entries->at(1).item.key, std::nullopt);
  EXPECT_EQ(entries->at(2).at, Timestamp::Max());
  EXPECT_EQ(entries->at(3).span, Span::Micros(500'000));
  EXPECT_EQ(entries->at(6).item.value, Json(2));
}

TEST(ParseEntries, SaysWhichEntryIsWrong) {
  const auto error = [](std::string_view text) {
    return std::string(ParseEntries(Parsed(text).list()).status().message());
  };
  EXPECT_THAT(error(R"([["EOF"], ["SLEEP", 1]])"),
              HasSubstr(R"(input entry 1 ["SLEEP", 1]: there is no control entry 'SLEEP')"));
  EXPECT_THAT(error(R"([["PAUSE"]])"), HasSubstr("PAUSE takes one argument"));
  EXPECT_THAT(error(R"([["PAUSE", "x"]])"), HasSubstr("seconds are text"));
  EXPECT_THAT(error(R"([["k", "yesterday", 1]])"), HasSubstr("input entry 0"));
  EXPECT_THAT(error(R"([[1, null, 1]])"), HasSubstr("the key is a number"));
  EXPECT_THAT(error("[1]"), HasSubstr("input entry 0 is a number"));
}

TEST(Params, WhatNobodyAskedForIsAnError) {
  const Json map = Parsed(R"({"a": 1, "b": 2, "seed_x": 3, "c": null})");
  Params params(map);
  EXPECT_EQ(params.Integer("a"), 1);
  EXPECT_EQ(params.Integer("c"), std::nullopt);
  EXPECT_EQ(params.Check().message(), "parameter 'b' is not known for this operator");
  params.Ignore("b");
  EXPECT_TRUE(params.Check().ok());
}

TEST(Params, AWrongTypeIsAnError) {
  const Json map = Parsed(R"({"a": "1"})");
  Params params(map);
  EXPECT_EQ(params.Integer("a"), std::nullopt);
  EXPECT_EQ(params.Check().message(), "parameter 'a' is text and not a whole number");
}

// ---- comparing ----------------------------------------

// The rows of one execution.
Execution Came(Json::List down) {
  Execution execution;
  execution.down = std::move(down);
  return execution;
}

std::vector<std::string> Compared(RowOrder order, int workers, std::string_view expected,
                                  std::string_view got) {
  Case one;
  one.expect_down = Parsed(expected);
  Outcome outcome;
  outcome.order = order;
  outcome.executions.push_back(Came(Parsed(got).list()));
  return Differences(one, outcome, {.workers = workers});
}

TEST(Compare, RowsOfDifferentKeysMayComeInAnyOrder) {
  EXPECT_THAT(Compared(RowOrder::kPerKey, 1, R"([["a", 1], ["b", 1], ["a", 2]])",
                       R"([["b", 1], ["a", 1], ["a", 2]])"),
              IsEmpty());
  EXPECT_THAT(Compared(RowOrder::kPerKey, 3, R"([["a", 1], ["a", 2]])", R"([["a", 2], ["a", 1]])"),
              ElementsAre(R"(down, key "a": row 0 is ["a", 2] instead of ["a", 1])",
                          R"(down, key "a": row 1 is ["a", 1] instead of ["a", 2])"));
}

TEST(Compare, RowsWithoutAKeyAreInOrderWithOneWorkerOnly) {
  EXPECT_THAT(Compared(RowOrder::kOfOneWorker, 3, "[1, 2]", "[2, 1]"), IsEmpty());
  EXPECT_EQ(Compared(RowOrder::kOfOneWorker, 1, "[1, 2]", "[2, 1]").size(), 2u);
  EXPECT_THAT(Compared(RowOrder::kNone, 1, "[1, 2]", "[2, 1]"), IsEmpty());
}

TEST(Compare, AMultisetCounts) {
  EXPECT_THAT(Compared(RowOrder::kNone, 1, "[1, 1, 2]", "[1, 2, 2]"),
              ElementsAre("down: a row is missing: 1", "down: a row is not expected: 2"));
}

TEST(Compare, RowsMissingAndTooManyAreShown) {
  EXPECT_THAT(Compared(RowOrder::kOfOneWorker, 1, "[1, 2]", "[1]"),
              ElementsAre("down: row 1 is missing instead of 2"));
  EXPECT_THAT(Compared(RowOrder::kOfOneWorker, 1, "[1]", "[1, 2]"),
              ElementsAre("down: row 1 is not expected: 2"));
  EXPECT_THAT(Compared(RowOrder::kPerKey, 1, "[]", R"([["a", 1]])"),
              ElementsAre(R"(down, key "a": row 0 is not expected: ["a", 1])"));
}

TEST(Compare, EveryExecutionIsCompared) {
  Case one;
  one.executions = 2;
  one.expect_down = Parsed("[[1], [2]]");
  Outcome outcome;
  outcome.executions.push_back(Came({1}));
  EXPECT_THAT(Differences(one, outcome, {}),
              ElementsAre("down, execution 2: row 0 is missing instead of 2"));
  one.expect_down = Parsed("[1, 2]");
  EXPECT_THAT(Differences(one, outcome, {}),
              ElementsAre("expect_down is not a list of rows for each execution"));
}

TEST(Compare, WhereARowCameIsComparedWhenAskedFor) {
  Case one;
  one.expect_down = Parsed(R"([["a", 1]])");
  one.emit_at = Parsed("[4]");
  Outcome outcome;
  outcome.order = RowOrder::kPerKey;
  outcome.executions.push_back(Came(one.expect_down->list()));
  outcome.executions[0].down_at = {"EOF"};
  EXPECT_THAT(Differences(one, outcome, {}), IsEmpty());
  EXPECT_EQ(Differences(one, outcome, {.emit_at = true}).size(), 1u);
}

TEST(Compare, AnErrorIsExpectedByItsText) {
  Case one;
  one.expect_error = "no such thing";
  Outcome outcome;
  EXPECT_THAT(Differences(one, outcome, {}),
              ElementsAre("the run succeeded; an error was expected: no such thing"));
  outcome.error = absl::NotFoundError("step 'x': no such thing here");
  EXPECT_THAT(Differences(one, outcome, {}), IsEmpty());
  one.expect_error = "another thing";
  EXPECT_EQ(Differences(one, outcome, {}).size(), 1u);
  one.expect_error = {};
  EXPECT_THAT(Differences(one, outcome, {}),
              ElementsAre("the run failed: step 'x': no such thing here"));
}

TEST(Compare, KnowsTheClassesOfPython) {
  for (const char* name :
       {"ValueError", "TypeError: bad operand", "bytewax.errors.BytewaxRuntimeError",
        "KeyboardInterrupt", "StopIteration"}) {
    EXPECT_TRUE(NamesPythonClass(name)) << name;
  }
  for (const char* text :
       {"input directory does not exist", "Error", "an Error occurred", "EOF", "Value error"}) {
    EXPECT_EQ(NamesPythonClass(text), std::string(text) == "Error") << text;
  }
}

}  // namespace
}  // namespace tidemark::conformance
