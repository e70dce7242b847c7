// ScriptSource: the input of a case as a source that hands out exactly what has been released.
//
// The driver (flow_run.h) releases one batch after the other and lets the flow come to rest between
// them; control entries are the driver's business and count as read. Position: {next}, the index of
// the next entry, so that a resumed run goes on behind what was committed.
//
// Entries are dealt out to lanes, and each partition of each source reads one: so several workers
// read at once, and a key's entries still come in order.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "base/check.h"
#include "tests/conformance/case.h"
#include "tidemark/source.h"

namespace tidemark::conformance {

// Shared by the driver and the partitions of one case; used by one thread.
struct Script {
  std::vector<Entry> entries;
  std::vector<int> lane;  // of each entry
  size_t released = 0;    // entries before this one may be read
  bool ended = false;     // nothing follows behind `released` in this execution
};

class ScriptPartition final : public SourcePartition<Item> {
 public:
  ScriptPartition(std::shared_ptr<const Script> script, int lane, size_t next)
      : script_(std::move(script)), lane_(lane), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<Item>& out) override {
    for (; next_ < script_->released; ++next_) {
      const Entry& entry = script_->entries[next_];
      if (entry.kind != Entry::Kind::kItem || script_->lane[next_] != lane_) continue;
      TM_CHECK(out.size() < max, "a batch of a case is read as one");
      out.push_back(entry.item);
    }
    return script_->ended ? PollResult::AtEnd() : PollResult::Again();
  }
  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }

 private:
  const std::shared_ptr<const Script> script_;
  const int lane_;
  size_t next_;
};

// Reads the lanes [first_lane, first_lane + lanes), each as a partition.
class ScriptSource final : public SourceFactory<Item> {
 public:
  ScriptSource(std::shared_ptr<const Script> script, int first_lane, int lanes)
      : script_(std::move(script)), first_lane_(first_lane), lanes_(lanes) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    std::vector<std::string> names;
    for (int i = 0; i < lanes_; ++i) names.push_back(std::to_string(i));
    return names;
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<Item>>> Open(const std::string& partition,
                                                              const std::optional<Position>& resume,
                                                              const SourceContext&) override {
    const int64_t next = resume ? resume->Number("next").value_or(0) : 0;
    return std::make_unique<ScriptPartition>(script_, first_lane_ + std::stoi(partition),
                                             static_cast<size_t>(next));
  }
  std::string Describe() const override { return "the input of a case"; }

 private:
  const std::shared_ptr<const Script> script_;
  const int first_lane_;
  const int lanes_;
};

}  // namespace tidemark::conformance
