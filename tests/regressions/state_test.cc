// Bugs of others about what is in the state.

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "tests/support/temp_directory.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {
namespace {

using Numbers = KeyValue<int64_t, std::vector<int64_t>>;

struct Event {
  int64_t key = 0;
  int64_t number = 0;
};

// Lists of a key's numbers on a state directory.
struct Batches {
  Batches(FlowTester::Options options, const BatchOptions& batch, size_t partitions = 1)
      : tester(In(dir, options)), in(tester.Input<Event>(partitions)) {
    tester.Build([this, batch](Flow& flow) {
      flow.From("in", in.source())
          .KeyBy(&Event::key)
          .MapValue([](const Event& event) { return event.number; })
          .Batch("lists", batch)
          .To("out", out.sink());
    });
  }
  static FlowTester::Options In(const TempDirectory& dir, FlowTester::Options options) {
    options.state_directory = dir.Path("state");
    return options;
  }

  TempDirectory dir;
  FlowTester tester;
  TestInput<Event> in;
  TestOutput<Numbers> out;
};

// bytewax#181, #182: a crash before every worker had written its first progress was resumed as a
// smaller cluster, and data was skipped.
TEST(Anchors, Bug2_ACrashBeforeTheFirstProgressOfAllSkipsNothing) {
  for (const int workers_after : {1, 2, 3, 5}) {
    Batches b({.workers = 3}, {.max_items = 100}, 3);
    for (int64_t n = 0; n < 60; ++n) b.in.PushTo(static_cast<size_t>(n % 3), {n % 7, n});
    // Some workers have read, none has committed.
    ASSERT_TRUE(b.tester.job().worker(0).Step().ok());
    ASSERT_TRUE(b.tester.job().worker(1).Step().ok());
    b.tester.CrashAndResumeWith(workers_after);
    // One partition has given something at the first commit, the others nothing yet.
    ASSERT_TRUE(b.tester.job().worker(0).Step().ok());
    b.tester.Commit();
    b.tester.CrashAndResumeWith(3);
    b.tester.End();
    std::map<int64_t, size_t> seen;
    for (const Numbers& list : b.out.rows()) {
      for (const int64_t n : list.value) ++seen[n];
    }
    EXPECT_EQ(seen.size(), 60u) << "with " << workers_after << " workers";
    for (const auto& [n, times] : seen) EXPECT_EQ(times, 1u) << "item " << n;
  }
}

struct Leaf {
  std::optional<std::string> text;
  std::vector<int64_t> numbers;
  bool operator==(const Leaf&) const = default;
};
struct Tree {
  std::map<std::string, std::vector<Leaf>> branches;
  std::optional<std::vector<std::optional<Leaf>>> more;
  bool operator==(const Tree&) const = default;
};

// feldera#6765: a nested part of the state came back empty, without an error.
TEST(Anchors, Bug5_NestedPartsOfTheStateComeBackWhole) {
  TempDirectory dir;
  FlowTester tester({.state_directory = dir.Path("state")});
  auto in = tester.Input<Event>();
  TestOutput<KeyValue<int64_t, Tree>> out;
  tester.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .KeyBy(&Event::key)
        .StatefulMap("trees",
                     [](std::optional<Tree> tree, const Event& event) {
                       if (!tree) tree.emplace();
                       const std::string name = std::to_string(event.number % 2);
                       tree->branches[name].push_back({.text = std::nullopt, .numbers = {}});
                       tree->branches[name].push_back({.text = "", .numbers = {event.number}});
                       if (!tree->more) tree->more.emplace();
                       tree->more->push_back(std::nullopt);
                       tree->more->push_back(Leaf{.text = name, .numbers = {1, 2}});
                       return std::pair(tree, *tree);
                     })
        .To("out", out.sink());
  });
  for (int64_t n = 0; n < 4; ++n) {
    in.Push({1, n});
    tester.Run();
    tester.Commit();
    tester.CrashAndResume();
  }
  ASSERT_EQ(out.rows().size(), 4u);
  const Tree& tree = out.rows().back().value;
  ASSERT_EQ(tree.branches.size(), 2u);
  EXPECT_EQ(tree.branches.at("1"),
            (std::vector<Leaf>{{std::nullopt, {}}, {"", {1}}, {std::nullopt, {}}, {"", {3}}}));
  ASSERT_TRUE(tree.more.has_value());
  ASSERT_EQ(tree.more->size(), 8u);
  EXPECT_FALSE((*tree.more)[6].has_value());
  EXPECT_EQ((*tree.more)[7], (Leaf{"1", {1, 2}}));
}

