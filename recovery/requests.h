// Requests: what a running job is asked for from outside, as files.
//
//   STATE_DIR/requests/
//     5f2c….request      "name: before-upgrade\ncopy: yes\n", written whole, by the one who asks
//     5f2c….answer       written whole, by the job, at its next epoch boundary
//
// Whoever asks removes both. A request that nobody waits for any more is answered all the same; the
// answer goes when a job next starts.
//
//   const SnapshotRequest request{.id = NewRequestId(), .name = "before-upgrade"};
//   TM_RETURN_IF_ERROR(PutRequest(files, "state", request));
//   … until TakeAnswer(files, "state", request.id) has one, or Withdraw().
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"

namespace tidemark {

// A snapshot of the next epoch.
struct SnapshotRequest {
  std::string id;
  std::string name = {};  // empty: called by its epoch
  bool copy = false;
};

struct SnapshotAnswer {
  absl::Status status = {};  // why there is none
  std::string path = {};
  uint64_t epoch = 0;
  uint64_t bytes = 0;
};

// Answered at one boundary; others wait for the next.
inline constexpr size_t kRequestsMax = 16;

std::string NewRequestId();
// STATE_DIR/requests
std::string RequestsPath(const std::string& state_directory);

// ---- whoever asks ----
absl::Status PutRequest(Files& files, const std::string& state_directory,
                        const SnapshotRequest& request);
// Nothing while there is none. Removes it.
absl::StatusOr<std::optional<SnapshotAnswer>> TakeAnswer(Files& files,
                                                         const std::string& state_directory,
                                                         const std::string& id);
// Fine when there is nothing to withdraw.
absl::Status Withdraw(Files& files, const std::string& state_directory, const std::string& id);

// ---- the job, see recovery/request_inbox.h ----
// Of everything that has the name of a request, whatever it is.
absl::StatusOr<std::vector<std::string>> RequestIds(Files& files,
                                                    const std::string& state_directory);
// FailedPrecondition where the request is a pipe, a directory, a link: nothing to be opened.
absl::Status CheckIsFile(const std::string& state_directory, const std::string& id);
// NotFound when it was withdrawn; another error says why it cannot be read or understood.
absl::StatusOr<SnapshotRequest> ReadRequest(Files& files, const std::string& state_directory,
                                            const std::string& id);
// The request is done with, and removed.
absl::Status AnswerRequest(Files& files, const std::string& state_directory, const std::string& id,
                           const SnapshotAnswer& answer);
// At start: answers that nobody took. Returns why some could not be removed.
std::vector<absl::Status> RemoveOldAnswers(Files& files, const std::string& state_directory);

}  // namespace tidemark
