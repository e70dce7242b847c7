// Verify: reads everything of a state directory or a snapshot, and says what is wrong with it.
//
//   TM_ASSIGN_OR_RETURN(const auto parts, Verify(files, "state", {}));
//   for (const VerifiedPart& part : parts) … part.faults
//
// Tables: every block against its checksum, each file against the sum in the store or manifest. A
// snapshot's other files against the manifest, the record in its store against the manifest's.
// Rows: each is decoded by the stored schema; lists have their segments, the timer index and the
// states name each other, each step has as many keys as the record says. What holds a file in
// common is named. Opens for reading only: the job may be running.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"
#include "state/store.h"

namespace tidemark {

// The live store, or a snapshot.
struct VerifiedPart {
  static constexpr size_t kFaultsMax = 20;  // that are kept; the rest is counted

  std::string path;
  uint64_t epoch = 0;
  uint64_t rows = 0;
  uint64_t keys = 0;
  uint64_t bytes = 0;
  std::vector<std::string> faults;  // one line each: file or step and key, and what is wrong
  uint64_t more_faults = 0;
  std::vector<std::string> shares_with;  // paths of parts that have a file in common with it

  void Add(const absl::Status& fault);
  bool fine() const { return faults.empty(); }
};

struct VerifyOptions {
  // Called now and then, with what is being read.
  std::function<void(const std::string& path, uint64_t bytes_read)> progress =
      [](const std::string&, uint64_t) {};
};

// NotFound when `directory` is neither. All other faults are in the parts: the live store first,
// then the snapshots, oldest first.
absl::StatusOr<std::vector<VerifiedPart>> Verify(Files& files, const std::string& directory,
                                                 const VerifyOptions& options);

// The rows of a store that stands at `record`: adds faults, rows and keys to `part`.
void VerifyRows(const StateReader& store, const EpochRecord& record,
                const std::function<void(uint64_t rows)>& progress, VerifiedPart& part);

}  // namespace tidemark
