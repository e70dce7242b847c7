// Goal: every row of a file is read once and whole, whatever became of the file between two runs,
// or the start is refused with a way on that keeps its word; what is not lines of text is named.
// Method: the field cases of these kinds (tests/field/<case>/source.md), and others of the same
// kinds, run by the real command.

#include "tests/field/files_field.h"

#include <string_view>

namespace tidemark {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_literals;

constexpr char kNuls[] = "31-nul-bytes";
constexpr char kUtf16[] = "33-utf16-is-named";
constexpr char kBlanks[] = "39-blank-lines";
constexpr char kArray[] = "51-json-array-file";
constexpr char kGzip[] = "52-gzip-file";
constexpr char kHalfLine[] = "63-half-line-at-the-end";
constexpr char kRotated[] = "64-rotated-input";
constexpr char kRotatedInALine[] = "82-rotated-in-the-middle-of-a-line";
constexpr char kBytes[] = "83-lines-keep-their-bytes";

// ---- what is in a line
// ---------------------------------------------------------------------------

TEST_F(FilesField, NulBytesInFrontOfARowArePaddingAndInsideANumberNoJson) {
  Replace("job.yaml", CaseFile(kNuls, "job.yaml"));
  Replace("in.jsonl", "{\"k\":\"a\",\"v\":1,\"t\":1}\n{\"k\":\"a\",\"v\":1\0001,\"t\":2}\n"s +
                          "{\"k\":\"a\\u0000b\",\"v\":2,\"t\":3}\n" + std::string(70'000, '\0') +
                          "{\"k\":\"a\",\"v\":4,\"t\":4}\n{\"k\":\"a\",\"v\":8,\"t\":5}\n");
  ExpectEveryWay(Sorted(CaseFile(kNuls, "expected.txt")), "10");
  Forget();
  EXPECT_THAT(Run().err,
              HasSubstr("in.jsonl:2: not JSON at byte 15: ',' or '}' is expected; there is "
                        "a NUL byte in it"));
}

TEST_F(FilesField, BlankLinesAreNoRows) {
  Replace("job.yaml", CaseFile(kBlanks, "job.yaml"));
  Replace("in.jsonl", CaseFile(kBlanks, "in.jsonl"));
  ExpectEveryWay(Sorted(CaseFile(kBlanks, "expected.txt")), "5");
}

TEST_F(FilesField, LinesKeepTheirBytes) {
  Replace("job.yaml", CaseFile(kBytes, "job.yaml"));
  Replace("in.txt", CaseFile(kBytes, "in.txt"));
  ExpectOutput(Read("in.txt"), {}, "out/out.txt");
  ExpectOutput(Read("in.txt"), {"--workers", "3"}, "out/out.txt");
  ExpectOutput(Read("in.txt"), {"--state", "out/state", "--rate", "40"}, "out/out.txt");
  // The same from standard input.
  Replace("job.yaml", "name: c\nsource: {stdin: , format: lines}\nsink: stdout\n");
  const std::string pipe =
      Cat("'", RunfilePath("tools/tidemark"), "' run job.yaml --quiet <in.txt");
  const auto end = ChildProcess({"/bin/sh", "-c", pipe}, {.directory = dir_.path()}).Wait();
  EXPECT_EQ(end.out, Read("in.txt")) << end.err;
}

TEST_F(FilesField, HalfOfASurrogatePairIsPassedOnAndNoKey) {
  const std::string rows = "{\"k\":\"a\",\"text\":\"cut \\ud83d\"}\n{\"k\":\"b\",\"\\udc00\":1}\n";
  Replace("in.jsonl", rows);
  UseCopyJob("in.jsonl");
  ExpectOutput(rows);
  Forget();
  Replace("job.yaml",
          "name: j\nstate: out/state\nsource: {file: in.jsonl}\nsteps: [{key_by: text}, "
          "{batch: {max_items: 2}}]\nsink: {file: out/out.jsonl}\n");
  const auto end = Run();
  EXPECT_NE(end.exit_code, 0);
  EXPECT_THAT(end.err, HasSubstr("in.jsonl:1: the field 'text' has half of a surrogate pair"));
}

// ---- what is not lines of text
// -------------------------------------------------------------------

TEST_F(FilesField, WhatIsNotLinesOfJsonIsNamed) {
  const std::string rows = "{\"k\":\"a\"}\r\n{\"k\":\"b\"}\r\n";
  std::string wide;
  for (const char c : rows) wide += std::string{c, '\0'};
  struct Case {
    std::string bytes;
    Words parts;
  };
  for (const Case& c : std::vector<Case>{
           {CaseFile(kUtf16, "in.jsonl"), {"in.jsonl: is UTF-16, ", "iconv -f UTF-16 -t UTF-8"}},
           {wide, {"in.jsonl: is UTF-16LE, ", "iconv -f UTF-16LE -t UTF-8"}},
           {CaseFile(kGzip, "in.jsonl.gz"), {"in.jsonl: is gzip; unpack it first (gunzip)"}},
           {"\x28\xb5\x2f\xfd\x24\x00\n"s, {"in.jsonl: is zstd; unpack it first"}},
           {CaseFile(kArray, "in.jsonl"),
            {"in.jsonl: is one JSON array, and each line must be one "}},
           {"[{\"k\":\"a\"},{\"k\":\"b\"}]", {"in.jsonl: is one JSON array, and each line"}},
           {"[\n  {\n    \"k\": \"a\"\n  }\n]\n", {"in.jsonl: is one JSON array, and each line"}},
           {"{\n  \"k\": \"a\"\n}\n{\n  \"k\": \"b\"\n}\n",
            {"in.jsonl: is JSON over several lines"}},
       }) {
    for (const char* on_error : {"stop", "skip"}) {
      Forget();
      Replace("in.jsonl", c.bytes);
      UseCopyJob("in.jsonl", Cat("on_error: ", on_error));
      ExpectRefused(c.parts, /*has_state=*/false);
      EXPECT_EQ(Run().exit_code, 3);
      Replace("in.jsonl", "{\"k\":\"a\"}\n");  // converted: the same command goes
      ExpectOutput("{\"k\":\"a\"}\n");
    }
  }
}

TEST_F(FilesField, BadRowsAtTheBeginningAreNoOtherKindOfFile) {
  Replace("in.jsonl", "[INFO] started\n{\"a\":\n{\"a\":1}\n[{\"a\":1}]\n{\"a\":2}\n");
  UseCopyJob("in.jsonl", "on_error: skip");
  ExpectOutput("{\"a\":1}\n{\"a\":2}\n");
}

TEST_F(FilesField, WhatStandardInputBringsIsNamedToo) {
  Replace("job.yaml", "name: c\nsource: stdin\nsink: stdout\n");
  Replace("in", CaseFile(kGzip, "in.jsonl.gz"));
  const std::string pipe = Cat("'", RunfilePath("tools/tidemark"), "' run job.yaml --quiet <in");
  const auto end = ChildProcess({"/bin/sh", "-c", pipe}, {.directory = dir_.path()}).Wait();
  EXPECT_EQ(end.exit_code, 3);
  EXPECT_THAT(end.err, HasSubstr("standard input:1: this is gzip; unpack it first"));
}

TEST_F(FilesField, ManyFilesAreRefusedAndTheRefusalNamesAWay) {
  ASSERT_TRUE(dir_.files().CreateDirectories(dir_.Path("logs")).ok());
  Replace("logs/1.jsonl", "{\"k\":\"a\"}\n");
  Replace("logs/2.jsonl", "{\"k\":\"b\"}\n");
  for (const auto& [source, said] : std::vector<std::pair<std::string, std::string>>{
           {"{file: 'logs/*.csv'}", "logs: no file in it matches '*.csv'"},
           {"{file: logs}",
            "logs: is a directory; name the files in it by a pattern, as in logs/*"},
           {"{file: [logs/1.jsonl, logs/2.jsonl]}",
            "file must be one path; name each file as a source of its own under 'sources'"},
           {"{file: 's3://b/k'}", "what is not on this machine is not read yet"},
           {"{files: logs/*.jsonl}",
            "files is not there yet; name files by a pattern, as in 'file: logs/*.jsonl'"},
           {"{directory: logs}",
            "directory is not there yet; name files by a pattern, as in 'file: logs/*.jsonl'"},
           {"{pulsar: {topic: t}}", "pulsar is not there yet; a source has one of file, stdin, "},
       }) {
    Replace("job.yaml", Cat("name: c86\nsource: ", source, "\nsink: stdout\n"));
    const auto end = Run({"--quiet"});
    EXPECT_NE(end.exit_code, 0);
    EXPECT_THAT(end.err, HasSubstr(said));
    EXPECT_EQ(std::count(end.err.begin(), end.err.end(), '\n'), 1) << end.err;
  }
  // What they say is done.
  for (const char* sources :
       {"sources:\n  one: {file: logs/1.jsonl}\n  two: {file: logs/2.jsonl}\n",
        "source: {file: logs/*.jsonl}\n"}) {
    Forget();
    Replace("job.yaml", Cat("name: c86\n", sources, "sink: {file: out/out.jsonl}\n"));
    EXPECT_EQ(Run().exit_code, 0);
    EXPECT_EQ(Sorted(Read(kOutput)), Sorted("{\"k\":\"a\"}\n{\"k\":\"b\"}\n"));
  }
}

// ---- the end of a file that grows
// ----------------------------------------------------------------

TEST_F(FilesField, AHalfLineIsReadWhenItsWriterHasFinishedIt) {
  const std::string whole = CaseFile(kHalfLine, "in.jsonl");
  const size_t half = whole.find("hello") + 3;
  for (const char* kind : {"stop", "skip", "lines"}) {
    for (const Words& flags : {Words{}, Words{"--workers", "3"}}) {
      Forget();
      Replace("job.yaml", CaseFile(kHalfLine, Cat(kind, ".yaml")));
      Replace("in.jsonl", whole.substr(0, half));
      const std::string said = ExpectOutput("{\"i\":1}\n", flags);
      EXPECT_THAT(said, HasSubstr("in.jsonl:2: the last line has no line end"));
      EXPECT_THAT(said,
                  HasSubstr("15 bytes are left unread, the next run reads the line when it is "
                            "finished"));
      EXPECT_THAT(ExpectOutput("{\"i\":1}\n", flags), HasSubstr("nothing new that is finished"));
      Append("in.jsonl", whole.substr(half));
      EXPECT_THAT(ExpectOutput(whole, flags), Not(HasSubstr("unread")));
      EXPECT_THAT(ExpectOutput(whole, flags), HasSubstr("nothing new: all input was processed"));
    }
  }
}

// Goal: the same, wherever the writer is. Method: the file grows by random pieces, and each time a
// run reads it; some of them are killed.
TEST_F(FilesField, AFileThatGrowsInPiecesIsReadOnceAndWhole) {
  const std::string json =
      "{\"i\": 1, \"m\": \"\xc3\xa4\"}\n{\"i\": 2}\n{\"o\": {\"i\": 3}}\n{\"s\": \"}{\"}\n";
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (const char* more : {"on_error: stop", "on_error: skip", "format: lines"}) {
    const std::string content =
        std::string(more) == "format: lines" ? "a\r\n\n\0\xff\r\r\nlast one\r\n"s : json;
    Forget();
    UseCopyJob("in", more);
    Replace("in", "");
    for (size_t at = 0; at < content.size();) {
      const size_t size = std::min<size_t>(1 + random.Below(7), content.size() - at);
      Append("in", content.substr(at, size));
      at += size;
      if (random.OneIn(3)) {
        ChildProcess job(WordsOf({"run", "job.yaml", "--epoch", "1ms"}),
                         {.directory = dir_.path()});
        job.SignalAfter(Span::Micros(random.Between(0, 60'000)), SIGKILL);
        job.Wait();
      }
      const auto end = Run();
      ASSERT_EQ(end.exit_code, 0) << end.err;
      const std::string out = Read(kOutput);
      ASSERT_EQ(out, content.substr(0, out.size())) << at;
    }
    EXPECT_EQ(Read(kOutput), content);
  }
}

TEST_F(FilesField, ALineThatIsLongerThanWhatIsReadAtOnceIsLeftWhole) {
  const std::string line(700'000, 'x');
  UseCopyJob("in", "format: lines");
  Replace("in", "first\n" + line);
  EXPECT_THAT(ExpectOutput("first\n"), HasSubstr("700000 bytes are left unread"));
  Append("in", line + "\r\n");
  ExpectOutput("first\n" + line + line + "\r\n");
}

TEST_F(FilesField, AWriterMayTakeItsHalfLineBack) {
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", "{\"i\":1}\n{\"i\":");
  ExpectOutput("{\"i\":1}\n");
  Overwrite("in.jsonl", "{\"i\":1}\n");  // to where reading stopped, to the byte
  ExpectOutput("{\"i\":1}\n");
  Append("in.jsonl", "{\"i\":2}\n");
  ExpectOutput("{\"i\":1}\n{\"i\":2}\n");
}

TEST_F(FilesField, AWholeRowWithoutItsNewlineIsReadOnce) {
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", "{\"i\":1}");
  ExpectOutput("{\"i\":1}\n");
  ExpectOutput("{\"i\":1}\n");
  Append("in.jsonl", " \r\n{\"i\":2}\r");
  ExpectOutput("{\"i\":1}\n{\"i\":2}\n");
  Append("in.jsonl", "\n{\"i\":3}\n");
  ExpectOutput("{\"i\":1}\n{\"i\":2}\n{\"i\":3}\n");
}

TEST_F(FilesField, RoomThatAWriterHasMadeIsReadWhenItIsFilled) {
  UseCopyJob("in.jsonl", "on_error: skip");
  Replace("in.jsonl", "{\"i\":1}\n" + std::string(4096, '\0'));
  EXPECT_THAT(ExpectOutput("{\"i\":1}\n"), HasSubstr("4,096 NUL bytes and no row"));
  WriteAt("in.jsonl", 8, "{\"i\":2}\n");
  ExpectOutput("{\"i\":1}\n{\"i\":2}\n");
}

TEST_F(FilesField, ALastLineIsTakenWhereThatIsWantedOrNothingRemembersIt) {
  UseCopyJob("in", "format: lines, final_line: take");
  Replace("in", "one\ntwo");
  ExpectOutput("one\ntwo\n");
  Append("in", "\nthree\n");
  ExpectOutput("one\ntwo\nthree\n");
  // Continued, it is refused, and read again whole as the refusal says.
  Append("in", "fo");
  ExpectOutput("one\ntwo\nthree\nfo\n");
  Append("in", "ur\n");
  ExpectRefused({"in:4: this last line had no newline when it was read up to byte 16",
                 "--accept-changed-input reads the line again, whole, --fresh starts over"});
  ExpectOutput("one\ntwo\nthree\nfo\nfour\n", {"--accept-changed-input"});
  ExpectOutput("one\ntwo\nthree\nfo\nfour\n");

  Forget();
  Replace("in", "one\ntwo");
  Replace("job.yaml",
          "name: copy\nsource: {file: in, format: lines}\nsink: {file: out/out.jsonl}\n");
  ExpectOutput("one\ntwo\n");
}

TEST_F(FilesField, AnEmptyFileGrowsAndIsReadFromItsBeginning) {
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", "");
  ExpectOutput("");
  Replace("in.jsonl", "\xef\xbb\xbf{\"i\":1}\n");
  ExpectOutput("{\"i\":1}\n");
}

// ---- another file
// --------------------------------------------------------------------------------

TEST_F(FilesField, ARotatedFileIsRefusedAndTheFlagReadsAllOfIt) {
  std::string old;
  for (int i = 1; i <= 5; ++i) old += Cat("{\"old\":", i, "}\n");
  for (const int rows : {2, 8}) {
    for (const bool in_place : {false, true}) {
      std::string next;
      for (int i = 1; i <= rows; ++i) next += Cat("{\"new\":", i, "}\n");
      Forget();
      Replace("job.yaml", CaseFile(kRotated, "job.yaml"));
      Replace("in.jsonl", old);
      ExpectOutput(old);
      in_place ? Overwrite("in.jsonl", next) : Replace("in.jsonl", next);
      ExpectRefused({"in.jsonl: is not the file that was read before: ",
                     "; --accept-changed-input reads it from the beginning, --fresh starts over"});
      ExpectOutput(old + next, {"--accept-changed-input"});
      ExpectOutput(old + next);
      Append("in.jsonl", "{\"new\":0}\n");
      ExpectOutput(old + next + "{\"new\":0}\n");
    }
  }
}

TEST_F(FilesField, AFileThatWasRotatedInTheMiddleOfALineIsNotSplit) {
  Replace("job.yaml", CaseFile(kRotatedInALine, "job.yaml"));
  const std::string old = CaseFile(kRotatedInALine, "in.txt.1");
  const std::string next = CaseFile(kRotatedInALine, "in.txt");
  Replace("in.txt", old);
  ExpectOutput(old, {}, "out/out.txt");
  Replace("in.txt", next);
  ExpectRefused({"in.txt: is not the file that was read before: "});
  ExpectOutput(old + next, {"--accept-changed-input"}, "out/out.txt");
}

TEST_F(FilesField, AMarkInFrontOfTheNewFileIsNoPartOfItsFirstRow) {
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", "{\"old\":1}\n");
  ExpectOutput("{\"old\":1}\n");
  Replace("in.jsonl", "\xef\xbb\xbf{\"new\":1}\r\n{\"new\":2}\r\n");
  ExpectRefused({"--accept-changed-input reads it from the beginning"});
  ExpectOutput("{\"old\":1}\n{\"new\":1}\n{\"new\":2}\n", {"--accept-changed-input"});
}

TEST_F(FilesField, AnotherFileWithTheSameContentGoesOnAndIsSaid) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += Cat("{\"i\":", i, "}\n");
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", rows);
  ExpectOutput(rows);
  Replace("in.jsonl", rows + "{\"i\":\"new\"}\n");  // a restored backup
  const auto explained = Command({"explain", "job.yaml", "out/state"});
  EXPECT_EQ(explained.exit_code, 0) << explained.err;
  EXPECT_THAT(explained.out, HasSubstr("is another file with the same content"));
  EXPECT_THAT(ExpectOutput(rows + "{\"i\":\"new\"}\n"),
              HasSubstr("in.jsonl: is another file with the same content (its inode is "));
}

TEST_F(FilesField, TheSameBeginningAloneIsNotTheSameFile) {
  std::string rows;
  for (int i = 0; i < 3000; ++i) rows += Cat("{\"i\":", i, "}\n");
  UseCopyJob("in.jsonl");
  Replace("in.jsonl", rows);
  ExpectOutput(rows);
  std::string other = rows.substr(0, rows.find("{\"i\":1000}"));
  for (int i = 0; i < 3000; ++i) other += "{\"other\":1}\n";
  Replace("in.jsonl", other);
  ExpectRefused({"the bytes before offset ", "--accept-changed-input reads it from the beginning"});
  // Nor is the same end, behind another beginning.
  Replace("in.jsonl", "{\"j\":0}\n" + rows.substr(8) + "{\"i\":0}\n");
  ExpectRefused({"its first bytes are not the ones that were read"});
  ExpectOutput(rows + Read("in.jsonl"), {"--accept-changed-input"});
}

TEST_F(FilesField, AFileThatWasCutBehindWhatWasReadIsReadOnWithTheFlag) {
  UseCopyJob("in.jsonl", "rate: 20");
  std::string rows;
  for (int i = 0; i < 200; ++i) rows += Cat("{\"i\":", i, "}\n");
  Replace("in.jsonl", rows);
  ChildProcess job(WordsOf({"run", "job.yaml", "--epoch", "10ms"}), {.directory = dir_.path()});
  while (Read(kOutput).empty()) ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0));
  job.SignalAfter(Span::Micros(0), SIGTERM);
  ASSERT_EQ(job.Wait().exit_code, 0);
  const std::string read = Read(kOutput);
  Overwrite("in.jsonl", read);
  const std::string said =
      ExpectRefused({"in.jsonl: is not the file that was read before: its length",
                     "--accept-changed-input reads on at line "});
  Append("in.jsonl", "{\"i\":\"more\"}\n");
  ExpectOutput(read + "{\"i\":\"more\"}\n", {"--accept-changed-input"});
}

}  // namespace
}  // namespace tidemark
