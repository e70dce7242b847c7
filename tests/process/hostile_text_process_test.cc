// Goal: whatever the command is told or reads, what it prints is lines of harmless text: no control
// character, no mark of direction and no byte that is not UTF-8 of anything it quotes reaches a
// terminal, and no message looks like two.
// Method: a text with all of them as word, path, name, field, key and row, through every verb; each
// line that is printed must be what Printable() leaves alone.

#include "base/printable.h"
#include "tests/process/bad_input_fixture.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

// ESC, BEL, a line of ours, CSI in eight bits and as a character, right-to-left override, DEL.
constexpr char kHostile[] =
    "h\x1b[2J\x07\ntidemark: done\r\x9b\xc2\x9b\xe2\x80\xae\x7f\xff"
    "e";
// The same where UTF-8 is asked for, as YAML and JSON escape it.
constexpr char kEscaped[] = "h\\u001b[2J\\u0007\\ntidemark: done\\r\\u009b\\u202e\\u007fe";

class HostileText : public BadInput {
 protected:
  static void ExpectHarmless(const ChildProcess::End& end, const std::string& what) {
    for (const std::string* text : {&end.out, &end.err}) {
      EXPECT_TRUE(text->empty() || text->back() == '\n') << what << "\n" << *text;
      std::string line;
      for (const char c : *text) {
        if (c != '\n') {
          line += c;
          continue;
        }
        EXPECT_EQ(line, Printable(line)) << what;
        const bool has_head = line.rfind("tidemark: ", 0) == 0 || line.rfind("job.yaml:", 0) == 0 ||
                              line.rfind("h\\u001b", 0) == 0;
        EXPECT_TRUE(text == &end.out || has_head) << what << "\n" << *text;
        EXPECT_NE(line, "tidemark: done") << what;
        line.clear();
      }
    }
  }
  ChildProcess::End ExpectHarmless(const Words& words) {
    std::string what;
    for (const std::string& word : words) what += Cat(Printable(word), " ");
    const auto end = Command(words);
    ExpectHarmless(end, what);
    return end;
  }
  void ExpectHarmlessJob(const std::string& from, const std::string& to) {
    Write("job.yaml", JobWith(from, to));
    ExpectHarmless({"validate", "job.yaml"});
    ExpectHarmless({"run", "job.yaml"});
  }
};

TEST_F(HostileText, AsAWordOfTheCommand) {
  const std::string h = kHostile;
  for (const Words& words :
       {Words{h}, Words{"help", h}, Words{"--" + h}, Words{"-" + h}, Words{"run", h},
        Words{"run", "job.yaml", h}, Words{"run", "job.yaml", "--" + h}, Words{"validate", h},
        Words{"dump", h}, Words{"verify", h}, Words{"snapshots", h}, Words{"snapshot", h},
        Words{"explain", "job.yaml", h}, Words{"explain", h, h},
        Words{"dump", ".", "--limit", h}}) {
    EXPECT_NE(ExpectHarmless(words).exit_code, 0);
  }
  for (const char* flag : {"--epoch", "--workers", "--memory", "--rate", "--skip-item",
                           "--max-disk", "--from", "--snapshot-every", "--keep-snapshots"}) {
    EXPECT_NE(ExpectHarmless({"run", "job.yaml", flag, h}).exit_code, 0) << flag;
  }
  ExpectHarmless({"run", "job.yaml", "--skip-item", Cat(h, "/file@1")});
}

