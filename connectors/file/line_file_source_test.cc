#include "connectors/file/line_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "base/random.h"
#include "base/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Texts = std::vector<std::string>;

class LineFileSourceTest : public ConnectorTest {
 protected:
  FileSourceOptions Options(std::string_view name = "in") {
    FileSourceOptions options;
    options.path = Path(name);
    return options;
  }
  static Source<std::string> Of(const FileSourceOptions& options) {
    return FileLines<std::string>(options, TextDecoder());
  }
  // Reads `name` whole.
  Texts Read(const FileSourceOptions& options, const std::optional<Position>& resume = {}) {
    const auto lines = ReadAll(Of(options), context(), resume);
    EXPECT_TRUE(lines.ok()) << lines.status();
    return lines.ok() ? *lines : Texts{"<error>"};
  }
  absl::Status Fails(const FileSourceOptions& options, const std::optional<Position>& resume = {}) {
    return ReadAll(Of(options), context(), resume).status();
  }
  // A run with a state: what it reads, and where it ends.
  Texts ReadOn(const FileSourceOptions& options, std::optional<Position>& position) {
    SkipLog skips(/*keeps_state=*/true);
    SourceContext kept = context();
    kept.skips = &skips;
    auto session = Session<std::string>::Open(Of(options), kept, position);
    EXPECT_TRUE(session.ok()) << session.status();
    if (!session.ok()) return {"<error>"};
    const auto lines = session->Rest();
    EXPECT_TRUE(lines.ok()) << lines.status();
    position = session->position();
    left_ = skips.Left();
    notes_ = skips.TakeNotes();
    return lines.value_or(Texts{"<error>"});
  }
  static Position Without(const Position& position, std::string_view left_out) {
    Position rest;
    for (const auto& [name, value] : position.values()) {
      if (name == left_out) continue;
      std::visit([&rest, name = name](const auto& v) { rest.Set(name, v); }, value);
    }
    return rest;
  }
  FileSourceOptions Accepting() {
    FileSourceOptions options = Options();
    options.accept_changed = true;
    return options;
  }
  // The position after the first `n` lines of "in".
  Position After(size_t n) {
    auto session = Session<std::string>::Open(Of(Options()), context());
    EXPECT_TRUE(session.ok()) << session.status();
    EXPECT_EQ((*session->Next(n))->size(), n);
    return session->position();
  }

  Texts left_;
  Texts notes_;
};

// Fails for lines that begin with "bad".
absl::Status GoodOnly(std::string_view line, const LineOrigin&, std::string& out) {
  if (line.substr(0, 3) == "bad") return absl::InvalidArgumentError("it says so itself");
  out = std::string(line);
  return absl::OkStatus();
}

TEST_F(LineFileSourceTest, ReadsLinesThenSaysTheEnd) {
  Put("in", "one1\none2\none3\none4\none5\none6\n");
  auto session = Session<std::string>::Open(Lines(Path("in")), context());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(**session->Next(), ElementsAre("one1", "one2", "one3", "one4", "one5", "one6"));
  EXPECT_FALSE(session->last().at_end);  // a poll of its own says so
  EXPECT_EQ(*session->Next(), std::nullopt);
}

TEST_F(LineFileSourceTest, ResumesAtTheOffsetOfTheNextLine) {
  Put("in", "one1\none2\none3\none4\none5\none6\n");
  auto first = Session<std::string>::Open(Lines(Path("in")), context());
  EXPECT_THAT(**first->Next(1), ElementsAre("one1"));
  EXPECT_THAT(**first->Next(1), ElementsAre("one2"));
  const Position saved = first->position();
  EXPECT_EQ(saved.Number("offset"), 10);
  EXPECT_EQ(saved.Number("line"), 3);
  EXPECT_THAT(**first->Next(1), ElementsAre("one3"));

  auto second = Session<std::string>::Open(Lines(Path("in")), context(), saved);
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_EQ(second->position(), saved);
  EXPECT_THAT(*second->Rest(1), ElementsAre("one3", "one4", "one5", "one6"));
}

