#include "connectors/made/testing_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <vector>

#include "absl/status/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;

class TestingSourceTest : public ConnectorTest {
 protected:
  Session<int> Open(const Source<int>& source, const std::optional<Position>& resume = {}) {
    auto session = Session<int>::Open(source, context(), resume);
    EXPECT_TRUE(session.ok()) << session.status();
    return *std::move(session);
  }
};

TEST_F(TestingSourceTest, GivesItsItemsInBatches) {
  auto session = Open(TestingSource<int>({0, 1, 2, 3, 4}));
  EXPECT_THAT(**session.Next(2), ElementsAre(0, 1));
  EXPECT_THAT(**session.Next(2), ElementsAre(2, 3));
  EXPECT_THAT(**session.Next(2), ElementsAre(4));
  EXPECT_EQ(*session.Next(2), std::nullopt);
}

TEST_F(TestingSourceTest, ResumesAtTheNextItem) {
  const auto source = TestingSource<int>({0, 1, 2});
  auto first = Open(source);
  EXPECT_THAT(**first.Next(1), ElementsAre(0));
  EXPECT_THAT(**first.Next(1), ElementsAre(1));
  const Position saved = first.position();
  EXPECT_EQ(saved.Number("next"), 2);
  EXPECT_THAT(**first.Next(1), ElementsAre(2));
  auto second = Open(source, saved);
  EXPECT_EQ(second.position(), saved);
  EXPECT_THAT(**second.Next(1), ElementsAre(2));
  EXPECT_EQ(*second.Next(1), std::nullopt);
}

TEST_F(TestingSourceTest, AnEofEndsTheRunAndTheNextGoesOnBehindIt) {
  const auto source = TestingSource<int>({0, 1, 2, TestingEof(), 3, 4});
  auto first = Open(source);
  EXPECT_THAT(**first.Next(2), ElementsAre(0, 1));
  EXPECT_THAT(**first.Next(2), ElementsAre(2));
  EXPECT_EQ(*first.Next(2), std::nullopt);
  EXPECT_EQ(first.position().Number("next"), 4);
  auto second = Open(source, first.position());
  EXPECT_THAT(**second.Next(2), ElementsAre(3, 4));
  EXPECT_EQ(*second.Next(2), std::nullopt);
}

TEST_F(TestingSourceTest, AnAbortHappensOnceAndThenDoesNotCutTheBatch) {
  const auto source = TestingSource<int>({0, 1, 2, TestingAbort(), 3, 4});
  auto first = Open(source);
  EXPECT_THAT(**first.Next(2), ElementsAre(0, 1));
  const Position saved = first.position();
  EXPECT_THAT(**first.Next(2), ElementsAre(2));
  EXPECT_TRUE(absl::IsAborted(first.Next(2).status()));
  auto second = Open(source, saved);
  EXPECT_THAT(**second.Next(2), ElementsAre(2, 3));
  EXPECT_THAT(**second.Next(2), ElementsAre(4));
  EXPECT_EQ(*second.Next(2), std::nullopt);
}

TEST_F(TestingSourceTest, APositionBehindTheListIsRefused) {
  const auto source = TestingSource<int>({0});
  for (const Position& bad : {Position(), Position().Set("next", 2), Position().Set("next", -1)}) {
    EXPECT_FALSE(Session<int>::Open(source, context(), bad).ok());
  }
}

}  // namespace
}  // namespace tidemark
