// Every mistake in a job file has one message, at its place. A new mistake is a new line here.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "jobs/job_parser.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using ::testing::StartsWith;

struct Case {
  std::string text;
  // "9:16: max_items must be …", in order; without the file's name.
  std::vector<std::string> problems;
};

std::string Message(const std::string& text) {
  const auto job = ParseJob(text, "job.yaml");
  if (job.ok()) return "no mistake was found";
  EXPECT_TRUE(absl::IsInvalidArgument(job.status()));
  return std::string(ToStd(job.status().message()));
}

void Check(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    std::string expected;
    for (const std::string& problem : c.problems) {
      expected += Cat(expected.empty() ? "" : "\n", "job.yaml:", problem);
    }
    EXPECT_EQ(Message(c.text), expected) << c.text;
  }
}

// Good jobs but for one part, which stands last.
std::string Job(const std::string& more) {
  return "name: j\nsource: {file: in.jsonl}\nsink: stdout\n" + more;
}
std::string Source(const std::string& source) {
  return "name: j\nsink: stdout\nsource: " + source + "\n";
}
std::string Sink(const std::string& sink) {
  return "name: j\nsource: {file: in.jsonl}\nsink: " + sink + "\n";
}
std::string Steps(const std::string& steps) { return Job("steps:\n" + steps); }
std::string Batch(const std::string& batch) {
  return Steps("- key_by: k\n- batch: " + batch + "\n");
}

TEST(JobMistakes, InYaml) {
  Check({
      {"", {"1:1: the file is empty; a job has at least a name, a source and a sink"}},
      {"# nothing\n---\n",
       {"1:1: the file is empty; a job has at least a name, a source and a sink"}},
      {"- name: j\n", {"1:1: a job must be a map of keys and values, found a list"}},
      {"hello\n", {"1:1: a job must be a map of keys and values, found 'hello'"}},
      {"name: j\nsteps:\n\t- key_by: k\n", {"3:1: a tab; YAML is indented with spaces"}},
      {"name: j\nsource:\n  file: a\n \tformat: json\n",
       {"4:2: a tab; YAML is indented with spaces"}},
      {"name: j\nsink: {file: a\n", {"3:1: not YAML: a '}' or ',' is missing before this"}},
      {"name: j\nsteps: [a, b\nsink: stdout\n",
       {"3:5: not YAML: a ']' or ',' is missing before this"}},
      {"name: a: b\n",
       {"1:8: not YAML: a ':' is not expected here; check the indentation, and put quotes around "
        "text that has ': ' in it"}},
      {"source:\n    file: a\n  format: json\n",
       {"3:3: not YAML: the indentation does not fit the lines above"}},
      {"steps: - key_by: k\n",
       {"1:8: not YAML: a list item cannot begin here; put it on a line of its own"}},
      {"name: @home\n", {"1:7: not YAML: a text with this beginning needs quotes"}},
      {"name: *nobody\n", {"1:7: not YAML: this alias names an anchor that is not set above"}},
      {"name: \"\\q\"\n", {"1:10: not YAML: unknown escape character: q"}},
      {"name: 'j\nsink: stdout\n", {"1:7: the quoted text that begins here does not end"}},
      {"name: \"j\\\"\nsink: stdout\n", {"1:7: the quoted text that begins here does not end"}},
      {"steps: &a [*a]\n", {"1:12: this alias is part of the value that it names"}},
      {Job("---\nname: k\n"), {"4:1: a second document begins here, and a file holds one"}},
      {Job("? [a]\n: b\n"), {"4:3: a key must be a word, found a list"}},
      {std::string("name: a\0b\n", 10), {"1:8: a control character (0x00)"}},
      {"name: j\nsink: a\x04\n", {"2:8: a control character (0x04)"}},
      {"name: j\nsink: a\rb\n", {"2:8: a control character (0x0d)"}},
      {"name: j\nsink: \xff\n",
       {"2:1: this line is not UTF-8; save the file as UTF-8, if it is a job"}},
      {std::string("\x7f"
                   "ELF\n\0\1\n\xff\n\0\n",
                   12),
       {"1:1: a control character (0x7f)", "2:1: a control character (0x00)"}},
      {"name: j\n\xff\n\xfe\n\xfd\n",
       {"2:1: this line is not UTF-8; save the file as UTF-8, if it is a job"}},
      {std::string(5000, '['), {"1:1: not YAML: lists and maps are nested too deeply"}},
  });
}

