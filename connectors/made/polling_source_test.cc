#include "connectors/made/polling_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;

Timestamp At(std::string_view text) { return *ParseTimestamp(text); }

class PollingSourceTest : public ConnectorTest {
 protected:
  PollingSourceTest() { clock_.Set(At("2023-01-01T05:00:00Z")); }

  static PollingOptions HalfHours(std::string_view align_to) {
    return {.interval = absl::Minutes(30), .align_to = At(align_to).ToAbsl()};
  }
  Timestamp FirstAsk(std::string_view now, std::string_view align_to) {
    const SimClock clock(At(now));
    return PollSchedule::Create(HalfHours(align_to), clock)->next();
  }
};

TEST_F(PollingSourceTest, AsksAtAlignedTimes) {
  EXPECT_EQ(FirstAsk("2023-01-01T05:15:00Z", "2023-01-01T04:00:00Z"), At("2023-01-01T05:30:00Z"));
  EXPECT_EQ(FirstAsk("2023-01-01T05:00:00Z", "2023-01-01T04:00:00Z"), At("2023-01-01T05:00:00Z"));
  EXPECT_EQ(FirstAsk("2023-01-01T05:15:00Z", "2024-01-01T04:00:00Z"), At("2023-01-01T05:30:00Z"));
  EXPECT_EQ(FirstAsk("2023-01-01T05:15:00Z", "0001-01-01T00:00:00Z"), At("2023-01-01T05:30:00Z"));
  EXPECT_EQ(FirstAsk("2023-01-01T05:15:00Z", "9999-12-31T00:10:00Z"), At("2023-01-01T05:40:00Z"));
}

TEST_F(PollingSourceTest, FindsTheFirstTimeForAnyAlignment) {
  for (int64_t t = -12; t <= 12; ++t) {
    for (int64_t align = -7; align <= 7; ++align) {
      for (int64_t interval = 1; interval <= 5; ++interval) {
        const Timestamp found = PollTimeAtOrAfter({t}, {align}, {interval});
        EXPECT_EQ((found.us - align) % interval, 0);
        EXPECT_TRUE(found.us >= t && found.us < t + interval)
            << t << " " << align << " " << interval;
      }
    }
  }
  EXPECT_EQ(PollTimeAtOrAfter(Timestamp::Max(), Timestamp::Min(), Span::Infinite()),
            Timestamp::Max());
}

TEST_F(PollingSourceTest, AnAnswerIsFollowedByTheNextRegularTime) {
  const auto source = SimplePollingSource<bool>(HalfHours("2023-01-01T05:00:00Z"), [](Timestamp) {
    return PollAnswer<bool>{.items = {true}};
  });
  auto session = Session<bool>::Open(source, context());
  ASSERT_TRUE(session.ok()) << session.status();
  EXPECT_THAT(**session->Next(), ElementsAre(true));
  EXPECT_EQ(session->last().ask_again, At("2023-01-01T05:30:00Z"));
  EXPECT_THAT(**session->Next(), ElementsAre());  // asked too early, it does not ask
  clock_.Set(At("2023-01-01T07:10:00Z"));         // what was missed is not made up for
  EXPECT_THAT(**session->Next(), ElementsAre(true));
  EXPECT_EQ(session->last().ask_again, At("2023-01-01T07:30:00Z"));
  EXPECT_EQ(session->position().Number("asked"), 2);
  EXPECT_FALSE(source.factory()->can_seek());
}

TEST_F(PollingSourceTest, ARetryComesAfterItsDelayAndThenTheRegularTime) {
  int asked = 0;
  const auto source = SimplePollingSource<int>(HalfHours("2023-01-01T05:00:00Z"), [&](Timestamp) {
    PollAnswer<int> answer;
    if (++asked == 1) {
      answer.retry_after = absl::Seconds(5);
    } else {
      answer.items.push_back(asked);
    }
    return answer;
  });
  auto session = Session<int>::Open(source, context());
  EXPECT_THAT(**session->Next(), ElementsAre());
  EXPECT_EQ(session->last().ask_again, At("2023-01-01T05:00:05Z"));
  clock_.Advance(Span::Seconds(5));
  EXPECT_THAT(**session->Next(), ElementsAre(2));
  EXPECT_EQ(session->last().ask_again, At("2023-01-01T05:30:00Z"));
}

// The wall clock is set back by an hour while it waits, and the engine's `now` stands still.
TEST_F(PollingSourceTest, AClockThatIsSetBackKeepsNobodyWaiting) {
  int asked = 0;
  const auto source = SimplePollingSource<int>(HalfHours("2023-01-01T05:00:00Z"), [&](Timestamp) {
    return PollAnswer<int>{.items = {++asked}};
  });
  const auto partition = *source.factory()->Open("poll", std::nullopt, context());
  std::vector<int> items;
  const Timestamp now = clock_.Now();
  ASSERT_TRUE(partition->Poll(10, now, items).ok());
  clock_.Advance(Span::Seconds(20 * 60));
  clock_.Set(clock_.Now() - Span::Seconds(3600));
  EXPECT_EQ(partition->Poll(10, now, items)->ask_again, now + Span::Seconds(10 * 60));
  EXPECT_EQ(asked, 1);
  clock_.Advance(Span::Seconds(10 * 60));
  EXPECT_EQ(partition->Poll(10, now, items)->ask_again, now + Span::Seconds(30 * 60));
  EXPECT_EQ(asked, 2);
}

// One that is slewed a little asks once for each time, not twice.
TEST_F(PollingSourceTest, AClockThatIsSetBackALittleAsksOnceForATime) {
  int asked = 0;
  const auto source = SimplePollingSource<int>(HalfHours("2023-01-01T05:00:00Z"), [&](Timestamp) {
    return PollAnswer<int>{.items = {++asked}};
  });
  auto session = Session<int>::Open(source, context());
  ASSERT_TRUE(session->Next().ok());
  clock_.Set(clock_.Now() - Span::Seconds(1));
  clock_.Advance(Span::Seconds(30 * 60));
  EXPECT_THAT(**session->Next(), ElementsAre(2));
  EXPECT_EQ(session->last().ask_again, At("2023-01-01T06:00:00Z"));
}

TEST_F(PollingSourceTest, WithoutAlignmentItAsksAtOnce) {
  const auto source = SimplePollingSource<int>({.interval = absl::Seconds(7)}, [](Timestamp) {
    return PollAnswer<int>{.items = {1, 2, 3}, .at_end = true};
  });
  auto session = Session<int>::Open(source, context());
  EXPECT_THAT(**session->Next(2), ElementsAre(1, 2));
  EXPECT_THAT(**session->Next(2), ElementsAre(3));
  EXPECT_EQ(*session->Next(2), std::nullopt);
}

TEST_F(PollingSourceTest, ErrorsStopTheRun) {
  const auto failing = SimplePollingSource<int>(
      {},
      [](Timestamp) -> absl::StatusOr<PollAnswer<int>> { return absl::UnavailableError("down"); });
  EXPECT_TRUE(absl::IsUnavailable(ReadAll(failing, context()).status()));
  for (const PollingOptions& bad : {PollingOptions{.interval = absl::ZeroDuration()},
                                    PollingOptions{.interval = -absl::Seconds(1)},
                                    PollingOptions{.align_to = absl::InfiniteFuture()}}) {
    EXPECT_FALSE(PollSchedule::Create(bad, clock_).ok());
  }
}

}  // namespace
}  // namespace tidemark
