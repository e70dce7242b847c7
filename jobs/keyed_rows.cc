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

// What a row becomes; copied into each partition, with memory of its own.
template <class T>
using RowReader = std::function<absl::StatusOr<KeyValue<JobKey, T>>(JsonRow&& row, Timestamp now)>;

RowReader<JsonRow> ReadKey(const std::vector<std::string>& fields) {
  return [reader = JobKeyReader(fields)](
             JsonRow&& row, Timestamp) mutable -> absl::StatusOr<KeyValue<JobKey, JsonRow>> {
    TM_ASSIGN_OR_RETURN(JobKey key, reader.Read(row));
    return KeyValue<JobKey, JsonRow>{std::move(key), std::move(row)};
  };
}

RowReader<WindowRow> ReadKeyAndWindowRow(const std::vector<std::string>& fields,
                                         const WindowRowOptions& window) {
  return [reader = JobKeyReader(fields), window_reader = WindowRowReader(window),
          loaded = JsonFieldReader()](
             JsonRow&& row, Timestamp now) mutable -> absl::StatusOr<KeyValue<JobKey, WindowRow>> {
    TM_RETURN_IF_ERROR(loaded.Load(row.raw));
    TM_ASSIGN_OR_RETURN(JobKey key, reader.ReadLoaded(loaded));
    TM_ASSIGN_OR_RETURN(WindowRow out, window_reader.Read(loaded, std::move(row), now));
    return KeyValue<JobKey, WindowRow>{std::move(key), std::move(out)};
  };
}

// ---- the source ------------------------------------------------------------

template <class T>
class KeyedRowsPartition final : public SourcePartition<KeyValue<JobKey, T>> {
 public:
  KeyedRowsPartition(std::unique_ptr<SourcePartition<JsonRow>> rows, RowReader<T> reader,
                     OnError on_error, const std::string& place, SkipLog* skips)
      : rows_(std::move(rows)),
        reader_(std::move(reader)),
        bad_lines_(on_error, place, skips),
        place_(std::make_shared<const std::string>(place)) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp now,
                                  std::vector<KeyValue<JobKey, T>>& out) override {
    const size_t before = out.size();
    size_t skipped = 0;
    failed_line_ = 0;  // it was stepped over
    while (true) {
      polled_.clear();
      TM_ASSIGN_OR_RETURN(const PollResult result, rows_->Poll(max, now, polled_));
      for (JsonRow& row : polled_) {
        const LineOrigin origin{.path = row.file == nullptr ? place_ : row.file, .line = row.line};
        absl::StatusOr<KeyValue<JobKey, T>> read = reader_(std::move(row), now);
        if (read.ok()) {
          out.push_back(*std::move(read));
          continue;
        }
        const absl::Status reported = bad_lines_.Report(origin, ToStd(read.status().message()));
        if (!reported.ok()) {
          failed_line_ = origin.line;
          return reported;
        }
        ++skipped;
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
  const std::unique_ptr<SourcePartition<JsonRow>> rows_;
  const RowReader<T> reader_;
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
    return std::make_unique<KeyedRowsPartition<T>>(std::move(rows), reader_, options_.on_error,
                                                   Describe(), context.skips);
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
