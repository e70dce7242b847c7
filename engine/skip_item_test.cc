// A poison item that stops every resume can be stepped over, once, and the record remembers it.

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

#include "base/status.h"
#include "tidemark/flow.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

using Lists = KeyValue<int, std::vector<int>>;

struct Poisoned {
  explicit Poisoned(int workers) : tester({.workers = workers}), in(tester.Input<int>(2)) {
    tester.Build([this](Flow& flow) {
      flow.From("in", in.source())
          .Map([](int n) {
            if (n == 107) throw std::runtime_error("cannot take this one");
            return n;
          })
          .KeyBy([](int n) { return n / 100; })
          .Batch("lists", {.max_items = 100})
          .To("out", out.sink());
    });
    for (int n = 0; n < 10; ++n) {
      in.PushTo(0, n);
      in.PushTo(1, 100 + n);
    }
  }
  absl::Status ResumeSteppingOver(std::vector<SkippedItem> items) {
    tester.options().skip_items = std::move(items);
    return tester.TryCrashAndResume();
  }

  FlowTester tester;
  TestInput<int> in;
  TestOutput<Lists> out;
};

TEST(SkipItem, OneItemIsSteppedOverAndTheRecordSaysSo) {
  for (const int workers : {1, 3}) {
    Poisoned p(workers);
    for (int tries = 0; tries < 3; ++tries) {
      ASSERT_FALSE(p.tester.TryRun().ok()) << "the item stops every run";
      ASSERT_TRUE(p.tester.TryCrashAndResume().ok());
    }
    const SkippedItem poison{.source = "in", .partition = "1", .number = 7};
    ASSERT_TRUE(p.ResumeSteppingOver({poison}).ok());
    p.tester.End();
    ASSERT_EQ(p.out.rows().size(), 2u);
    EXPECT_EQ(p.out.rows()[0].value.size() + p.out.rows()[1].value.size(), 19u);
    EXPECT_EQ(p.tester.job().record().skipped_items, std::vector<SkippedItem>{poison});

    // It was for that item alone: the next one like it stops the run again.
    p.in.PushTo(1, 107);
    ASSERT_TRUE(p.ResumeSteppingOver({}).ok());
    EXPECT_FALSE(p.tester.TryRun().ok());
    const absl::Status behind = p.ResumeSteppingOver({poison});
    EXPECT_NE(behind.message().find("has been read and committed"), absl::string_view::npos)
        << behind;
  }
}

// Counts up, and refuses a number for what it is, as a file refuses a malformed line.
class Refusing final : public SourceFactory<int> {
 public:
  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"0"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<int>>> Open(const std::string&,
                                                             const std::optional<Position>& resume,
                                                             const SourceContext&) override {
    return std::make_unique<Partition>(resume ? resume->Number("next").value_or(0) : 0);
  }
  std::string Describe() const override { return "refusing"; }

 private:
  class Partition final : public SourcePartition<int> {
   public:
    explicit Partition(int64_t next) : next_(next) {}
    absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<int>& out) override {
      for (; max > 0 && next_ < 10; --max) {
        const int64_t number = next_++;
        if (number == 7) return absl::InvalidArgumentError("7 is malformed");
        out.push_back(static_cast<int>(number));
      }
      return next_ < 10 ? PollResult::Again() : PollResult::AtEnd();
    }
    Position position() const override { return Position().Set("next", next_); }

   private:
    int64_t next_;
  };
};

TEST(SkipItem, WhatTheSourceItselfRefusesIsSteppedOver) {
  FlowTester tester;
  TestOutput<int> out;
  tester.Build([&](Flow& flow) {
    flow.From("in", Source<int>(std::make_shared<Refusing>())).To("out", out.sink());
  });
  ASSERT_FALSE(tester.TryRun().ok());
  tester.options().skip_items = {{.source = "in", .partition = "0", .number = 6}};
  ASSERT_TRUE(tester.TryCrashAndResume().ok());
  EXPECT_FALSE(tester.TryRun().ok()) << "another item is stepped over, and this one stops the run";
  tester.options().skip_items = {{.source = "in", .partition = "0", .number = 7}};
  ASSERT_TRUE(tester.TryCrashAndResume().ok());
  tester.End();
  EXPECT_EQ(out.committed(), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 8, 9}));
  EXPECT_EQ(tester.job().record().skipped_items, tester.options().skip_items);
}

TEST(SkipItem, WhatIsNotThereIsNamed) {
  Poisoned p(1);
  const absl::Status status =
      p.ResumeSteppingOver({{.source = "in", .partition = "9", .number = 1}});
  EXPECT_NE(status.message().find("no partition '9' of a source 'in'"), absl::string_view::npos)
      << status;
}

}  // namespace
}  // namespace tidemark