TEST(JobMistakes, InKeys) {
  Check({
      {Job("naem: k\n"), {"4:1: unknown key 'naem'; did you mean 'name'?"}},
      {Job("colour: red\n"),
       {"4:1: unknown key 'colour'; a job can have: name, source, sources, steps, sink, sinks, "
        "state, epoch, snapshot_every, memory, workers, x-…"}},
      {Job("name: k\n"), {"4:1: the key 'name' is there twice, first at 1:1"}},
      {Job("<<: {state: x}\n"), {"4:1: merge keys ('<<') are not supported; write the keys out"}},
      {"sinks: [stdout]\n",
       {"1:1: a job needs a name, like 'name: my_job'",
        "1:1: a job needs a source, like 'source: {file: rows.jsonl}'"}},
      {"# a comment\n\nname: j\nsource: stdin\n",
       {"3:1: a job needs a sink, like 'sink: {file: out.jsonl}'"}},
      // What was misspelt is not missing as well.
      {"nam: j\nsuorce: stdin\nsinsk: stdout\n",
       {"1:1: unknown key 'nam'; did you mean 'name'?",
        "2:1: unknown key 'suorce'; did you mean 'source'?",
        "3:1: unknown key 'sinsk'; did you mean 'sink'?"}},
      {Job("sources: [stdin]\n"), {"4:1: a job has 'source' or 'sources', not both"}},
      {Job("sinks: [{file: o}]\n"), {"4:1: a job has 'sink' or 'sinks', not both"}},
  });
}

TEST(JobMistakes, InTheJob) {
  Check({
      {"name:\nsource: stdin\nsink: stdout\n", {"1:1: name must be a text, found nothing"}},
      {"name: ''\nsource: stdin\nsink: stdout\n", {"1:7: name must not be empty"}},
      {"name: \"a\\nb\"\nsource: stdin\nsink: stdout\n", {"1:7: a name is a text of one line"}},
      {"name: [j]\nsource: stdin\nsink: stdout\n", {"1:7: name must be a text, found a list"}},
      {Job("state:\n"), {"4:1: state must be a text, found nothing"}},
      {Job("state: {dir: x}\n"), {"4:8: state must be a text, found a map"}},
      {Job("epoch: 10\n"),
       {"4:8: epoch must be a duration like 10s, 1m30s, 24h or 3d, found '10'"}},
      {Job("epoch: inf\n"),
       {"4:8: epoch must be a duration like 10s, 1m30s, 24h or 3d, found 'inf'"}},
      {Job("epoch: -1s\n"), {"4:8: epoch must be longer than zero, found '-1s'"}},
      {Job("epoch: 0s\n"), {"4:8: epoch must be longer than zero, found '0s'"}},
      {"name: 5\nsource: stdin\nsink: stdout\n",
       {"1:7: name must be a text, found 5, a number; write '5'"}},
      {"name: False\nsource: stdin\nsink: stdout\n",
       {"1:7: name must be a text, found False, a boolean; write 'False'"}},
      {Job("workers: \"2\"\n"),
       {"4:10: workers must be a whole number, found a text, '2'; leave out the quotes"}},
      {Job("snapshot_every: 0s\n"), {"4:17: snapshot_every must be longer than zero, found '0s'"}},
      {Job("memory: lots\n"), {"4:9: memory must be a size like 512MiB or 2GB, found 'lots'"}},
      {Job("memory: 512\n"), {"4:9: memory must be at least 1.0 MiB, found '512'"}},
      {Job("memory: 99999999999TiB\n"),
       {"4:9: memory must be a size like 512MiB or 2GB, found '99999999999TiB'"}},
      {Job("workers: 0\n"), {"4:10: workers must be at least 1, found '0'"}},
      {Job("workers: 129\n"), {"4:10: workers must be at most 128, found '129'"}},
      {Job("workers: 1.5\n"), {"4:10: workers must be a whole number, found '1.5'"}},
  });
}