TEST_F(LineFileSourceTest, TakesEveryKindOfLine) {
  const std::string nul("a\0b", 3);
  for (const auto& [content, lines] : std::vector<std::pair<std::string, Texts>>{
           {"", {}},
           {"\n", {""}},
           {"one\n\ntwo\n\n\nthree\n", {"one", "", "two", "", "", "three"}},
           {"a\r\nb\r\n", {"a", "b"}},
           {"a\r\r\nb\rc\n", {"a\r", "b\rc"}},
           {"a\nb", {"a", "b"}},
           {"a\nb\r", {"a", "b"}},
           {"\r\n", {""}},
           {nul + "\n" + nul, {nul, nul}},
           {"\xff\xfe\n\x80", {"\xff\xfe", "\x80"}},
       }) {
    Put("in", content);
    for (const size_t chunk : {1, 2, 3, 1000}) {
      FileSourceOptions options = Options();
      options.chunk_bytes = chunk;
      EXPECT_EQ(Read(options), lines) << content << " in chunks of " << chunk;
    }
  }
}

TEST_F(LineFileSourceTest, AVeryLongLineArrivesWhole) {
  const std::string line(10 << 20, 'x');
  Put("in", "before\n" + line + "\nafter\n");
  EXPECT_EQ(Read(Options()), Texts({"before", line, "after"}));
}

TEST_F(LineFileSourceTest, ALineBeyondTheBoundIsABadLineWhateverTheChunk) {
  for (const size_t chunk : {1, 7, 64, 1000}) {
    FileSourceOptions options = Options();
    options.line_bytes_max = 10;
    options.chunk_bytes = chunk;
    Put("in", "0123456789\n01234567890\nshort\n" + std::string(500, 'y'));
    const absl::Status stopped = Fails(options);
    EXPECT_TRUE(absl::IsInvalidArgument(stopped));
    EXPECT_EQ(Message(stopped), Path("in") + ":2: the line is longer than 10 bytes");

    options.on_error = OnError::kSkip;
    EXPECT_EQ(Read(options), Texts({"0123456789", "short"}));
  }
  EXPECT_EQ(skips_.total(), 4u * 2);
  EXPECT_EQ(skips_.Entries()["file " + Path("in")].examples[1],
            Path("in") + ":4: the line is longer than 10 bytes");
}

TEST_F(LineFileSourceTest, ABadLineStopsTheRunOrIsCounted) {
  Put("in", "a\nbad\nb\nbad again");
  FileSourceOptions options = Options();
  const auto read = [&] { return ReadAll(FileLines<std::string>(options, GoodOnly), context()); };
  EXPECT_TRUE(absl::IsInvalidArgument(read().status()));
  EXPECT_EQ(Message(read().status()), Path("in") + ":2: it says so itself");
  options.on_error = OnError::kSkip;
  EXPECT_THAT(*read(), ElementsAre("a", "b"));
  EXPECT_EQ(skips_.total(), 2u);
  EXPECT_THAT(
      skips_.Entries()["file " + Path("in")].examples,
      ElementsAre(Path("in") + ":2: it says so itself", Path("in") + ":4: it says so itself"));
}

