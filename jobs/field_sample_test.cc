#include "jobs/field_sample.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <string>
#include <vector>

#include "absl/strings/str_replace.h"
#include "base/files.h"
#include "base/status.h"
#include "jobs/job_parser.h"
#include "jobs/job_spec.h"
#include "jobs/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;

class FieldSample : public JobTest {
 protected:
  // The fields of in.jsonl; one that says "unknown" where they are not known.
  std::vector<std::string> Fields(const std::string& bytes, const std::string& options = "") {
    Put("in.jsonl", bytes);
    JobSpec job = Parse(Cat("{name: j, source: {file: '@/in.jsonl'", options, "}, sink: stdout}"));
    SampleFields(*files_, job);
    if (!job.sources[0].fields.has_value()) return {"unknown"};
    rows_ = job.sources[0].fields->rows.size();
    return job.sources[0].fields->names;
  }
  // What ParseJob says of steps on in.jsonl, without the paths.
  std::string Mistakes(const std::string& steps) {
    const std::string text = Cat("name: j\nsource: {file: '", Path("in.jsonl"),
                                 "'}\nsink: stdout\nsteps:\n", steps, "\n");
    const auto job = ParseJob(text, "job.yaml", files_.get());
    if (job.ok()) return "fine";
    return absl::StrReplaceAll(std::string(ToStd(job.status().message())), {{root_ + "/", ""}});
  }
  size_t rows_ = 0;
};

TEST_F(FieldSample, HasTheFieldsOfAllRowsAndTheirObjects) {
  EXPECT_THAT(Fields("{\"b\": 1}\n{\"a\": {\"x\": {\"y\": 2}}, \"b\": [1]}\n"),
              ElementsAre("a", "a.x", "a.x.y", "b"));
  EXPECT_EQ(rows_, 2u);
}

TEST_F(FieldSample, LooksAtTheFirstHundredGoodRows) {
  std::string rows = "no json\n\n";
  for (int i = 0; i < 99; ++i) rows += "{\"a\": 1}\n";
  EXPECT_THAT(Fields(rows + "{\"b\": 1}\n{\"c\": 1}\n"), ElementsAre("a", "b"));
  EXPECT_EQ(rows_, 100u);
}

TEST_F(FieldSample, LeavesAloneWhatItCannotJudge) {
  EXPECT_THAT(Fields(""), ElementsAre("unknown"));
  EXPECT_THAT(Fields("no json\n"), ElementsAre("unknown"));
  EXPECT_THAT(Fields(Cat("{\"long\": \"", std::string(2 << 20, 'x'), "\"}\n")),
              ElementsAre("unknown"));
  EXPECT_THAT(Fields("{\"a\": 1}\n", ", fields: [b]"), ElementsAre("b"));
  EXPECT_THAT(Fields("{\"a\": 1}\n", ", format: lines"), ElementsAre("unknown"));
  std::string many;
  for (int i = 0; i < 3000; ++i) many += Cat(i == 0 ? "{" : ", ", "\"f", i, "\": 1");
  EXPECT_THAT(Fields(many + "}\n"), ElementsAre("unknown"));
  JobSpec job = Parse("{name: j, source: {file: '@/nothing.jsonl'}, sink: stdout}");
  SampleFields(*files_, job);
  EXPECT_FALSE(job.sources[0].fields.has_value());
}

// To open a pipe that nobody writes would block for ever.
TEST_F(FieldSample, DoesNotOpenAPipe) {
  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);
  JobSpec job = Parse("{name: j, source: {file: '@/pipe'}, sink: stdout}");
  SampleFields(*files_, job);
  EXPECT_FALSE(job.sources[0].fields.has_value());
}

TEST_F(FieldSample, FindsWhatIsMisspelt) {
  Put("in.jsonl", "{\"net\": \"ci\", \"mag\": 1, \"at\": 1, \"place\": {\"country\": \"JP\"}}\n");
  EXPECT_EQ(Mistakes("- key_by: nett\n- batch: {max_items: 1}"),
            "job.yaml:5:11: no field 'nett' is in the first row of in.jsonl; did you mean "
            "'net'?");
  EXPECT_EQ(Mistakes("- key_by: place.county\n- window: {clock: {event_time: ta}, tumbling: 1m, "
                     "aggregate: {n: max(mga), m: max(MAG), p: max(place.country)}}"),
            "job.yaml:5:11: no field 'place.county' is in the first row of in.jsonl; did you "
            "mean 'place.country'?\n"
            "job.yaml:6:32: no field 'ta' is in the first row of in.jsonl; did you mean 'at'?\n"
            "job.yaml:6:70: no field 'mga' is in the first row of in.jsonl; did you mean "
            "'mag'?");
  EXPECT_EQ(Mistakes("- key_by: net.x\n- batch: {max_items: 1}"),
            "job.yaml:5:11: no field 'net.x' is in the first row of in.jsonl; what can be a key "
            "is: at, mag, net, "
            "place.country");
  EXPECT_EQ(Mistakes("- key_by: place\n- batch: {max_items: 1}"),
            "job.yaml:5:11: the field 'place' is an object or a list in the first row of in.jsonl, "
            "and a key is a single value; one of its fields is 'place.country'");
}

TEST_F(FieldSample, WhatWasNullMayBeAnythingLater) {
  Put("in.jsonl", "{\"a\": null, \"b\": {}, \"c\": 1}\n{\"c\": {\"d\": 1}}\n");
  for (const char* field : {"a", "a.x", "b.x", "c", "c.d"}) {
    EXPECT_EQ(Mistakes(Cat("- key_by: ", field, "\n- batch: {max_items: 1}")), "fine") << field;
  }
}

}  // namespace
}  // namespace tidemark