TEST(JobMistakes, InSources) {
  Check({
      {Source(""),
       {"3:1: a source must be a map like {file: rows.jsonl}, or 'stdin' or 'generator', "
        "found nothing"}},
      {Source("rows.jsonl"),
       {"3:9: a source must be a map like {file: rows.jsonl}, or 'stdin' or 'generator', found "
        "'rows.jsonl'"}},
      {Source("{format: json}"), {"3:9: a source needs one of: file, stdin, generator, kafka"}},
      {Source("{fiel: a}"), {"3:10: unknown key 'fiel'; did you mean 'file'?"}},
      {Source("{path: a}"),
       {"3:9: a source needs one of: file, stdin, generator, kafka",
        "3:10: unknown key 'path'; a source can have: file, stdin, generator, kafka, name, "
        "format, on_error, final_line, follow, rate, fields"}},
      {Source("{pulsar: {topic: t}}"),
       {"3:10: pulsar is not there yet; a source has one of file, stdin, generator, kafka"}},
      {Source("{kafka: {topic: t}}"),
       {"3:17: kafka needs brokers, as in {brokers: 'host:9092', topic: t}"}},
      {Source("{kafka: {brokers: 'b:9092', topic: a b}}"),
       {"3:44: a topic has a name of letters, digits, '.', '_' and '-', at most 249 of them"}},
      {Source("{kafka: {brokers: 'b:9092', topic: t}, format: lines}"),
       {"3:48: the messages of kafka are json"}},
      {Source("{kafka: t}"),
       {"3:17: kafka must be a map like {brokers: 'host:9092', topic: t}, found 't'"}},
      {Source("{directory: logs, frmat: json}"),
       {"3:10: directory is not there yet; name files by a pattern, as in 'file: logs/*.jsonl'",
        "3:27: unknown key 'frmat'; did you mean 'format'?"}},
      {Source("{file: a, follow: true, compression: gzip}"),
       {"3:33: compression is not there yet; unpack the file first"}},
      {Source("{file: a, follow: true, final_line: take}"),
       {"3:19: a file that is followed has no final line to take"}},
      {Source("{stdin: , follow: true}"), {"3:19: follow is for files"}},
      {Source("{file: '*/a.jsonl'}"),
       {"3:16: file can be a pattern of the files in one directory, found '*/a.jsonl'"}},
      {Source("{file: 's3://b/k'}"),
       {"3:16: file must be a path, found 's3://b/k'; what is not on this machine is not read "
        "yet"}},
      {Source("{file: 'file:///a'}"),
       {"3:16: file must be a path, found 'file:///a'; write it without file://"}},
      {Source("{file: [a, b]}"),
       {"3:16: file must be one path; name each file as a source of its own under 'sources'"}},
      {Source("{file: a, final_line: drop}"),
       {"3:31: final_line must be 'leave' or 'take', found 'drop'"}},
      {Source("{stdin: , final_line: take}"),
       {"3:19: final_line is for files; the last line of standard input is taken"}},
      {Source("{file: a, stdin: {}}"),
       {"3:19: a source has one of file, stdin, generator, kafka, and 'file' is there already"}},
      {Source("{file: }"), {"3:10: file must be a text, found nothing"}},
      {Source("{stdin: fast}"), {"3:17: stdin takes no options, found 'fast'"}},
      {Source("{file: a, format: xml}"), {"3:27: format must be 'json' or 'lines', found 'xml'"}},
      {Source("{file: a, on_error: [skip]}"),
       {"3:29: on_error must be 'stop' or 'skip', found a list"}},
      {Source("{file: a, rate: fast}"), {"3:25: rate must be a number, 0 or more, found 'fast'"}},
      {Source("{file: a, rate: -1}"), {"3:25: rate must be a number, 0 or more, found '-1'"}},
      {Source("{file: a, rate: inf}"), {"3:25: rate must be a number, 0 or more, found 'inf'"}},
      {Source("{generator: 10}"), {"3:21: generator must be a map like {items: 100}, found '10'"}},
      {Source("{generator: {items: -1, keys: 0, seed: x}}"),
       {"3:29: items must be at least 0, found '-1'", "3:39: keys must be at least 1, found '0'",
        "3:48: seed must be a whole number, found 'x'"}},
      {Source("{generator: {start_time: monday, interval: -1s, item: 3}}"),
       {"3:34: start_time must be a time with a zone like 2022-01-01T00:00:00Z, found 'monday'",
        "3:52: interval must be zero or longer, found '-1s'",
        "3:57: unknown key 'item'; did you mean 'items'?"}},
      {Source("{generator: {}, format: json, on_error: skip}"),
       {"3:25: format means nothing to a generator, whose rows are all good json",
        "3:39: on_error means nothing to a generator, whose rows are all good json"}},
      {"name: j\nsink: stdout\nsources: {}\n",
       {"3:10: sources must be a list of sources, or a map of names and sources, found an empty "
        "map"}},
      {"name: j\nsink: stdout\nsources:\n",
       {"3:1: sources must be a list of sources, or a map of names and sources, found nothing"}},
      {"name: j\nsink: stdout\nsources:\n  a: {file: x, name: b}\n  '': {file: y}\n",
       {"4:16: the name is 'a' already, as the key says", "5:3: a name is a text of one line"}},
      {"name: j\nsink: stdout\nsources: [stdin, stdin]\n",
       {"3:18: the name 'source' is taken by the one at 3:11; each source, batch, window and "
        "sink needs a name of its own, by which its state is found",
        "3:18: standard input is read already by the source at 3:11"}},
      {"name: j\nsink: stdout\nsources:\n  a: {file: x}\n  b: {file: y, format: lines}\n",
       {"5:3: sources of one job have one format, and others here are json"}},
  });
}

