// RequestInbox: the requests to a running job, read so that nothing in requests/ can stop it.
//
// Whoever may write there may leave anything: a pipe, a directory, a link, a file that cannot be
// read or removed. Such a thing is named once and stepped over from then on: without the memory of
// it, the job would see a request that waits, end its epoch for it, and see it again, for ever.
//
//   RequestInbox inbox({.files = &files, .state_directory = "state", .say = say});
//   if (inbox.HasAny()) …                              // end the epoch
//   for (const SnapshotRequest& request : inbox.List()) inbox.Answer(request.id, Make(request));
//
// Thread rule: HasAny() from any thread; the rest from one.
#pragma once

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/status/status.h"
#include "absl/synchronization/mutex.h"
#include "base/files.h"
#include "recovery/requests.h"

namespace tidemark {

class RequestInbox {
 public:
  // Things that are stepped over. With more of them, the run answers no request any more.
  static constexpr size_t kSteppedOverMax = 1000;

  struct Options {
    Files* files = nullptr;
    std::string state_directory;
    std::function<void(const std::string&)> say;
  };
  explicit RequestInbox(Options options) : options_(std::move(options)) {}

  // Somebody waits for an answer. A look at a directory.
  bool HasAny() const;
  // At most kRequestsMax; others wait for the next time. One that cannot be understood is answered.
  std::vector<SnapshotRequest> List();
  // The request is done with.
  void Answer(const std::string& id, const SnapshotAnswer& answer);
  // At start: answers that nobody took.
  void RemoveOldAnswers();

 private:
  // Requests that are not stepped over.
  absl::StatusOr<std::vector<std::string>> Waiting() const;
  void StepOver(const std::string& id, const absl::Status& why);

  const Options options_;
  bool said_unlisted_ = false;

  mutable absl::Mutex mutex_;
  std::set<std::string> stepped_over_ ABSL_GUARDED_BY(mutex_);  // ids
};

}  // namespace tidemark