TEST_F(HostileText, AsTheNameOfAStateOrAnOutput) {
  const std::string h = kHostile;
  ASSERT_EQ(ExpectHarmless({"run", "job.yaml", "--state", h, "--out", "o" + h}).exit_code, 0);
  ExpectHarmless({"run", "job.yaml", "--state", h, "--out", "o" + h});
  ExpectHarmless({"run", "job.yaml", "--state", Cat(h, "/store"), "--fresh"});
  ExpectHarmless({"run", "job.yaml", "--state", h, "--drop-state", h});
  for (const char* verb : {"snapshot", "snapshots", "verify", "dump"}) {
    EXPECT_EQ(ExpectHarmless({verb, h}).exit_code, 0) << verb;
    EXPECT_EQ(ExpectHarmless({verb, h, "--json"}).exit_code, 0) << verb;
  }
  ExpectHarmless({"snapshot", h, "--name", h});
  ExpectHarmless({"explain", "job.yaml", h});
  ExpectHarmless({"dump", h, "--key", h});
  ExpectHarmless({"dump", h, "--step", h});
  Write(Cat(h, "/", h), "a file that is not ours");
  ExpectHarmless({"run", "job.yaml", "--state", h});
}

TEST_F(HostileText, InAJobFile) {
  const std::string quoted = Cat("\"", kEscaped, "\"");
  ExpectHarmlessJob("name: job", Cat("name: ", quoted));
  ExpectHarmlessJob("key_by: k", Cat("key_by: ", quoted));
  ExpectHarmlessJob("key_by: k", Cat(quoted, ": k"));
  ExpectHarmlessJob("max_items: 4", Cat("max_items: ", quoted));
  ExpectHarmlessJob("max_items: 4", Cat("max_items: 4, name: ", quoted));
  ExpectHarmlessJob("file: in.jsonl", Cat("file: ", quoted));
  ExpectHarmlessJob("file: in.jsonl", Cat("file: in.jsonl, format: ", quoted));
  ExpectHarmlessJob("file: out/job.jsonl", Cat("file: ", quoted));
  ExpectHarmlessJob("state: out/job.state", Cat("state: ", quoted));
  ExpectHarmlessJob("{max_items: 4}", kHostile);
  ExpectHarmlessJob(
      "batch: {max_items: 4}",
      Cat("window: {clock: system_time, tumbling: 1m, aggregate: {", quoted, ": ", quoted, "}}"));
}

TEST_F(HostileText, InRows) {
  const std::string key = Cat("{\"k\": \"", kEscaped, "\", \"n\": 1}\n");
  // A key in the state, and in a list that is given out.
  Write(kInput, key + key + Cat("{\"", kEscaped, "\": 1, \"k\": 2}\n"));
  EXPECT_EQ(ExpectHarmless({"run", "job.yaml"}).exit_code, 0);
  Write("job.yaml", JobWith("batch: {max_items: 4}",
                            "window: {clock: {event_time: n, unit: s}, tumbling: 1d, at_eof: keep, "
                            "aggregate: {first: first(k), all: collect(k)}}"));
  Write(kInput, key + key);
  ASSERT_EQ(ExpectHarmless({"run", "job.yaml", "--fresh"}).exit_code, 0);
  for (const Words& flags : {Words{}, Words{"--raw"}, Words{"--json"}, Words{"--json", "--raw"}}) {
    Words words = {"dump", kState};
    words.insert(words.end(), flags.begin(), flags.end());
    const auto dump = ExpectHarmless(words);
    EXPECT_THAT(dump.out, HasSubstr("h\\u001b[2J\\u0007\\ntidemark: done"));
  }
  // Rows that are not, with each way to take them.
  for (const char* rule : {"stop", "skip"}) {
    Write("job.yaml", JobWith("{file: in.jsonl}", Cat("{file: in.jsonl, on_error: ", rule, "}")));
    for (const std::string& row :
         {Cat("{\"k\": ", kHostile, "}\n"), std::string(kHostile) + "\n",
          Cat("{\"k\": {\"", kEscaped, "\": 1}}\n"), Cat("{\"n\": \"", kEscaped, "\"}\n")}) {
      Write(kInput, Rows(3) + row);
      ExpectHarmless({"run", "job.yaml", "--fresh"});
    }
  }
}

}  // namespace
}  // namespace tidemark