TEST(JobMistakes, InSteps) {
  Check({
      {Job("steps: {key_by: k}\n"),
       {"4:8: steps must be a list, each step after '- ', found a map"}},
      {Job("steps:\n"), {"4:1: steps must be a list, each step after '- ', found nothing"}},
      {Steps("- key_by\n"), {"5:3: a step must be a map like {key_by: FIELD}, found 'key_by'"}},
      {Steps("-\n- key_by: k\n"),
       {"5:1: a step must be a map like {key_by: FIELD}, found nothing"}},
      {Steps("- {}\n"), {"5:3: a step needs one of: key_by, where, select, batch, window"}},
      {Steps("- keyby: k\n"), {"5:3: unknown key 'keyby'; did you mean 'key_by'?"}},
      {Steps("- having: mag > 3\n"),
       {"5:3: unknown key 'having'; a step can have: key_by, where, select, batch, window"}},
      {Steps("- key_by: k\n  batch: {max_items: 3}\n"),
       {"6:3: a step is one key; begin 'batch' with '- ' as a step of its own"}},
      {Steps("- key_by:\n"), {"5:3: key_by must be a field or a list of fields, found nothing"}},
      {Steps("- key_by: {field: k}\n"),
       {"5:11: key_by must be a field or a list of fields, found a map"}},
      {Steps("- key_by: [a, '', [b]]\n"),
       {"5:15: key_by must be a field or a list of fields, found ''",
        "5:19: key_by must be a field or a list of fields, found a list"}},
      {Steps("- key_by: [a, b, a]\n"), {"5:18: the field 'a' is part of the key twice"}},
      {Steps("- key_by: a\n- key_by: b\n"),
       {"6:3: a second key replaces the first; for a key of several fields write them in one step, "
        "as in 'key_by: [a, b]'"}},
      {Batch("50"), {"6:10: batch must be a map like {max_items: 50}, found '50'"}},
      {Batch("\n  max_items: 50"),
       {"6:3: batch must be a map like {max_items: 50}, found nothing",
        "7:3: unknown key 'max_items'; a step can have: key_by, where, select, batch, window"}},
      {Batch("{}"), {"6:10: a batch needs a limit: max_items, max_wait, idle_timeout"}},
      {Batch("{max_wait: inf}"),
       {"6:10: a batch needs a limit: max_items, max_wait, idle_timeout"}},
      {Batch("{max_item: 50}"), {"6:11: unknown key 'max_item'; did you mean 'max_items'?"}},
      {Batch("{max_items: many}"), {"6:22: max_items must be a whole number, found 'many'"}},
      {Batch("{max_items: 2.5}"), {"6:22: max_items must be a whole number, found '2.5'"}},
      {Batch("{max_items: 1e3}"), {"6:22: max_items must be a whole number, found '1e3'"}},
      {Batch("{max_items: 0}"), {"6:22: max_items must be at least 1, found '0'"}},
      {Batch("{max_items: 99999999999999999999}"),
       {"6:22: max_items must be at most 9223372036854775807, found '99999999999999999999'"}},
      {Batch("{max_items: -99999999999999999999}"),
       {"6:22: max_items must be at least 1, found '-99999999999999999999'"}},
      {Batch("{max_items: }"), {"6:11: max_items must be a whole number, found nothing"}},
      {Batch("{max_items: 1, max_wait: 10 minutes, idle_timeout: 0s}"),
       {"6:35: max_wait must be a duration like 10s, 1m30s, 24h or 3d, found '10 minutes'",
        "6:61: idle_timeout must be longer than zero, found '0s'"}},
      {Batch("{max_items: 1, max_wait: 0.1us}"),
       {"6:35: max_wait must be longer than zero, found '0.1us'"}},
      {Batch("{max_items: 1, name: , as: ''}"),
       {"6:25: name must be a text, found nothing", "6:37: as must not be empty"}},
      {Batch("{max_items: 1, as: k}"),
       {"6:29: the list would be called 'k' like a field of the key; give it another name, as in "
        "'as: rows'"}},
      {Steps("- batch: {max_items: 1}\n"),
       {"5:3: batch works per key; put a step 'key_by: FIELD' before it, or 'key_by: []' for one "
        "list over all rows"}},
      {"name: j\nsink: stdout\nsource: {file: a, format: lines}\nsteps: [{key_by: k}]\n",
       {"4:10: key_by needs rows with fields; a source with format: lines has none"}},
  });
}

