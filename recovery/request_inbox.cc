#include "recovery/request_inbox.h"

#include <utility>

#include "base/status.h"

namespace tidemark {

absl::StatusOr<std::vector<std::string>> RequestInbox::Waiting() const {
  TM_ASSIGN_OR_RETURN(const auto ids, RequestIds(*options_.files, options_.state_directory));
  std::vector<std::string> waiting;
  const absl::MutexLock lock(&mutex_);
  if (stepped_over_.size() >= kSteppedOverMax) return waiting;
  for (const std::string& id : ids) {
    if (stepped_over_.count(id) == 0) waiting.push_back(id);
  }
  return waiting;
}

bool RequestInbox::HasAny() const {
  const auto ids = Waiting();
  return ids.ok() && !ids->empty();
}

std::vector<SnapshotRequest> RequestInbox::List() {
  std::vector<SnapshotRequest> requests;
  const auto ids = Waiting();
  if (!ids.ok()) {
    if (!said_unlisted_) options_.say(Cat(ids.status().message(), "; no request is answered"));
    said_unlisted_ = true;
    return requests;
  }
  for (const std::string& id : *ids) {
    if (requests.size() == kRequestsMax) break;
    if (const absl::Status plain = CheckIsFile(options_.state_directory, id); !plain.ok()) {
      StepOver(id, plain);
      continue;
    }
    auto request = ReadRequest(*options_.files, options_.state_directory, id);
    if (absl::IsNotFound(request.status())) continue;  // withdrawn in between
    if (request.ok()) {
      requests.push_back(*std::move(request));
    } else {
      Answer(id, {.status = Annotate(request.status(), "the request cannot be understood"),
                  .path = {}});
    }
  }
  return requests;
}

void RequestInbox::Answer(const std::string& id, const SnapshotAnswer& answer) {
  const absl::Status put = AnswerRequest(*options_.files, options_.state_directory, id, answer);
  if (!put.ok()) StepOver(id, put);
}

void RequestInbox::RemoveOldAnswers() {
  const auto left = tidemark::RemoveOldAnswers(*options_.files, options_.state_directory);
  for (const absl::Status& why : left) {
    options_.say(Cat(why.message(), "; it stays where it is"));
  }
}

void RequestInbox::StepOver(const std::string& id, const absl::Status& why) {
  size_t count = 0;
  {
    const absl::MutexLock lock(&mutex_);
    stepped_over_.insert(id);
    count = stepped_over_.size();
  }
  options_.say(Cat(why.message(), "; this request is stepped over"));
  if (count != kSteppedOverMax) return;
  options_.say(Cat(RequestsPath(options_.state_directory), ": has ", count,
                   " requests that cannot be answered; this run answers no other either"));
}

}  // namespace tidemark
