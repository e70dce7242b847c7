#include "connectors/line_file_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <optional>
#include <string>
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
  // The position after the first `n` lines of "in".
  Position After(size_t n) {
    auto session = Session<std::string>::Open(Of(Options()), context());
    EXPECT_TRUE(session.ok()) << session.status();
    EXPECT_EQ((*session->Next(n))->size(), n);
    return session->position();
  }
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

TEST_F(LineFileSourceTest, ARotatedFileIsRefusedUnlessAccepted) {
  Put("in", "one\ntwo\nthree\n");
  const Position saved = After(2);
  Replace("in", "one\ntwo\nTHREE\n");  // the same bytes before the offset, but another file
  const absl::Status refused = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(Message(refused),
              HasSubstr(Path("in") + ": is not the file that was read before: its "
                                     "inode is "));
  EXPECT_THAT(Message(refused),
              HasSubstr("--accept-changed-input reads it on from byte 8 all the same"));
  FileSourceOptions accepting = Options();
  accepting.accept_changed = true;
  EXPECT_EQ(Read(accepting, saved), Texts({"THREE"}));
}

TEST_F(LineFileSourceTest, ACutFileIsRefusedUnlessAccepted) {
  Put("in", "one\ntwo\nthree\n");
  const Position saved = After(2);
  FileSourceOptions accepting = Options();
  accepting.accept_changed = true;

  Put("in", "one\ntwo\n");  // not before the offset, but a file that only grows does not shrink
  EXPECT_THAT(Message(Fails(Options(), saved)), HasSubstr("its length is 8 and was 14"));
  EXPECT_EQ(Read(accepting, saved), Texts({}));

  Put("in", "one\n");
  const absl::Status refused = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(Message(refused), HasSubstr("reads it from the beginning all the same"));
  EXPECT_EQ(Read(accepting, saved), Texts({"one"}));
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

TEST_F(LineFileSourceTest, ALineReadWithoutItsNewlineIsNeitherReadTwiceNorTorn) {
  Put("in", "one\ntwo");
  const Position saved = After(2);
  EXPECT_EQ(saved.Number("offset"), 7);
  Append("in", "\r\nthree\n");
  auto session = Session<std::string>::Open(Lines(Path("in")), context(), saved);
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(**session->Next(), ElementsAre("three"));
  EXPECT_EQ(session->position().Number("line"), 4);

  Put("in", "one\ntwo and more\nthree\n");
  const absl::Status refused = Fails(Options(), saved);
  EXPECT_TRUE(absl::IsFailedPrecondition(refused));
  EXPECT_THAT(Message(refused), HasSubstr("in:2: this last line had no newline when it was read"));
  FileSourceOptions accepting = Options();
  accepting.accept_changed = true;
  EXPECT_EQ(Read(accepting, saved), Texts({" and more", "three"}));
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
            root_ + ": is a directory; name a file in it, or use a directory source");

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
  std::string content;
  for (int i = 0; i < 10; ++i) content += line + "\n";
  Put("in", content);
  auto session = Session<std::string>::Open(Lines(Path("in")), context());
  EXPECT_EQ((*session->Next(1000))->size(), 4u);  // the fourth reaches 1 MiB
}

TEST_F(LineFileSourceTest, DescribesItself) {
  EXPECT_EQ(Lines("a/b.txt").factory()->Describe(), "file a/b.txt");
  EXPECT_TRUE(Lines("a").factory()->can_seek());
}

}  // namespace
}  // namespace tidemark
