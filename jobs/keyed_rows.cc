#include "jobs/keyed_rows.h"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "base/status.h"

namespace tidemark {
namespace {

// Rows that may be left out in one poll, before others get their turn.
constexpr size_t kSkippedMax = 10'000;

// What a row becomes; copied into each partition, with memory of its own. `key`: of the row, if it
// was read before; else null.
template <class T>
using RowReader =
    std::function<absl::StatusOr<KeyValue<JobKey, T>>(JsonRow&& row, JobKey* key, Timestamp now)>;

RowReader<JsonRow> ReadKey(const std::vector<std::string>& fields) {
  return [reader = JobKeyReader(fields)](
             JsonRow&& row, JobKey* key,
             Timestamp) mutable -> absl::StatusOr<KeyValue<JobKey, JsonRow>> {
    if (key != nullptr) return KeyValue<JobKey, JsonRow>{std::move(*key), std::move(row)};
    TM_ASSIGN_OR_RETURN(JobKey read, reader.Read(row));
    return KeyValue<JobKey, JsonRow>{std::move(read), std::move(row)};
  };
}

RowReader<WindowRow> ReadKeyAndWindowRow(const std::vector<std::string>& fields,
                                         const WindowRowOptions& window) {
  return [reader = JobKeyReader(fields), window_reader = WindowRowReader(window),
          loaded = JsonFieldReader()](
             JsonRow&& row, JobKey* key,
             Timestamp now) mutable -> absl::StatusOr<KeyValue<JobKey, WindowRow>> {
    TM_RETURN_IF_ERROR(loaded.Load(row.raw));
    JobKey read;
    if (key != nullptr) {
      read = std::move(*key);
    } else {
      TM_ASSIGN_OR_RETURN(read, reader.ReadLoaded(loaded));
    }
    TM_ASSIGN_OR_RETURN(WindowRow out, window_reader.Read(loaded, std::move(row), now));
    return KeyValue<JobKey, WindowRow>{std::move(read), std::move(out)};
  };
}

// The `where` and `select` steps around the key, over the rows of one poll.
class FrontSteps {
 public:
  explicit FrontSteps(const KeyedRowsOptions& options)
      : before_key_(options.before_key),
        after_key_(options.after_key),
        key_reader_(options.fields) {}

  void Run(std::vector<JsonRow>& rows) {
    if (before_key_.empty() && after_key_.empty()) {
      if (outcomes_.size() < rows.size()) outcomes_.resize(rows.size());  // kept, every time
      return;
    }
    outcomes_.assign(rows.size(), RowOutcome());
    before_key_.Run(rows, outcomes_);
    if (after_key_.empty()) return;
    keys_.resize(rows.size());
    for (size_t i = 0; i < rows.size(); ++i) {
      if (outcomes_[i].kind != RowOutcome::Kind::kKept) continue;
      absl::StatusOr<JobKey> key = key_reader_.Read(rows[i]);
      if (key.ok()) {
        keys_[i] = *std::move(key);
      } else {
        outcomes_[i] = {.kind = RowOutcome::Kind::kBad,
                        .reason = std::string(ToStd(key.status().message()))};
      }
    }
    after_key_.Run(rows, outcomes_);
  }

  const RowOutcome& outcome(size_t row) const { return outcomes_[row]; }
  // Null if the key has not been read.
  JobKey* key(size_t row) { return after_key_.empty() ? nullptr : &keys_[row]; }

 private:
  RowProgram before_key_;
  RowProgram after_key_;
  JobKeyReader key_reader_;
  std::vector<RowOutcome> outcomes_;
  std::vector<JobKey> keys_;
};

// ---- the source ------------------------------------------------------------

template <class T>
class KeyedRowsPartition final : public SourcePartition<KeyValue<JobKey, T>> {
 public:
  KeyedRowsPartition(std::unique_ptr<SourcePartition<JsonRow>> rows, RowReader<T> reader,
                     const KeyedRowsOptions& options, const std::string& place, SkipLog* skips)
      : rows_(std::move(rows)),
        reader_(std::move(reader)),
        front_(options),
        bad_lines_(options.on_error, place, skips),
        place_(std::make_shared<const std::string>(place)) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now,
                                  std::vector<KeyValue<JobKey, T>>& out) override {
    const size_t before = out.size();
    size_t skipped = 0;
    failed_line_ = 0;  // it was stepped over
    while (true) {
      polled_.clear();
      TM_ASSIGN_OR_RETURN(const PollResult result, rows_->Poll(max, now, polled_));
      front_.Run(polled_);
      for (size_t i = 0; i < polled_.size(); ++i) {
        TM_ASSIGN_OR_RETURN(const bool kept, TakeRow(i, now, out));
        if (!kept) ++skipped;
      }
      const bool all_left_out = !polled_.empty() && out.size() == before;
      if (!all_left_out || result.at_end) return result;
      // Rows that are left out are no reason to take the source for empty.
      if (skipped >= kSkippedMax) return PollResult::MoreAtHand();
    }
  }

