// Mistakes in `where` and `select`: each has one message, at its place in the YAML.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <variant>
#include <vector>

#include "base/files.h"
#include "base/status.h"
#include "jobs/job_parser.h"
#include "jobs/job_spec.h"

namespace tidemark {
namespace {

// A job whose steps begin in line 4. Its rows have the fields net, Mag and place.country.
std::string Message(const std::string& steps, const std::string& source = "") {
  const std::string from =
      source.empty() ? "{file: in.jsonl, fields: [net, Mag, place, place.country]}" : source;
  const auto job =
      ParseJob(Cat("name: j\nsource: ", from, "\nsteps:\n", steps, "\nsink: stdout\n"), "j");
  return job.ok() ? "fine" : std::string(ToStd(job.status().message()));
}

TEST(RowSteps, AreRead) {
  const auto job = ParseJob(
      "name: j\nsource: stdin\nsink: stdout\nsteps:\n"
      "- where: mag >= 5\n- select: {'*', name: upper(net), \"one\": 1}\n",
      "j");
  ASSERT_TRUE(job.ok()) << job.status();
  EXPECT_EQ(std::get<WhereSpec>(job->steps.at(0).step).condition.text, "mag >= 5");
  const auto& items = std::get<SelectSpec>(job->steps.at(1).step).items;
  ASSERT_EQ(items.size(), 3u);
  EXPECT_TRUE(items[0].is_others);
  EXPECT_EQ(items[1].name, "name");
  EXPECT_EQ(items[1].value.text, "upper(net)");
  EXPECT_EQ(items[2].value.text, "1");
}

TEST(RowSteps, MayBeAnywhere) {
  EXPECT_EQ(Message("- where: mag > 1\n- key_by: net\n- where: mag < 9\n- select: {m: mag}\n"
                    "- batch: {max_items: 2}\n- select: {n: json_array_length(items)}\n"
                    "- where: n > 1"),
            "fine");
}

TEST(RowSteps, MistakesHaveTheirPlaces) {
  EXPECT_EQ(Message("- where: net = 'a' and nett = 1"),
            "j:4:24: the rows have no field 'nett' here; did you mean 'net'?");
  EXPECT_EQ(Message("- where: \"'é' = nett\""),
            "j:4:17: the rows have no field 'nett' here; did you mean 'net'?");
  EXPECT_EQ(Message("- where: lowr(net) = 'a'"),
            "j:4:10: unknown function 'lowr'; did you mean 'lower'?");
  EXPECT_EQ(Message("- where: mag >"), "j:4:15: syntax error at end of input");
  EXPECT_EQ(Message("- where: mag::int + 1"), "j:4:19: where needs boolean, not bigint");
  EXPECT_EQ(
      Message("- where: []"),
      "j:4:10: where must be an expression like mag >= 5 (in quotes if it begins like another "
      "YAML value), found an empty list");
  EXPECT_EQ(Message("- select: {a: nett, b: lowr(net)}"),
            "j:4:15: the rows have no field 'nett' here; did you mean 'net'?\n"
            "j:4:24: unknown function 'lowr'; did you mean 'lower'?");
  EXPECT_EQ(Message("- select: {a: round(mag, 2)}"),
            "j:4:15: quotes are needed around a comma: a: \"round(mag, 2)\"");
  EXPECT_EQ(Message("- select: {a: }"),
            "j:4:12: a must be an expression like mag >= 5 (in quotes if it begins like another "
            "YAML value), found nothing");
  EXPECT_EQ(Message("- select: net"),
            "j:4:11: select must be a map of names and expressions, like {name: upper(net), total: "
            "price * quantity}, found 'net'");
  EXPECT_EQ(Message("- select: {'*': all}"),
            "j:4:17: '*' must be alone: it stands for all other fields, found 'all'");
  EXPECT_EQ(Message("- where: mag > 1\n- where: 1 / 0 = net", "stdin"), "j:5:12: division by zero");
  EXPECT_EQ(Message("- where: a = 1", "{file: a, format: lines}"),
            "j:4:3: where needs rows with fields; a source with format: lines has none");
}

TEST(RowSteps, TheFieldsAfterThemAreKnown) {
  EXPECT_EQ(Message("- where: NET = 'a' and mag > 1 and place.country = 'JP'"), "fine");
  EXPECT_EQ(Message("- select: {m: mag}\n- key_by: net\n- batch: {max_items: 1}"),
            "j:5:11: the rows have no field 'net' here; what can be a key is: m");
  EXPECT_EQ(Message("- select: {m: mag}\n- key_by: m\n- batch: {max_items: 1}"), "fine");
  EXPECT_EQ(Message("- select: {'*', m: mag}\n- where: net = 'a' and m = 1 and k = 1"),
            "j:5:34: the rows have no field 'k' here; what can be a value is: net, Mag, place, "
            "place.country, m");
  EXPECT_EQ(Message("- select: {p: place}\n- where: p.country = 'JP' and p.town = 'x'"),
            "j:5:31: the rows have no field 'p.town' here; what can be a value is: p, p.country");
  EXPECT_EQ(Message("- key_by: net\n- batch: {max_items: 1}\n- where: mag = 1"),
            "j:6:10: the rows have no field 'mag' here; what can be a value is: net");
  EXPECT_EQ(Message("- select: {a: 1}\n- where: b = 1", "stdin"),
            "j:5:10: the rows have no field 'b' here; what can be a value is: a");
  EXPECT_EQ(Message("- select: {'*', a: 1}\n- where: b = 1", "stdin"), "fine");
}

TEST(RowSteps, ASelectMayChangeAKeyOrTheTimesOfWindows) {
  const std::string window =
      "- key_by: net\n- window: {clock: {event_time: t, watermark: WHICH}, tumbling: {length: 1s, "
      "align_to: 2022-01-01T00:00:00Z}, aggregate: {n: count}}\n";
  const std::string second =
      "- window: {name: w2, clock: {event_time: window_close}, tumbling: {length: 1s, "
      "align_to: 2022-01-01T00:00:00Z}, aggregate: {n: count}}";
  const auto with = [&](const std::string& scope, const std::string& between) {
    std::string first = window;
    first.replace(first.find("WHICH"), 5, scope);
    return Message(first + between + second, "stdin");
  };
  EXPECT_EQ(with("per_key", "- where: n > 1\n- key_by: net\n"), "fine");
  EXPECT_EQ(with("per_key", "- select: {'*', m: n}\n- key_by: net\n"), "fine");
  EXPECT_THAT(with("per_key", "- select: {'*', net: upper(net)}\n- key_by: net\n"),
              ::testing::HasSubstr("under another key"));
  EXPECT_EQ(with("per_stream", "- select: {'*', net: upper(net)}\n- key_by: net\n"), "fine");
  EXPECT_THAT(with("per_stream", "- select: {'*', window_close: window_open}\n"),
              ::testing::HasSubstr("needs max_out_of_orderness"));
}

}  // namespace
}  // namespace tidemark