TEST(JobMistakes, InFieldsThatAreKnown) {
  const std::string generated = "name: j\nsink: stdout\nsource: generator\nsteps:\n";
  const std::string batched = Batch("{max_items: 1, name: first}");
  Check({
      {generated + "- key_by: kye\n",
       {"5:11: the rows have no field 'kye' here; did you mean 'key'?"}},
      {generated + "- key_by: [key, network]\n",
       {"5:17: the rows have no field 'network' here; what can be a key is: seq, key, value, "
        "time"}},
      {batched + "- key_by: items\n- batch: {max_items: 2}\n",
       {"7:11: the field 'items' is the list of the batch above, and a key is a single value"}},
      {batched + "- key_by: magnitude\n- batch: {max_items: 2}\n",
       {"7:11: the rows have no field 'magnitude' here; what can be a key is: k"}},
      {Steps("- key_by: []\n- batch: {max_items: 1}\n- key_by: k\n"),
       {"7:11: the rows have no field 'k' here"}},
  });
}

TEST(JobMistakes, ATopicThatIsReadIsNotWritten) {
  Check(
      {{"name: t\n"
        "source: {kafka: {brokers: 'a:9092', topic: t}}\n"
        "sink: {kafka: {brokers: 'a:9092', topic: t}}\n",
        {"3:42: the topic 't' is read by the source at 2:44, and would never end"}}});
}

TEST(JobMistakes, InSinksAndPaths) {
  Check({
      {Sink(""), {"3:1: a sink must be a map like {file: out.jsonl}, or 'stdout', found nothing"}},
      {Sink("{flie: x}"), {"3:8: unknown key 'flie'; did you mean 'file'?"}},
      {Sink("{name: x}"), {"3:7: a sink needs one of: file, stdout, sqlite, kafka"}},
      {Sink("{file: x, rate: 3}"),
       {"3:17: unknown key 'rate'; a sink can have: file, stdout, sqlite, kafka, name"}},
      {Sink("{stdout: {colour: red}}"), {"3:16: stdout takes no options, found a map"}},
      {Sink("{file: ./in.jsonl}"),
       {"3:14: the file './in.jsonl' is read by the source at 2:16 and would be overwritten"}},
      {"name: j\nsource: stdin\nsinks:\n  a: {file: out//x}\n  b: {file: out/x}\n",
       {"5:13: the file 'out/x' is written already by the sink at 4:13"}},
      {"name: j\nsource: stdin\nsinks: {a: stdout, b: {stdout: }}\n",
       {"3:24: standard output is written already by the sink at 3:12"}},
      {"name: j\nsource: stdin\nstate: out/s\nsinks:\n  a: {file: out/s/x}\n  b: {file: ./out/s}\n",
       {"5:13: the file 'out/s/x' is in the state directory 'out/s'",
        "6:13: the file './out/s' is in the state directory 'out/s'"}},
      {"name: j\nsource: stdin\nsinks: {source: stdout}\n",
       {"3:9: the name 'source' is taken by the one at 2:9; each source, batch, window and "
        "sink needs a name of its own, by which its state is found"}},
  });
}