  Position position() const override {
    Position position = rows_->position();
    // After the row that ended the run, and not after those that were read along with it.
    if (failed_line_ > 0) position.Set("line", static_cast<int64_t>(failed_line_) + 1);
    return position;
  }
  absl::Status Committed(Epoch epoch, const Position& position) override {
    return rows_->Committed(epoch, position);
  }

 private:
  // Emits a row of the poll. False if it is left out; the error of a bad row that ends the run.
  absl::StatusOr<bool> TakeRow(size_t i, Timestamp now, std::vector<KeyValue<JobKey, T>>& out) {
    JsonRow& row = polled_[i];
    const RowOutcome& outcome = front_.outcome(i);
    if (outcome.kind == RowOutcome::Kind::kDropped) return false;
    const LineOrigin origin{.path = row.file == nullptr ? place_ : row.file, .line = row.line};
    std::string reason = outcome.reason;
    if (outcome.kind == RowOutcome::Kind::kKept) {
      absl::StatusOr<KeyValue<JobKey, T>> read = reader_(std::move(row), front_.key(i), now);
      if (read.ok()) {
        out.push_back(*std::move(read));
        return true;
      }
      reason = ToStd(read.status().message());
    }
    const absl::Status reported = bad_lines_.Report(origin, reason);
    if (reported.ok()) return false;
    failed_line_ = origin.line;
    return reported;
  }

  const std::unique_ptr<SourcePartition<JsonRow>> rows_;
  const RowReader<T> reader_;
  FrontSteps front_;
  const BadLines bad_lines_;
  const std::shared_ptr<const std::string> place_;  // of rows that were made and not read
  std::vector<JsonRow> polled_;
  uint64_t failed_line_ = 0;  // 0: none; lines count from 1
};

template <class T>
class KeyedRowsSource final : public SourceFactory<KeyValue<JobKey, T>> {
 public:
  KeyedRowsSource(std::shared_ptr<SourceFactory<JsonRow>> rows, RowReader<T> reader,
                  KeyedRowsOptions options)
      : rows_(std::move(rows)), reader_(std::move(reader)), options_(std::move(options)) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext& context) override {
    return rows_->Partitions(context);
  }
  absl::StatusOr<PartitionList> Discover(const std::vector<std::string>& known,
                                         const SourceContext& context) override {
    return rows_->Discover(known, context);
  }
  Span discovery_interval() const override { return rows_->discovery_interval(); }
  absl::StatusOr<std::unique_ptr<SourcePartition<KeyValue<JobKey, T>>>> Open(
      const std::string& partition, const std::optional<Position>& resume,
      const SourceContext& context) override {
    TM_ASSIGN_OR_RETURN(auto rows, rows_->Open(partition, resume, context));
    return std::make_unique<KeyedRowsPartition<T>>(std::move(rows), reader_, options_, Describe(),
                                                   context.skips);
  }
  absl::StatusOr<std::string> Preview(const std::string& partition,
                                      const std::optional<Position>& resume,
                                      const SourceContext& context) override {
    return rows_->Preview(partition, resume, context);
  }
  absl::StatusOr<std::vector<std::string>> FilesRead(const SourceContext& context) override {
    return rows_->FilesRead(context);
  }
  bool can_seek() const override { return rows_->can_seek(); }
  bool makes_items() const override { return rows_->makes_items(); }
  std::string Describe() const override { return rows_->Describe(); }

 private:
  const std::shared_ptr<SourceFactory<JsonRow>> rows_;
  const RowReader<T> reader_;
  const KeyedRowsOptions options_;
};

template <class T>
Source<KeyValue<JobKey, T>> MakeSource(const Source<JsonRow>& rows, RowReader<T> reader,
                                       KeyedRowsOptions options) {
  return Source<KeyValue<JobKey, T>>(std::make_shared<KeyedRowsSource<T>>(
                                         rows.factory(), std::move(reader), std::move(options)))
      .WithRate(rows.rate());
}

}  // namespace

Source<KeyValue<JobKey, JsonRow>> KeyedRows(const Source<JsonRow>& rows, KeyedRowsOptions options) {
  RowReader<JsonRow> reader = ReadKey(options.fields);
  return MakeSource(rows, std::move(reader), std::move(options));
}

Source<KeyValue<JobKey, WindowRow>> KeyedWindowRows(const Source<JsonRow>& rows,
                                                    KeyedRowsOptions options,
                                                    WindowRowOptions window) {
  RowReader<WindowRow> reader = ReadKeyAndWindowRow(options.fields, window);
  return MakeSource(rows, std::move(reader), std::move(options));
}

}  // namespace tidemark
