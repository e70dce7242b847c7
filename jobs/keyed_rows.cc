#include "jobs/keyed_rows.h"

#include <memory>
#include <optional>
#include <string_view>
#include <utility>
#include <variant>

#include "base/status.h"

namespace tidemark {
namespace {

using KeyedRow = KeyValue<JobKey, JsonRow>;

// Rows that may be left out in one poll, before others get their turn.
constexpr size_t kSkippedMax = 10'000;

constexpr std::string_view kPositionPrefix = "key of ";

using KeysOfSteps = std::map<std::string, std::string>;

KeysOfSteps KeysIn(const Position& position) {
  KeysOfSteps keys;
  for (const auto& [name, value] : position.values()) {
    const auto* fields = std::get_if<std::string>(&value);
    if (fields == nullptr || !name.starts_with(kPositionPrefix)) continue;
    keys.emplace(name.substr(kPositionPrefix.size()), *fields);
  }
  return keys;
}

class KeyedRowsPartition final : public SourcePartition<KeyedRow> {
 public:
  KeyedRowsPartition(std::unique_ptr<SourcePartition<JsonRow>> rows,
                     const KeyedRowsOptions& options, KeysOfSteps keys_of_steps,
                     const std::string& place, SkipLog* skips)
      : rows_(std::move(rows)),
        keys_of_steps_(std::move(keys_of_steps)),
        reader_(options.fields),
        bad_lines_(options.on_error, place, skips),
        place_(std::make_shared<const std::string>(place)) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now, std::vector<KeyedRow>& out) override {
    const size_t before = out.size();
    size_t skipped = 0;
    while (true) {
      polled_.clear();
      TM_ASSIGN_OR_RETURN(const PollResult result, rows_->Poll(max, now, polled_));
      for (JsonRow& row : polled_) {
        absl::StatusOr<JobKey> key = reader_.Read(row);
        if (key.ok()) {
          out.push_back({*std::move(key), std::move(row)});
          continue;
        }
        const LineOrigin origin{.path = row.file == nullptr ? place_ : row.file, .line = row.line};
        TM_RETURN_IF_ERROR(bad_lines_.Report(origin, ToStd(key.status().message())));
        ++skipped;
      }
      // A poll that brings nothing means that there is nothing now, which would not be true.
      const bool all_left_out = !polled_.empty() && out.size() == before;
      if (!all_left_out || result.at_end || skipped >= kSkippedMax) return result;
    }
  }

  Position position() const override {
    Position position = rows_->position();
    for (const auto& [step, fields] : keys_of_steps_) {
      position.Set(Cat(kPositionPrefix, step), fields);
    }
    return position;
  }

 private:
  const std::unique_ptr<SourcePartition<JsonRow>> rows_;
  const KeysOfSteps keys_of_steps_;
  JobKeyReader reader_;
  const BadLines bad_lines_;
  const std::shared_ptr<const std::string> place_;  // of rows that were made and not read
  std::vector<JsonRow> polled_;
};

class KeyedRowsSource final : public SourceFactory<KeyedRow> {
 public:
  KeyedRowsSource(std::shared_ptr<SourceFactory<JsonRow>> rows, KeyedRowsOptions options)
      : rows_(std::move(rows)), options_(std::move(options)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) override {
    return rows_->Partitions(context);
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<KeyedRow>>> Open(
      const std::string& partition, const std::optional<Position>& resume,
      const SourceContext& context) override {
    KeysOfSteps keys = options_.keys_of_steps;
    if (resume.has_value()) {
      const KeysOfSteps before = KeysIn(*resume);
      TM_RETURN_IF_ERROR(CheckKeys(before));
      // The state of a step that the job does not have now is kept, and waits under its old keys.
      keys.insert(before.begin(), before.end());
    }
    TM_ASSIGN_OR_RETURN(auto rows, rows_->Open(partition, resume, context));
    return std::make_unique<KeyedRowsPartition>(std::move(rows), options_, std::move(keys),
                                                Describe(), context.skips);
  }
  bool can_seek() const override { return rows_->can_seek(); }
  std::string Describe() const override { return rows_->Describe(); }

 private:
  absl::Status CheckKeys(const KeysOfSteps& before) const {
    for (const auto& [step, fields] : options_.keys_of_steps) {
      const auto then = before.find(step);
      if (then == before.end() || then->second == fields) continue;
      return absl::FailedPreconditionError(
          Cat("the key of step '", step, "' was [", then->second, "] and is now [", fields,
              "], under which its state would not be found; give the step another name, or start "
              "over with --fresh"));
    }
    return absl::OkStatus();
  }

  const std::shared_ptr<SourceFactory<JsonRow>> rows_;
  const KeyedRowsOptions options_;
};

}  // namespace

Source<KeyedRow> KeyedRows(const Source<JsonRow>& rows, KeyedRowsOptions options) {
  return Source<KeyedRow>(std::make_shared<KeyedRowsSource>(rows.factory(), std::move(options)))
      .WithRate(rows.rate());
}

}  // namespace tidemark