TEST(JobMistakes, InTables) {
  const auto table = [](const std::string& more) {
    return Sink("{sqlite: {file: o.db" + more + "}}");
  };
  const std::string steps =
      "name: j\nsource: {file: in.jsonl, fields: [net, mag]}\nsteps: [{key_by: net}, {batch: "
      "{max_items: 2, as: rows}}]\nsink: ";
  Check({
      {Sink("{sqlite: o.db}"),
       {"3:16: sqlite must be a map like {file: out/quakes.db, table: daily}, found 'o.db'"}},
      {Sink("{sqlite: {table: t}}"),
       {"3:16: sqlite needs a file, as in {file: out/quakes.db, table: daily}"}},
      {table(""), {"3:16: sqlite needs a table, as in {file: out/quakes.db, table: daily}"}},
      {table(", tabel: t"), {"3:29: unknown key 'tabel'; did you mean 'table'?"}},
      {table(", table: sqlite_x"),
       {"3:36: the table 'sqlite_x' cannot be written: names that begin with 'sqlite_' have a "
        "meaning of their own"}},
      {table(", table: t, key: []"),
       {"3:44: key must be a field, or a list of fields like [net, day], found an empty list"}},
      {table(", table: t, key: [a, [b]]"), {"3:48: key must be names of fields, found a list"}},
      {table(", table: t, key: [a, b, A]"),
       {"3:51: the column 'A' is part of the table's key twice"}},
      {steps + "{sqlite: {file: o.db, table: t, key: [net, row]}}",
       {"4:50: the rows have no field 'row' here; what can be a key is: net"}},
      {steps + "{sqlite: {file: o.db, table: t, key: rows}}",
       {"4:44: the field 'rows' is the list of the batch above, and a key is a single value"}},
      {"name: j\nsource: {file: o, fields: [net]}\nsink: {sqlite: {file: o.db, table: t, key: "
       "nett}}",
       {"3:44: the rows have no field 'nett' here; did you mean 'net'?"}},
      {"name: j\nsource: {file: a, format: lines}\nsink: {sqlite: {file: o.db, table: t}}",
       {"3:23: sqlite needs rows with fields; a source with format: lines has none"}},
      {Sink("{sqlite: {file: in.jsonl, table: t}}"),
       {"3:23: the file 'in.jsonl' is read by the source at 2:16 and would be overwritten"}},
      {"name: j\nsource: stdin\nsinks:\n  a: {sqlite: {file: o.db, table: t}}\n"
       "  b: {sqlite: {file: ./o.db, table: T}}\n  c: {sqlite: {file: o.db, table: u}}\n"
       "  d: {file: o.db}\n",
       {"5:37: the table 'T' of './o.db' is written already by the sink at 4:35",
        "7:13: the file 'o.db' is written already by the sink at 4:22"}},
  });
}

TEST(JobMistakes, AreAllReportedInOrderOfTheirPlaces) {
  Check(
      {{"sink: {file: out.jsonl, colour: red}\n"
        "workers: many\n"
        "steps:\n"
        "  - batch: {max_item: 50}\n"
        "source: {file: out.jsonl, rate: x}\n",
        {"1:1: a job needs a name, like 'name: my_job'",
         "1:25: unknown key 'colour'; a sink can have: file, stdout, sqlite, kafka, name",
         "2:10: workers must be a whole number, found 'many'",
         "4:5: batch works per key; put a step 'key_by: FIELD' before it, or 'key_by: []' for one "
         "list over all rows",
         "4:13: unknown key 'max_item'; did you mean 'max_items'?",
         "5:33: rate must be a number, 0 or more, found 'x'"}}});
}

// A window measures what comes out of a batch, and a row may have waited there.
TEST(JobWarnings, AWindowBehindABatchWaitsAsLongAsThat) {
  const auto warnings = [](const std::string& batch, const std::string& bound) {
    const auto job = ParseJob(Steps("- key_by: k\n- batch: {max_items: 9" + batch +
                                    "}\n- window: " + "{clock: {event_time: k" + bound +
                                    "}, tumbling: 1h, " + "aggregate: {n: count}}\n"),
                              "job.yaml");
    EXPECT_TRUE(job.ok()) << job.status();
    return job.ok() ? job->warnings : std::vector<std::string>();
  };
  EXPECT_THAT(
      warnings(", max_wait: 10m", ""),
      ElementsAre("job.yaml:7:32: rows can wait in the lists of 'batch' for 10m and then be "
                  "late; max_out_of_orderness of at least 10m avoids it"));
  EXPECT_THAT(warnings(", max_wait: 10m", ", max_out_of_orderness: 9m"), SizeIs(1));
  EXPECT_THAT(warnings(", max_wait: 10m", ", max_out_of_orderness: 10m"), IsEmpty());
  EXPECT_THAT(
      warnings("", ", max_out_of_orderness: 1d"),
      ElementsAre("job.yaml:7:32: rows can wait in the lists of 'batch' forever and then be "
                  "late; a max_wait, and max_out_of_orderness of as much, avoid it"));
}