// proton#705: the last result was emitted again after a restart, sometimes.
TEST(Anchors, Bug8_TheLastResultIsEmittedOnce) {
  Batches b({}, {.max_items = 2});
  for (int64_t n = 0; n < 5; ++n) {
    b.in.Push({1, n});
    b.tester.Run();
    b.tester.CrashAndResume();  // not committed: read again
    b.tester.Run();
    b.tester.Commit();
    b.tester.CrashAndResume();
  }
  b.tester.End();
  const std::vector<Numbers> once = {{1, {0, 1}}, {1, {2, 3}}, {1, {4}}};
  EXPECT_EQ(b.out.committed(), once);
  // A job that has ended finds nothing new, however often it is run.
  for (int i = 0; i < 3; ++i) {
    b.tester.CrashAndResume();
    b.tester.End();
  }
  EXPECT_EQ(b.out.committed(), once);
}

// risingwave#16676: a memory surge while recovering killed the process again and again.
TEST(Anchors, Bug11_ResumingStaysWithinTheMemoryBudget) {
  constexpr int64_t kKeys = 50'000;
  constexpr size_t kBudget = size_t{2} << 20;
  Batches b({.memory_bytes = kBudget}, {.max_wait = absl::Seconds(10)});
  for (int64_t key = 0; key < kKeys; ++key) b.in.Push({key, key});
  b.tester.Run();
  b.tester.Commit();
  // All of it is due at once when the job comes back.
  b.tester.clock().Advance(Span::Seconds(60));
  b.tester.CrashAndResume();
  const Worker& worker = b.tester.job().worker(0);
  b.tester.Run();
  EXPECT_EQ(b.out.rows().size(), static_cast<size_t>(kKeys));
  EXPECT_GE(worker.stats().early_epochs.load(), 1u) << "the state is larger than the budget";
  EXPECT_LE(worker.memory_used_bytes(), 2 * kBudget);
}

// WindFlow: a delimiter inside a value corrupted a stored list.
TEST(Anchors, Bug13_AnyByteMayOccurInAValue) {
  const std::vector<std::string> values = {
      "a,b;c|d", std::string("\0\0x", 3), "\n\r\n", "\"\\", "", "\x1f\x1e", "\xff\xfe", "]}"};
  TempDirectory dir;
  FlowTester tester({.state_directory = dir.Path("state")});
  auto in = tester.Input<std::string>();
  TestOutput<KeyValue<std::string, std::vector<std::string>>> out;
  tester.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .KeyBy([](const std::string&) { return std::string("k\0|,", 4); })
        .Batch("lists", {.max_items = 1000})
        .To("out", out.sink());
  });
  std::vector<std::string> pushed;
  for (int round = 0; round < 40; ++round) {  // beyond a kilobyte: the list gets segments
    for (const std::string& value : values) {
      in.Push(value);
      pushed.push_back(value);
    }
    tester.Run();
    tester.Commit();
    tester.CrashAndResume();
  }
  tester.End();
  ASSERT_EQ(out.rows().size(), 1u);
  EXPECT_EQ(out.rows()[0].key, std::string("k\0|,", 4));
  EXPECT_EQ(out.rows()[0].value, pushed);
}

}  // namespace
}  // namespace tidemark
