// Stateless steps that have no other test, through the public API with the virtual clock.

#include "tidemark/stream.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

#include "base/status.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

TEST(Stream, RedistributeUsesAllWorkersAndLosesNothing) {
  for (const int workers : {1, 3}) {
    FlowTester t({.workers = workers});
    auto in = t.Input<int>();
    auto out = t.Output<int>();
    auto seen = std::make_shared<std::set<int>>();
    t.Build([&](Flow& flow) {
      flow.From("in", in.source())
          .Redistribute()
          .InspectDebug([seen](int, Epoch epoch, int worker) {
            EXPECT_EQ(epoch, Epoch{1});
            seen->insert(worker);
          })
          .To("out", out.sink());
    });
    std::vector<int> items;
    for (int n = 0; n < 10; ++n) items.push_back(n);
    in.PushAll(items);
    t.End();
    std::vector<int> rows = out.committed();
    std::sort(rows.begin(), rows.end());
    EXPECT_EQ(rows, items);
    EXPECT_EQ(seen->size(), static_cast<size_t>(workers));
  }
}

TEST(Stream, RaisesEndsTheRunAtTheFirstItemAndNotBefore) {
  FlowTester t;
  auto in = t.Input<int>();
  t.Build([&](Flow& flow) { flow.From("in", in.source()).Raises(); });
  EXPECT_TRUE(t.TryRun().ok());
  in.Push(1);
  const absl::Status status = t.TryRun();
  EXPECT_NE(status.message().find("Raises()"), absl::string_view::npos) << status;
}

TEST(Stream, ItemsMayBeBools) {
  FlowTester t;
  auto in = t.Input<int>();
  auto out = t.Output<bool>();
  t.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .Map([](int n) { return n % 2 == 0; })
        .Map([](bool even) { return !even; })
        .To("out", out.sink());
  });
  in.PushAll({1, 2, 3});
  t.End();
  EXPECT_EQ(out.committed(), (std::vector<bool>{true, false, true}));
}

}  // namespace
}  // namespace tidemark