TEST(JobMistakes, ColumnsCountCharactersAndNotBytes) {
  Check({{"name: Übung\nsource: {file: 'größe.jsonl', formt: json}\nsink: stdout\n",
          {"2:31: unknown key 'formt'; did you mean 'format'?"}},
         {"\xef\xbb\xbfnaem: j\r\nsource: stdin\r\nsink: {file: x, y: 1}\r\n",
          {"1:1: unknown key 'naem'; did you mean 'name'?",
           "3:17: unknown key 'y'; a sink can have: file, stdout, sqlite, kafka, name"}}});
}

TEST(JobMistakes, ALongTextIsCut) {
  Check({{Job("workers: " + std::string(1000, 'x') + "\n"),
          {"4:10: workers must be a whole number, found '" + std::string(40, 'x') + "…'"}}});
}

TEST(JobMistakes, NoTextIsTooLargeOrTooDeep) {
  EXPECT_EQ(Message(std::string(2 << 20, '#')),
            "job.yaml:1:1: a file of 2097152 bytes; a job has at most 1048576 (1 MiB)");
  // Each item holds the one before it, so what is flat as a text is as deep as it is long.
  std::string chain = "steps:\n- &a0 [x]\n";
  for (int i = 1; i < 5000; ++i) chain += Cat("- &a", i, " [*a", i - 1, "]\n");
  EXPECT_EQ(Message(chain), "job.yaml:51:3: lists and maps are nested deeper than 50");
  // Each item holds the one before it ten times, so the tree would have 10^20 nodes.
  std::string bomb = "steps:\n- &a0 [x]\n";
  for (int i = 1; i < 20; ++i) {
    bomb += Cat("- &a", i, " [");
    for (int j = 0; j < 10; ++j) bomb += Cat("*a", i - 1, ", ");
    bomb += "]\n";
  }
  EXPECT_THAT(Message(bomb), StartsWith("job.yaml:1:1: a job needs a name"));
}

TEST(JobMistakes, BeyondFiftyAreCounted) {
  std::string text = Job("");
  for (int i = 0; i < 60; ++i) text += Cat("x", i, ": 1\n");
  EXPECT_THAT(Message(text), ::testing::EndsWith("\njob.yaml: and 10 more"));
}

// Whatever a file holds, it is a job or has a message, each line of which begins with a place.
TEST(JobMistakes, NoTextMakesTheParserFail) {
  const std::string good =
      Batch("{max_items: 50, max_wait: 10m}") + "state: &s 'out'\nepoch: 1s # often\n";
  const std::string bytes = "{}[]:-,#&*!|>'\"%@ \n\tab0\\\xc3\xbc?<";
  const uint64_t seed = 20240501;
  Random random(seed);
  for (int round = 0; round < 5000; ++round) {
    std::string text = good;
    for (uint64_t edits = random.Below(4) + 1; edits > 0; --edits) {
      const size_t at = random.Below(text.size());
      const char byte = bytes[random.Below(bytes.size())];
      switch (random.Below(3)) {
        case 0:
          text[at] = byte;
          break;
        case 1:
          text.insert(at, 1, byte);
          break;
        default:
          text.erase(at, random.Below(8) + 1);
      }
      if (text.empty()) text = "x";
    }
    const auto job = ParseJob(text, "job.yaml");
    if (job.ok()) continue;
    std::string message(ToStd(job.status().message()));
    ASSERT_FALSE(message.empty()) << "round " << round << " of seed " << seed << ":\n" << text;
    while (!message.empty()) {
      const std::string line = message.substr(0, message.find('\n'));
      ASSERT_THAT(line, ::testing::MatchesRegex("job.yaml:[1-9][0-9]*:[1-9][0-9]*: .+"))
          << "round " << round << " of seed " << seed << ":\n"
          << text;
      message.erase(0, line.size() + 1);
    }
  }
}

}  // namespace
}  // namespace tidemark
