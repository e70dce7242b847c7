// TestingSource: a list in memory as a source, which can end and crash where the list says.
//
//   Source<int> numbers = TestingSource<int>({0, 1, 2, TestingEof(), 3, 4});
//
// TestingEof ends the run there; the next run, resumed, continues after it. TestingAbort makes the
// run fail there once (Aborted), as a crash would; a resumed run of the same source skips it. Both
// cut a batch short. Position: {next}, an index into the list that includes the markers.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "tidemark/source.h"

namespace tidemark {

struct TestingEof {};
struct TestingAbort {};

template <class T>
using TestingEntry = std::variant<T, TestingEof, TestingAbort>;

template <class T>
struct TestingList {
  std::vector<TestingEntry<T>> entries;
  std::vector<bool> aborted;  // per entry; survives the run, unlike the crash it stands for
};

template <class T>
class TestingPartition final : public SourcePartition<T> {
 public:
  TestingPartition(std::shared_ptr<TestingList<T>> list, size_t next)
      : list_(std::move(list)), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<T>& out) override {
    const size_t before = out.size();
    while (stop_ == Stop::kNone && out.size() - before < max) {
      if (next_ == list_->entries.size()) {
        stop_ = Stop::kEnd;
      } else {
        Take(next_++, out);
      }
    }
    if (out.size() != before || stop_ == Stop::kNone) return PollResult::Again();
    if (stop_ == Stop::kAbort) return absl::AbortedError("the testing source aborts here");
    return PollResult::AtEnd();
  }

  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }

 private:
  enum class Stop { kNone, kEnd, kAbort };

  void Take(size_t i, std::vector<T>& out) {
    const TestingEntry<T>& entry = list_->entries[i];
    if (entry.index() == 0) {
      out.push_back(std::get<0>(entry));
    } else if (entry.index() == 1) {
      stop_ = Stop::kEnd;
    } else if (!list_->aborted[i]) {
      list_->aborted[i] = true;
      stop_ = Stop::kAbort;
    }
  }

  const std::shared_ptr<TestingList<T>> list_;
  size_t next_;
  Stop stop_ = Stop::kNone;  // reported once the items before it are emitted
};

template <class T>
class TestingFactory final : public SourceFactory<T> {
 public:
  explicit TestingFactory(std::vector<TestingEntry<T>> entries)
      : list_(std::make_shared<TestingList<T>>()) {
    list_->aborted.resize(entries.size());
    list_->entries = std::move(entries);
  }

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"list"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<T>>> Open(const std::string&,
                                                           const std::optional<Position>& resume,
                                                           const SourceContext&) override {
    const int64_t next = resume.has_value() ? resume->Number("next").value_or(-1) : 0;
    if (next < 0 || static_cast<size_t>(next) > list_->entries.size()) {
      return absl::FailedPreconditionError("testing source: the position is not one of this list");
    }
    return std::make_unique<TestingPartition<T>>(list_, static_cast<size_t>(next));
  }
  std::string Describe() const override { return "a list in memory"; }

 private:
  const std::shared_ptr<TestingList<T>> list_;
};

template <class T>
Source<T> TestingSource(std::vector<TestingEntry<T>> entries) {
  return Source<T>(std::make_shared<TestingFactory<T>>(std::move(entries)));
}

}  // namespace tidemark
