// Shared by the tests of connectors: a temporary folder, and a partition to read from.
#pragma once

#include <gtest/gtest.h>
#include <stdlib.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "engine/position.h"
#include "engine/skip_log.h"
#include "tidemark/source.h"

namespace tidemark {

class ConnectorTest : public ::testing::Test {
 protected:
  ConnectorTest() : files_(NewPosixFiles()) {
    std::string pattern = JoinPath(::testing::TempDir(), "connectors_XXXXXX");
    root_ = mkdtemp(pattern.data());
  }
  ~ConnectorTest() override {
    RemoveTree(*files_, root_).IgnoreError();  // on purpose: a left-over is harmless
  }

  std::string Path(std::string_view name) const { return JoinPath(root_, name); }
  // Keeps the inode of an existing file, as an editor writing in place does.
  void Put(std::string_view name, std::string_view bytes) {
    auto file = files_->OpenAppend(Path(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Truncate(0).ok());
    ASSERT_TRUE((*file)->Append(bytes).ok());
  }
  void Append(std::string_view name, std::string_view bytes) {
    auto file = files_->OpenAppend(Path(name));
    ASSERT_TRUE(file.ok()) << file.status();
    ASSERT_TRUE((*file)->Append(bytes).ok());
  }
  // Another file under the same name, as after a rotation or a copy.
  void Replace(std::string_view name, std::string_view bytes) {
    Put("replacement", bytes);
    ASSERT_TRUE(files_->Rename(Path("replacement"), Path(name)).ok());
  }
  std::string Get(std::string_view name) const {
    const auto bytes = ReadSmallFile(*files_, Path(name));
    return bytes.ok() ? *bytes : std::string(ToStd(bytes.status().ToString()));
  }
  bool Exists(std::string_view name) const { return files_->Stat(Path(name)).ok(); }
  SourceContext context() {
    SourceContext context;
    context.files = files_.get();
    context.clock = &clock_;
    context.skips = &skips_;
    return context;
  }

  std::unique_ptr<Files> files_;
  SimClock clock_;
  SkipLog skips_;
  std::string root_;
};

// One open partition, in the words of the conformance cases.
template <class T>
class Session {
 public:
  static absl::StatusOr<Session> Open(const Source<T>& source, const SourceContext& context,
                                      const std::optional<Position>& resume = std::nullopt,
                                      size_t partition = 0) {
    TM_ASSIGN_OR_RETURN(const auto names, source.factory()->Partitions(context));
    TM_ASSIGN_OR_RETURN(auto opened, source.factory()->Open(names.at(partition), resume, context));
    return Session(std::move(opened), context.clock);
  }

  // One poll: its items, or nothing at the end.
  absl::StatusOr<std::optional<std::vector<T>>> Next(size_t max = 1000) {
    std::vector<T> items;
    TM_ASSIGN_OR_RETURN(last_, partition_->Poll(max, clock_->Now(), items));
    if (last_.at_end && items.empty()) return std::nullopt;
    return items;
  }
  // Everything up to the end.
  absl::StatusOr<std::vector<T>> Rest(size_t max = 1000) {
    std::vector<T> all;
    while (true) {
      TM_ASSIGN_OR_RETURN(auto items, Next(max));
      if (!items.has_value()) return all;
      EXPECT_LE(items->size(), max);
      for (T& item : *items) all.push_back(std::move(item));
    }
  }
  Position position() const { return partition_->position(); }
  const PollResult& last() const { return last_; }

 private:
  Session(std::unique_ptr<SourcePartition<T>> partition, const Clock* clock)
      : partition_(std::move(partition)), clock_(clock) {}

  std::unique_ptr<SourcePartition<T>> partition_;
  const Clock* clock_;
  PollResult last_;
};

template <class T>
absl::StatusOr<std::vector<T>> ReadAll(const Source<T>& source, const SourceContext& context,
                                       const std::optional<Position>& resume = std::nullopt) {
  TM_ASSIGN_OR_RETURN(auto session, Session<T>::Open(source, context, resume));
  return session.Rest();
}

inline std::string Message(const absl::Status& status) {
  return std::string(ToStd(status.message()));
}

}  // namespace tidemark