// Goal: a resume anywhere gives what an undisturbed run gives. Method: random files, random chunks
// and batches; at every line boundary a new session, with other chunks, reads the rest.
TEST_F(LineFileSourceTest, ResumingAtAnyBoundaryReadsTheSame) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    std::string content;
    for (uint64_t n = random.Below(40); n > 0; --n) {
      // Now and then longer than the hashed bytes.
      const size_t length = random.OneIn(15) ? random.Below(9000) : random.Below(12);
      for (size_t i = 0; i < length; ++i) content += "ab\r \0"[random.Below(5)];
      if (n > 1 || random.OneIn(2)) content += random.OneIn(3) ? "\r\n" : "\n";
    }
    Put("in", content);
    FileSourceOptions options = Options();
    const Texts all = Read(options);
    options.chunk_bytes = 1 + random.Below(random.OneIn(2) ? 20 : 5000);
    auto session = Session<std::string>::Open(Of(options), context());
    ASSERT_TRUE(session.ok());
    Texts before;
    while (true) {
      FileSourceOptions other = Options();
      other.chunk_bytes = 1 + random.Below(3000);
      const Position here = session->position();
      Texts joined = before;
      for (const std::string& line : Read(other, here)) joined.push_back(line);
      ASSERT_EQ(joined, all);
      ASSERT_EQ(here.Number("line"), static_cast<int64_t>(before.size() + 1));
      const auto items = session->Next(1 + random.Below(3));
      ASSERT_TRUE(items.ok()) << items.status();
      if (!items->has_value()) break;
      before.insert(before.end(), (*items)->begin(), (*items)->end());
    }
    ASSERT_EQ(before, all);
  }
}

TEST_F(LineFileSourceTest, AnotherFileWithTheSameBytesGoesOnAndIsSaid) {
  Put("in", "one\ntwo\nthree\n");
  std::optional<Position> saved = After(2);
  Replace("in", "one\ntwo\nTHREE\nfour\n");  // restored, copied, or edited by way of a copy
  EXPECT_EQ(ReadOn(Options(), saved), Texts({"THREE", "four"}));
  ASSERT_EQ(notes_.size(), 1u);
  EXPECT_THAT(notes_[0], HasSubstr("in: is another file with the same content (its inode is "));
  EXPECT_THAT(notes_[0], HasSubstr("); reading continues at line 3"));
}

TEST_F(LineFileSourceTest, ARotatedFileIsRefusedAndTheFlagReadsAllOfIt) {
  for (const Texts& next : std::vector<Texts>{{"n1"}, {"a longer first line", "n2", "n3", "n4"}}) {
    std::string content;
    for (const std::string& line : next) content += line + "\n";
    for (const bool in_place : {false, true}) {  // copytruncate
      Put("in", "one\ntwo\nthree\n");
      std::optional<Position> saved = After(3);
      in_place ? Put("in", content) : Replace("in", content);
      const absl::Status refused = Fails(Options(), saved);
      EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
      EXPECT_THAT(Message(refused), HasSubstr("in: is not the file that was read before: "));
      EXPECT_THAT(
          Message(refused),
          HasSubstr("; --accept-changed-input reads it from the beginning, --fresh starts"));
      EXPECT_EQ(ReadOn(Accepting(), saved), next);
      EXPECT_THAT(notes_, ElementsAre(HasSubstr("--accept-changed-input reads it from the begin")));
      EXPECT_EQ(saved->Number("line"), static_cast<int64_t>(next.size() + 1));
      EXPECT_EQ(ReadOn(Options(), saved), Texts());  // and the state is that of the new file
    }
  }
}

TEST_F(LineFileSourceTest, ACutFileIsRefusedAndReadOnWhereWhatWasReadIsThere) {
  Put("in", "one\ntwo\nthree\n");
  const Position saved = After(2);

  Put("in", "one\ntwo\n");  // not before the offset, but a file that only grows does not shrink
  const absl::Status shorter = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(shorter));
  EXPECT_THAT(Message(shorter), HasSubstr("its length is 8 and was 14"));
  EXPECT_THAT(Message(shorter), HasSubstr("--accept-changed-input reads on at line 3, --fresh"));
  EXPECT_EQ(Read(Accepting(), saved), Texts({}));
  Append("in", "3\n");
  EXPECT_EQ(Read(Accepting(), saved), Texts({"3"}));

  Put("in", "one\n");
  const absl::Status refused = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(Message(refused), HasSubstr("--accept-changed-input reads it from the beginning"));
  EXPECT_EQ(Read(Accepting(), saved), Texts({"one"}));
}

