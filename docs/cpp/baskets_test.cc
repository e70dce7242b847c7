#include "baskets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "absl/time/time.h"
#include "tidemark/testing.h"

namespace {

using ::testing::ElementsAre;
using tidemark::FlowTester;
using tidemark::KeyValue;

using Customer = KeyValue<std::string, Event>;
using Text = KeyValue<std::string, std::string>;

class BasketsTest : public ::testing::TestWithParam<int> {
 protected:
  BasketsTest() : t_({.workers = GetParam()}) {
    t_.Build([this](tidemark::Flow& flow) {
      const auto events =
          flow.From("events", in_.source()).KeyBy(&Customer::key).MapValue([](Customer event) {
            return event.value;
          });
      auto [paid, abandoned] = events.Stateful("baskets", Baskets{});
      paid.To("paid", paid_.sink());
      abandoned.To("abandoned", abandoned_.sink());
    });
  }
  // Every step is repeated after a crash, with and without a commit before it.
  void Push(Customer event) {
    in_.Push(std::move(event));
    t_.Run();
    t_.CrashAndResume();
    t_.Run();
    t_.Commit();
    t_.CrashAndResume();
  }

  FlowTester t_;
  tidemark::TestInput<Customer> in_ = t_.Input<Customer>();
  tidemark::TestOutput<Text> paid_ = t_.Output<Text>(), abandoned_ = t_.Output<Text>();
};

TEST_P(BasketsTest, APaidBasketIsEmitted) {
  Push({"anna", {"apples", 1}});
  Push({"anna", {"pears", 2}});
  Push({"anna", {"apples", 1}});
  EXPECT_TRUE(paid_.rows().empty());
  Push({"anna", {}});
  EXPECT_THAT(paid_.rows(), ElementsAre(Text{"anna", "2 apples, 2 pears"}));
  EXPECT_EQ(t_.status().keys, 0u) << "a basket that was paid for leaves no state";
}

TEST_P(BasketsTest, HalfAnHourOfSilenceAbandonsABasket) {
  Push({"anna", {"apples", 1}});
  t_.Advance(absl::Minutes(29));
  EXPECT_TRUE(abandoned_.rows().empty());
  t_.CrashAndResume();  // the deadline is a function of the state, and so survives
  t_.Advance(absl::Minutes(1));
  EXPECT_THAT(abandoned_.rows(), ElementsAre(Text{"anna", "1 apples"}));
}

TEST_P(BasketsTest, TheEndOfInputAbandonsABasket) {
  Push({"anna", {"apples", 1}});
  t_.End();
  EXPECT_THAT(abandoned_.committed(), ElementsAre(Text{"anna", "1 apples"}));
}

INSTANTIATE_TEST_SUITE_P(Workers, BasketsTest, ::testing::Values(1, 3));

}  // namespace
