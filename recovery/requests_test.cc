#include "recovery/requests.h"

#include <sys/stat.h>
#include <unistd.h>

#include "recovery/request_inbox.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

class RequestsTest : public RecoveryTest {
 protected:
  void SetUp() override { ASSERT_TRUE(files().CreateDirectories(state()).ok()); }
  std::string Requests() { return JoinPath(state(), "requests"); }
  std::string In(const std::string& name) { return JoinPath(Requests(), name); }

  std::vector<std::string> said_;
  RequestInbox inbox_{{.files = &files(), .state_directory = state(), .say = [this](auto& line) {
                         said_.push_back(line);
                       }}};
};

TEST_F(RequestsTest, ARequestIsAnsweredOnce) {
  EXPECT_FALSE(inbox_.HasAny());
  const SnapshotRequest request{.id = NewRequestId(), .name = "before-upgrade", .copy = true};
  ASSERT_TRUE(PutRequest(files(), state(), request).ok());
  EXPECT_TRUE(inbox_.HasAny());
  EXPECT_FALSE(*TakeAnswer(files(), state(), request.id)) << "nobody has answered yet";

  const auto seen = inbox_.List();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].id, request.id);
  EXPECT_EQ(seen[0].name, "before-upgrade");
  EXPECT_TRUE(seen[0].copy);

  inbox_.Answer(request.id, {.status = {}, .path = "state/snapshots/x", .epoch = 42, .bytes = 7});
  EXPECT_FALSE(inbox_.HasAny());
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
  inbox_.Answer("a", {.status = refusal, .path = {}});
  const auto answer = TakeAnswer(files(), state(), "a");
  ASSERT_TRUE(answer.ok() && answer->has_value());
  EXPECT_EQ((*answer)->status.message(), "x: is there already");
}

TEST_F(RequestsTest, WhatCannotBeUnderstoodIsAnswered) {
  ASSERT_TRUE(files().CreateDirectories(Requests()).ok());
  Append(JoinPath(Requests(), "a.request"), "make me a sandwich");
  Append(JoinPath(Requests(), "b.request"), "colour: blue\n");
  Append(JoinPath(Requests(), "c.request.partial"), "copy: y");
  const auto seen = inbox_.List();
  EXPECT_TRUE(seen.empty());
  for (const char* id : {"a", "b"}) {
    const auto answer = TakeAnswer(files(), state(), id);
    ASSERT_TRUE(answer.ok() && answer->has_value()) << id;
    EXPECT_FALSE((*answer)->status.ok()) << id;
  }
  EXPECT_FALSE(inbox_.HasAny());
}

TEST_F(RequestsTest, ThereAreNotTooManyAtOnce) {
  for (size_t i = 0; i < kRequestsMax + 3; ++i) {
    ASSERT_TRUE(PutRequest(files(), state(), {.id = Cat("r", 100 + i)}).ok());
  }
  EXPECT_EQ(inbox_.List().size(), kRequestsMax);
}

TEST_F(RequestsTest, WhatIsWithdrawnAndWhatNobodyTookIsGone) {
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "a"}).ok());
  ASSERT_TRUE(Withdraw(files(), state(), "a").ok());
  ASSERT_TRUE(Withdraw(files(), state(), "a").ok());
  EXPECT_FALSE(inbox_.HasAny());
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "b"}).ok());
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "c"}).ok());
  inbox_.Answer("b", {.status = {}, .path = "p"});
  inbox_.RemoveOldAnswers();
  EXPECT_EQ(Names(Requests()), std::vector<std::string>{"c.request"}) << "it is still waited for";
}

// Whoever may write into requests/ may leave anything there.
TEST_F(RequestsTest, WhatIsNoFileIsNamedOnceAndSteppedOver) {
  ASSERT_TRUE(files().CreateDirectories(In("dir.request/full")).ok());
  ASSERT_EQ(mkfifo(In("fifo.request").c_str(), 0600), 0);
  ASSERT_EQ(symlink("/etc/passwd", In("link.request").c_str()), 0);
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "real"}).ok());
  const auto seen = inbox_.List();
  ASSERT_EQ(seen.size(), 1u);
  EXPECT_EQ(seen[0].id, "real");
  ASSERT_EQ(said_.size(), 3u);
  EXPECT_EQ(said_[0], Cat(In("dir.request"),
                          ": is a directory and not a file; this request is stepped over"));
  EXPECT_TRUE(inbox_.HasAny()) << "the real one waits for its answer";
  inbox_.Answer("real", {.status = {}, .path = "p"});
  EXPECT_FALSE(inbox_.HasAny()) << "nothing else is ever worth an epoch";
  EXPECT_TRUE(inbox_.List().empty());
  EXPECT_EQ(said_.size(), 3u);
  EXPECT_EQ(Names(Requests()).size(), 4u) << "what is no request is not touched";
}

TEST_F(RequestsTest, ARequestThatCannotBeAnsweredIsSteppedOver) {
  ASSERT_TRUE(PutRequest(files(), state(), {.id = "a"}).ok());
  ASSERT_TRUE(files().CreateDirectories(In("a.answer/full")).ok());
  inbox_.RemoveOldAnswers();
  ASSERT_EQ(said_.size(), 1u) << "a start continues";
  for (const SnapshotRequest& request : inbox_.List()) inbox_.Answer(request.id, {.path = "p"});
  EXPECT_EQ(said_.size(), 2u);
  EXPECT_FALSE(inbox_.HasAny());
}

TEST_F(RequestsTest, AFileInPlaceOfTheDirectoryHoldsNoRequests) {
  Append(Requests(), "x");
  EXPECT_FALSE(inbox_.HasAny());
  EXPECT_TRUE(inbox_.List().empty());
  EXPECT_TRUE(inbox_.List().empty());
  EXPECT_EQ(said_.size(), 1u);
}

}  // namespace
}  // namespace tidemark