TEST_F(LineFileSourceTest, ANewHeadIsSeenAlsoFarBeforeTheOffset) {
  std::string lines;
  for (int i = 0; i < 3000; ++i) lines += "the same line\n";
  Put("in", "first\n" + lines);
  const Position saved = After(2001);
  EXPECT_NE(saved.Text("head"), saved.Text("hash"));
  Put("in", "FIRST\n" + lines);
  const absl::Status refused = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
  EXPECT_THAT(Message(refused), HasSubstr("its first bytes are not the ones that were read"));
  EXPECT_EQ(Read(Accepting(), saved).front(), "FIRST");
  // What lies between the hashed bytes is not looked at.
  std::string middle = "first\n" + lines;
  middle[6000] = 'X';
  Put("in", middle);
  EXPECT_EQ(Read(Options(), saved).size(), 1000u);
}

TEST_F(LineFileSourceTest, APositionOfAnOlderVersionHasNoHashOfTheHeadAndGoesOn) {
  std::string content;
  for (int i = 0; i < 2000; ++i) content += Cat("line ", i, "\n");
  Put("in", content);
  std::optional<Position> saved = Without(After(1990), "head");
  EXPECT_EQ(ReadOn(Options(), saved).front(), "line 1990");
  EXPECT_TRUE(saved->Text("head").has_value());
}

TEST_F(LineFileSourceTest, AnEditBeforeTheOffsetIsRefused) {
  Put("in", "one\ntwo\nthree\n");
  const Position saved = After(2);
  Put("in", "one\nTwo\nthree\n");
  EXPECT_THAT(Message(Fails(Options(), saved)),
              HasSubstr("the bytes before offset 8 are not the ones that were read"));
  Put("in", "one\ntwo\nTHREE\n");  // behind the offset is the reader's future
  EXPECT_EQ(Read(Options(), saved), Texts({"THREE"}));
}

TEST_F(LineFileSourceTest, AGrownFileGoesOn) {
  Put("in", "one\ntwo\n");
  const Position saved = After(2);
  EXPECT_EQ(Read(Options(), saved), Texts({}));
  Append("in", "three\n");
  EXPECT_EQ(Read(Options(), saved), Texts({"three"}));
}

TEST_F(LineFileSourceTest, WithAStateALastLineWithoutItsEndIsReadWhenItIsFinished) {
  for (const size_t chunk : {1, 3, 1000}) {
    FileSourceOptions options = Options();
    options.chunk_bytes = chunk;
    std::optional<Position> position;
    Put("in", "one\r\ntw");
    EXPECT_EQ(ReadOn(options, position), Texts({"one"}));
    EXPECT_THAT(left_,
                ElementsAre(Path("in") + ":2: the last line has no line end; 2 bytes are left "
                                         "unread, the next run reads the line when it is "
                                         "finished"));
    EXPECT_EQ(position->Number("offset"), 5);
    EXPECT_EQ(ReadOn(options, position), Texts());
    Append("in", "o\r");  // half of a line end, too
    EXPECT_EQ(ReadOn(options, position), Texts());
    Append("in", "\nthree\n");
    EXPECT_EQ(ReadOn(options, position), Texts({"two", "three"}));
    EXPECT_THAT(left_, ElementsAre());
    EXPECT_EQ(position->Number("line"), 4);
  }
}

TEST_F(LineFileSourceTest, AnUnfinishedLineThatItsWriterTookBackIsNoCut) {
  std::optional<Position> position;
  Put("in", "one\ntw");
  EXPECT_EQ(ReadOn(Options(), position), Texts({"one"}));
  Put("in", "one\n");
  EXPECT_EQ(ReadOn(Options(), position), Texts());
  Append("in", "2\n");
  EXPECT_EQ(ReadOn(Options(), position), Texts({"2"}));
}

TEST_F(LineFileSourceTest, AnEmptyFileThatGrowsLaterIsReadFromItsBeginning) {
  std::optional<Position> position;
  Put("in", "");
  EXPECT_EQ(ReadOn(Options(), position), Texts());
  Append("in", "o");
  EXPECT_EQ(ReadOn(Options(), position), Texts());
  Replace("in", "quite another one\n");
  EXPECT_EQ(ReadOn(Options(), position), Texts({"quite another one"}));
}

