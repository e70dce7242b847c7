#include "recovery/requests.h"

#include "recovery/test_support.h"

namespace tidemark {
namespace {

class RequestsTest : public RecoveryTest {
 protected:
  void SetUp() override { ASSERT_TRUE(files().CreateDirectories(state()).ok()); }
  std::string Requests() { return JoinPath(state(), "requests"); }
};

TEST_F(RequestsTest, ARequestIsAnsweredOnce) {
  EXPECT_FALSE(HasRequests(files(), state()));
  const SnapshotRequest request{.id = NewRequestId(), .name = "before-upgrade", .copy = true};
  ASSERT_TRUE(PutRequest(files(), state(), request).ok());
  EXPECT_TRUE(HasRequests(files(), state()));
  EXPECT_FALSE(*TakeAnswer(files(), state(), request.id)) << "nobody has answered yet";

  const auto seen = ListRequests(files(), state());
  ASSERT_TRUE(seen.ok()) << seen.status();
  ASSERT_EQ(seen->size(), 1u);
  EXPECT_EQ((*seen)[0].id, request.id);
  EXPECT_EQ((*seen)[0].name, "before-upgrade");
  EXPECT_TRUE((*seen)[0].copy);

  ASSERT_TRUE(Answer(files(), state(), request.id,
                     {.status = {}, .path = "state/snapshots/x", .epoch = 42, .bytes = 7})
                  .ok());
  EXPECT_FALSE(HasRequests(files(), state()));
  const auto answer = TakeAnswer(files(), state(), request.id);
  ASSERT_TRUE(answer.ok() && answer->has_value()) << answer.status();
  EXPECT_TRUE((*answer)->status.ok());
  EXPECT_EQ((*answer)->path, "state/snapshots/x");
  EXPECT_EQ((*answer)->epoch, 42u);
  EXPECT_EQ((*answer)->bytes, 7u);
  EXPECT_TRUE(Names(Requests()).empty()) << "nothing is left";
}

TEST_F(RequestsTest, ARefusalIsOneLine) {
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "a"}).ok());
  const absl::Status refusal = absl::AlreadyExistsError("x: is there\nalready");
  ASSERT_TRUE(Answer(files(), state(), "a", {.status = refusal, .path = {}}).ok());
  const auto answer = TakeAnswer(files(), state(), "a");
  ASSERT_TRUE(answer.ok() && answer->has_value());
  EXPECT_EQ((*answer)->status.message(), "x: is there already");
}

TEST_F(RequestsTest, WhatCannotBeUnderstoodIsAnswered) {
  ASSERT_TRUE(files().CreateDirectories(Requests()).ok());
  Append(JoinPath(Requests(), "a.request"), "make me a sandwich");
  Append(JoinPath(Requests(), "b.request"), "colour: blue\n");
  Append(JoinPath(Requests(), "c.request.partial"), "copy: y");
  const auto seen = ListRequests(files(), state());
  ASSERT_TRUE(seen.ok()) << seen.status();
  EXPECT_TRUE(seen->empty());
  for (const char* id : {"a", "b"}) {
    const auto answer = TakeAnswer(files(), state(), id);
    ASSERT_TRUE(answer.ok() && answer->has_value()) << id;
    EXPECT_FALSE((*answer)->status.ok()) << id;
  }
  EXPECT_FALSE(HasRequests(files(), state()));
}

TEST_F(RequestsTest, ThereAreNotTooManyAtOnce) {
  for (size_t i = 0; i < kRequestsMax + 3; ++i) {
    ASSERT_TRUE(PutRequest(files(), state(), {.id = Cat("r", 100 + i)}).ok());
  }
  EXPECT_EQ(ListRequests(files(), state())->size(), kRequestsMax);
}

TEST_F(RequestsTest, WhatIsWithdrawnAndWhatNobodyTookIsGone) {
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "a"}).ok());
  ASSERT_TRUE(Withdraw(files(), state(), "a").ok());
  ASSERT_TRUE(Withdraw(files(), state(), "a").ok());
  EXPECT_FALSE(HasRequests(files(), state()));
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "b"}).ok());
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "c"}).ok());
  ASSERT_TRUE(Answer(files(), state(), "b", {.status = {}, .path = "p"}).ok());
  ASSERT_TRUE(RemoveOldAnswers(files(), state()).ok());
  EXPECT_EQ(Names(Requests()), std::vector<std::string>{"c.request"}) << "it is still waited for";
}

}  // namespace
}  // namespace tidemark
