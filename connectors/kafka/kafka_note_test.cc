#include "connectors/kafka/kafka_note.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/kafka/kafka_owner.h"
#include "connectors/kafka/kafka_rows.h"
#include "connectors/kafka/kafka_topic.h"

namespace tidemark {
namespace {

TEST(KafkaNote, IsReadAsItWasWritten) {
  const KafkaNote note{.line = "2f6c1d",
                       .session = "91aa03",
                       .epoch = 17,
                       .job = "a job 50% = näh",
                       .state_directory = "/srv/a b.state"};
  EXPECT_EQ(NoteText(note),
            "tidemark/1 line=2f6c1d session=91aa03 epoch=17 job=a%20job%2050%25%20=%20näh "
            "state=/srv/a%20b.state");
  const auto read = ParseNote(NoteText(note));
  ASSERT_TRUE(read.ok()) << read.status();
  EXPECT_EQ(*read, note);
  const KafkaNote stateless{.line = "", .session = "s", .epoch = 1};
  EXPECT_EQ(ParseNote(NoteText(stateless)).value(), stateless);
}

TEST(KafkaNote, FitsIntoWhatBrokersTake) {
  const KafkaNote note{.line = std::string(32, 'a'),
                       .session = std::string(16, 'b'),
                       .epoch = INT64_MAX,
                       .job = std::string(5000, 'j'),
                       .state_directory = std::string(5000, 's')};
  EXPECT_LT(NoteText(note).size(), 4096u);
  EXPECT_EQ(ParseNote(NoteText(note)).value().epoch, INT64_MAX);
}

TEST(KafkaNote, TextOfOthersIsNone) {
  for (const char* text : {"", "offset 7", "tidemark/1 ", "tidemark/1 line=a session=b epoch=x"}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(ParseNote(text).status())) << text;
  }
}

TEST(KafkaSinkId, DiffersForEachJobSinkAndTopic) {
  EXPECT_EQ(KafkaSinkId("quakes", "sink", "daily"), "tidemark/quakes/sink/daily");
  EXPECT_NE(KafkaSinkId("a/b", "c", "t"), KafkaSinkId("a", "b/c", "t"));
}

TEST(KafkaTopicName, IsWhatBrokersTake) {
  for (const char* name : {"t", "a.b_c-D9"}) EXPECT_TRUE(CheckTopicName(name).ok()) << name;
  for (const std::string& name : {std::string(), std::string("."), std::string("a b"),
                                  std::string("ü"), std::string(250, 'a')}) {
    EXPECT_FALSE(CheckTopicName(name).ok()) << name;
  }
}

TEST(KafkaRows, DamageIsSaid) {
  KafkaRowsWriter writer;
  writer.Add("abc");
  writer.Add("");
  const std::vector<std::string> pieces = writer.Take();
  ASSERT_EQ(pieces.size(), 1u);
  KafkaRowsReader whole(pieces[0]);
  EXPECT_EQ(whole.Next().value(), "abc");
  EXPECT_EQ(whole.Next().value(), "");
  EXPECT_EQ(whole.Next().value(), std::nullopt);
  // Cut anywhere but between two rows.
  for (const size_t size : {size_t{0}, size_t{3}, size_t{7}, pieces[0].size() - 1}) {
    KafkaRowsReader cut(std::string_view(pieces[0]).substr(0, size));
    absl::Status status;
    while (status.ok()) {
      const auto value = cut.Next();
      status = value.status();
      if (value.ok() && !value->has_value()) break;
    }
    EXPECT_TRUE(absl::IsDataLoss(status)) << size;
  }
  EXPECT_TRUE(writer.Take().empty());
}

// ---- whether a run may go on ----------------------------------------

struct Case {
  const char* what;
  std::optional<KafkaNote> note;
  std::optional<TopicFacts::Committed> resume;
  // What is published then; -1: refused.
  int64_t plain = 0;
  int64_t take_over = 0;
};

KafkaNote NoteOf(const std::string& line, int64_t epoch) {
  return {.line = line, .session = "s", .epoch = epoch, .job = "j", .state_directory = "/s"};
}

TEST(PlanTopic, GoesOnWhereNothingIsRepeatedOrLost) {
  using At = TopicFacts::Committed;
  const std::vector<Case> cases = {
      {"a fresh start into a new topic", {}, {}, 0, 0},
      {"a fresh start after runs without a state", NoteOf("", 4), {}, 0, 0},
      {"a fresh start after another state", NoteOf("other", 4), {}, -1, 0},
      {"a fresh start after the state that it replaces", NoteOf("replaced", 4), {}, -1, 0},
      {"all is published", NoteOf("ours", 5), At{"ours", 5, 3, "t"}, 5, 5},
      {"the last epoch is not published yet", NoteOf("ours", 3), At{"ours", 5, 3, "t"}, 3, 3},
      {"the first epoch is not published yet", {}, At{"ours", 5, 0, "t"}, 0, 0},
      {"nothing was ever written", {}, At{"ours", 0, 0, "t"}, 0, 0},
      {"the topic is ahead", NoteOf("ours", 6), At{"ours", 5, 3, "t"}, -1, 5},
      {"the topic is behind", NoteOf("ours", 2), At{"ours", 5, 3, "t"}, -1, 3},
      {"the note is gone", {}, At{"ours", 5, 3, "t"}, -1, 3},
      {"the job names another topic", {}, At{"ours", 5, 3, "before"}, -1, 3},
      {"a fork in a topic of its own", {}, At{"original", 5, 3, "t"}, 5, 5},
      {"a fork in the original's topic", NoteOf("original", 7), At{"original", 5, 3, "t"}, -1, 5},
      {"the original after its fork", NoteOf("fork", 7), At{"ours", 5, 3, "t"}, -1, 3},
      {"from a snapshot, in place of a state", NoteOf("replaced", 5), At{"replaced", 5, 3, "t"}, 5,
       5},
      {"from an older one", NoteOf("replaced", 9), At{"replaced", 5, 3, "t"}, -1, 5},
  };
  for (const Case& c : cases) {
    TopicFacts facts{.where = "topic 't'",
                     .topic = "t",
                     .note = c.note,
                     .run_line = "ours",
                     .replaced_line = "replaced",
                     .resume = c.resume};
    const TopicPlan plain = PlanTopic(facts);
    EXPECT_EQ(plain.refusal.ok() ? plain.published : -1, c.plain)
        << c.what << ": " << plain.refusal;
    EXPECT_TRUE(plain.say.empty()) << c.what;
    if (!plain.refusal.ok()) {
      EXPECT_NE(plain.refusal.message().find("--take-over"), absl::string_view::npos) << c.what;
    }
    facts.take_over = true;
    const TopicPlan taken = PlanTopic(facts);
    EXPECT_TRUE(taken.refusal.ok()) << c.what;
    EXPECT_EQ(taken.published, c.take_over) << c.what;
    EXPECT_EQ(taken.say.empty(), plain.refusal.ok()) << c.what;
  }
}

}  // namespace
}  // namespace tidemark