TEST_F(LineFileSourceTest, ALastLineIsTakenWithoutItsEndWhereThatIsWanted) {
  FileSourceOptions options = Options();
  options.final_line = FinalLine::kTake;
  std::optional<Position> position;
  Put("in", "one\ntwo");
  EXPECT_EQ(ReadOn(options, position), Texts({"one", "two"}));
  EXPECT_EQ(position->Number("offset"), 7);
  EXPECT_EQ(ReadOn(options, position), Texts());
  Append("in", "\r");
  EXPECT_EQ(ReadOn(options, position), Texts());
  Append("in", "\nthree\n");
  EXPECT_EQ(ReadOn(options, position), Texts({"three"}));
  EXPECT_EQ(position->Number("line"), 4);
  options.final_line = FinalLine::kLeave;
  Append("in", "four");
  EXPECT_EQ(Read(options, position), Texts());
}

TEST_F(LineFileSourceTest, ALineThatWasTakenAndContinuedIsRefusedAndTheFlagReadsItWhole) {
  for (const bool knows_its_start : {true, false}) {
    Put("in", "one\n" + std::string(70'000, 'x'));
    FileSourceOptions options = Options();
    options.final_line = FinalLine::kTake;
    std::optional<Position> position;
    EXPECT_EQ(ReadOn(options, position).size(), 2u);
    EXPECT_EQ(position->Number("unended"), 4);
    if (!knows_its_start) position = Without(*position, "unended");  // as older versions wrote it
    Append("in", " and more\nthree\n");
    const absl::Status refused = Fails(options, position);
    EXPECT_TRUE(absl::IsFailedPrecondition(refused));
    EXPECT_THAT(Message(refused),
                HasSubstr("in:2: this last line had no newline when it was read"));
    EXPECT_THAT(Message(refused), HasSubstr("--accept-changed-input reads the line again, whole"));
    options.accept_changed = true;
    EXPECT_EQ(ReadOn(options, position), Texts({std::string(70'000, 'x') + " and more", "three"}));
    EXPECT_EQ(position->Number("line"), 4);
  }
}

TEST_F(LineFileSourceTest, WhatIsWrittenBehindATakenLastLineBelongsToTheNextRun) {
  Put("in", "one\ntwo");
  auto session = Session<std::string>::Open(Lines(Path("in")), context());
  EXPECT_THAT(**session->Next(), ElementsAre("one", "two"));
  Append("in", " and more\n");
  EXPECT_EQ(*session->Next(), std::nullopt);
}

TEST_F(LineFileSourceTest, AHalfLineBeyondTheBoundStaysUnreadAndIsBadWhenItIsFinished) {
  for (const size_t chunk : {1, 7, 1000}) {
    FileSourceOptions options = Options();
    options.line_bytes_max = 10;
    options.chunk_bytes = chunk;
    options.on_error = OnError::kSkip;
    std::optional<Position> position;
    Put("in", "short\n01234567890123");
    EXPECT_EQ(ReadOn(options, position), Texts({"short"}));
    EXPECT_THAT(left_,
                ElementsAre(HasSubstr(
                    "in:2: the last line has no line end and is not a whole row: the line is "
                    "longer than 10 bytes; 14 bytes are left unread")));
    EXPECT_EQ(position->Number("offset"), 6);
    Append("in", "4567\nlast\n");
    EXPECT_EQ(ReadOn(options, position), Texts({"last"}));
  }
}

TEST_F(LineFileSourceTest, ACopyKeepsEveryByte) {
  const std::string bytes("a\r\n\xff\xfe b\n\nc\0d\r\r\n\r\nlast\r\n", 23);
  Put("in", bytes);
  FileSourceOptions options = Options();
  options.keeps_cr = true;
  std::string copy;
  for (const std::string& line : Read(options)) copy += line + "\n";
  EXPECT_EQ(copy, bytes);
}

TEST_F(LineFileSourceTest, APreviewSaysWhatAStartWouldSay) {
  EXPECT_EQ(Lines("a/b.txt").factory()->Describe(), "file a/b.txt");
  EXPECT_TRUE(Lines("a").factory()->can_seek());
  const auto preview = [&](const std::optional<Position>& position) {
    SkipLog skips(/*keeps_state=*/true);
    SourceContext kept = context();
    kept.skips = &skips;
    const auto text = Of(Options()).factory()->Preview("file", position, kept);
    EXPECT_EQ(skips.TakeNotes().size() + skips.Left().size(), 0u);
    return text.ok() ? *text : Message(text.status());
  };
  Put("in", "one\ntwo\nth");
  const Position saved = After(1);
  EXPECT_EQ(preview(saved), "6 bytes to read");
  EXPECT_EQ(preview(After(2)), "2 bytes to read without a line end yet");
  Replace("in", "one\ntwo\nthree\n");
  EXPECT_THAT(preview(saved), HasSubstr("10 bytes to read; " + Path("in") +
                                        ": is another file with the same content"));
  Put("in", "One\ntwo\nthree\n");
  EXPECT_EQ(preview(saved), Message(Fails(Options(), saved)));
}

TEST_F(LineFileSourceTest, AFileThatIsCutWhileItIsReadStopsTheRun) {
  Put("in", "one\ntwo\nthree\n");
  FileSourceOptions options = Options();
  options.chunk_bytes = 5;
  auto session = Session<std::string>::Open(Of(options), context());
  ASSERT_TRUE(session->Next(2).ok());
  Put("in", "o");
  const absl::Status cut = session->Rest().status();
  EXPECT_TRUE(absl::IsDataLoss(cut));
  EXPECT_EQ(Message(cut), Path("in") + ": was cut to 1 bytes while it was read at byte 8");
}

TEST_F(LineFileSourceTest, WhatIsNoFileIsRefusedWithAReason) {
  const absl::Status missing = Fails(Options("nowhere"));
  EXPECT_TRUE(absl::IsNotFound(missing));
  EXPECT_EQ(Message(missing), Path("nowhere") + ": no such file; check the path");
  EXPECT_THAT(Message(ReadAll(Lines("nowhere"), context()).status()),
              HasSubstr("nowhere: no such file; the path counts from the directory the job was"));

  EXPECT_EQ(Message(Fails({.path = root_})),
            root_ +
                ": is a directory; name each file in it as a source, folders and patterns are not "
                "read yet");
  EXPECT_EQ(
      Message(Fails({.path = Path("*.txt")})),
      Path("*.txt") + ": no such file; patterns are not read yet, name each file as a source");

  ASSERT_EQ(mkfifo(Path("pipe").c_str(), 0600), 0);  // opening it would block for ever
  EXPECT_THAT(Message(Fails(Options("pipe"))),
              HasSubstr("pipe: is a pipe, which cannot be read again"));
  EXPECT_THAT(Message(Fails({.path = "/dev/zero"})), HasSubstr("/dev/zero: is a device"));
  EXPECT_FALSE(Fails({.path = ""}).ok());
}

TEST_F(LineFileSourceTest, AForeignPositionIsRefusedWithTheFileName) {
  Put("in", "one\n");
  const absl::Status refused = Fails(Options(), Position().Set("next", 5));
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(Message(refused),
              HasSubstr(Path("in") + ": the stored position is not that of a file"));
}

TEST_F(LineFileSourceTest, APollIsBoundedInBytes) {
  const std::string line(300 << 10, 'x');
  Put("in", Cat(line, "\n", line, "\n", line, "\n", line, "\n", line, "\n"));
  auto session = Session<std::string>::Open(Lines(Path("in")), context());
  EXPECT_EQ((*session->Next(1000))->size(), 4u);  // the fourth reaches 1 MiB
}

}  // namespace
}  // namespace tidemark
