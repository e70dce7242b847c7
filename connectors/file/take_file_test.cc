// A start that takes an output and comes to nothing: the output goes back, from whatever point it
// died at. The same line again goes on with what it took.

#include "connectors/file/take_file.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "connectors/claim/sink_owner.h"
#include "connectors/file/file_sink.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

class TakeFileTest : public ConnectorTest {
 protected:
  struct Start {
    std::string line;
    std::string replaces = {};
    std::string abandoned = {};
    bool take_over = false;
  };
  // Opens the output and writes a row that belongs to no commit.
  void Begin(const Start& start, const std::optional<Position>& resume = {}) {
    Open(start, resume);
    ASSERT_TRUE(writer_->Write({"of " + start.line}).ok());
    ASSERT_TRUE(writer_->EndEpoch(Epoch{9}).ok());
    writer_.reset();
  }
  void Open(const Start& start, const std::optional<Position>& resume = {}) {
    SinkContext context;
    context.files = files_.get();
    context.run_line = start.line;
    context.replaced_line = start.replaces;
    context.abandoned_line = start.abandoned;
    context.take_over = start.take_over;
    context.resume_epoch = resume.has_value() ? 2 : 0;  // none here goes beyond
    auto opened = LineFile(Path("out")).factory()->Open(resume, context);
    ASSERT_TRUE(opened.ok()) << opened.status();
    writer_ = *std::move(opened);
  }
  // An epoch of the writer that is open; what it hands to its commit.
  Position Commit(uint64_t epoch, const std::string& row) {
    EXPECT_TRUE(writer_->Write({row}).ok());
    const auto output = writer_->EndEpoch(Epoch{epoch});
    EXPECT_TRUE(output.ok()) << output.status();
    if (output->make_durable) {
      EXPECT_TRUE(output->make_durable().ok());
    }
    if (output->committed) {
      EXPECT_TRUE(output->committed().ok());
    }
    return output->position;
  }
  bool IsThere(const std::string& name) { return files_->Stat(Path(name)).ok(); }

  std::unique_ptr<SinkWriter<std::string>> writer_;
};

TEST_F(TakeFileTest, WhatAFreshStartTookGoesBack) {
  Open({"A"});
  const Position a = Commit(1, "1");
  Begin({.line = "B", .replaces = "A"});
  EXPECT_EQ(Get("out"), "of B\n");
  EXPECT_EQ(Get("out.replaced-1"), "1\n");
  Open({.line = "A", .abandoned = "B"}, a);
  EXPECT_EQ(Get("out"), "1\n");
  EXPECT_FALSE(IsThere("out.replaced-1"));
}

TEST_F(TakeFileTest, TheSameLineGoesOnWithWhatItTook) {
  Open({"A"});
  Commit(1, "1");
  for (int start = 0; start < 3; ++start) Begin({.line = "B", .replaces = "A"});
  EXPECT_EQ(Get("out"), "of B\n");
  EXPECT_EQ(Get("out.replaced-1"), "1\n");
  Open({.line = "B", .replaces = "A"});
  Commit(1, "2");
  EXPECT_EQ(Get("out"), "2\n");
  EXPECT_FALSE(IsThere("out.replaced-1")) << "the first commit ends it";
  EXPECT_FALSE(IsThere("out.replaced-1.tidemark"));
}

TEST_F(TakeFileTest, WhatWasCutOffGoesBack) {
  Open({"A"});
  const Position one = Commit(1, "1");
  const Position two = Commit(2, "2");
  Begin({.line = "F", .take_over = true}, one);
  EXPECT_EQ(Get("out"), "1\nof F\n");
  Open({.line = "A", .abandoned = "F"}, two);
  EXPECT_EQ(Get("out"), "1\n2\n");
  EXPECT_FALSE(IsThere("out.tail-1"));
}

// The disk was full while what is cut off was copied.
TEST_F(TakeFileTest, ACopyThatWasBrokenOffIsMadeAnewInItsPlace) {
  Open({"A"});
  const Position one = Commit(1, "1");
  const Position two = Commit(2, "2");
  const auto owner = ReadOwner(*files_, Path("out"));
  ASSERT_TRUE(owner.ok() && owner->has_value());
  ASSERT_TRUE(WriteOwner(*files_, Path("out.tail-1"), **owner).ok());
  Put("out.tail-1", "half of i");
  Begin({.line = "F", .take_over = true}, one);
  EXPECT_FALSE(IsThere("out.tail-2"));
  Open({.line = "A", .abandoned = "F"}, two);
  EXPECT_EQ(Get("out"), "1\n2\n");
}

// Giving back died before the file was renamed, and then the new command came once more.
TEST_F(TakeFileTest, WhatWasToGoBackIsNotTakenForNew) {
  Open({"A"});
  const Position a = Commit(1, "1");
  Begin({.line = "B", .replaces = "A"});
  auto owner = ReadOwner(*files_, Path("out"));
  ASSERT_TRUE(owner.ok() && owner->has_value());
  (*owner)->moving = true;
  ASSERT_TRUE(WriteOwner(*files_, Path("out"), **owner).ok());
  Begin({.line = "B", .replaces = "A"});
  EXPECT_EQ(Get("out.replaced-1"), "1\n");
  EXPECT_FALSE(IsThere("out.replaced-2"));
  Open({.line = "A", .abandoned = "B"}, a);
  EXPECT_EQ(Get("out"), "1\n");
}

// A damaged record names nobody, and no start is abandoned mostly: the two are not the same.
TEST_F(TakeFileTest, NobodysOutputIsNotGivenBack) {
  Open({"A"});
  Commit(1, "1");
  Begin({.line = "B", .replaces = "A"});
  auto owner = ReadOwner(*files_, Path("out"));
  ASSERT_TRUE(owner.ok() && owner->has_value());
  (*owner)->run_line.clear();
  ASSERT_TRUE(WriteOwner(*files_, Path("out"), **owner).ok());
  Open({"C"});
  EXPECT_EQ(Get("out.old-1"), "of B\n") << "moved aside, and not replaced by what it had replaced";
}

// Only the last line of the record is written behind a commit; where the rest is not what this
// version writes, all of it is.
TEST_F(TakeFileTest, ARecordWithMoreInItIsWrittenWhole) {
  Open({"A"});
  Put("out.tidemark", "A\nfrom 0\nof-a-later-version yes\n\nA text for people.\n");
  Commit(1, "1");
  Commit(2, "2");
  const auto owner = ReadOwner(*files_, Path("out"));
  ASSERT_TRUE(owner.ok() && owner->has_value());
  EXPECT_EQ((*owner)->run_line, "A");
  ASSERT_TRUE((*owner)->committed.has_value());
  EXPECT_EQ((*owner)->committed->epoch, 2u);
  EXPECT_EQ((*owner)->committed->bytes, 4u);
}

}  // namespace
}  // namespace tidemark
