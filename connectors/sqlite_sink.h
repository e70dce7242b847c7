// SqliteTable: a table of a SQLite database as an exactly-once sink.
//
//   struct Day { std::string net; absl::Time open; int64_t quakes; };
//   days.To("days", SqliteTable<Day>({.path = "out/quakes.db",
//                                     .table = "daily",
//                                     .key = {"net", "day"}},
//                                    [](const Day& day) -> SqliteRow {
//                                      return {{"net", day.net},
//                                              {"day", absl::FormatTime(day.open)},
//                                              {"quakes", day.quakes}};
//                                    }));
//
// Rows become visible epoch by epoch, each epoch in one transaction, and can be queried while the
// job runs. The rows of an epoch are part of its commit; they are written behind it, together with
// the epoch's number (sqlite_owner.h), and once more at the next start where a crash came between.
// So each row is there once, whatever happens. Whose table it is, what is moved aside and what is
// refused is as for files: another line of runs needs --out, --take-over or --fresh.
//
// With a key a row replaces the one of the same key, in the columns that it has; without, rows are
// only added. A row with a column that the table lacks adds it. An empty table that is there is
// taken as it is, with its types, indexes and rules. A row that has no column of the key, two of
// the same name or none ends the run; the error names it, and nothing of its epoch is kept.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/status.h"
#include "connectors/sqlite_output.h"
#include "connectors/sqlite_rows.h"
#include "tidemark/sink.h"

namespace tidemark {

// An item as a row; an error ends the run and should name the item. Each worker has a copy.
template <class T>
using SqliteEncoder = std::function<absl::StatusOr<SqliteRow>(const T&)>;

// Where an item was read, for messages: "in.jsonl:17"; empty when that is not known.
template <class T>
using ItemPlace = std::function<std::string(const T&)>;

template <class T>
class SqliteTableSinkWriter final : public SinkWriter<T> {
 public:
  SqliteTableSinkWriter(std::unique_ptr<SqliteOutput> output, SqliteEncoder<T> encode,
                        ItemPlace<T> place)
      : output_(std::move(output)), encode_(std::move(encode)), place_(std::move(place)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      absl::StatusOr<SqliteRow> row = encode_(item);
      if (!row.ok()) return Annotate(row.status(), output_->where());
      const absl::Status added = output_->Add(*row);
      if (added.ok()) continue;
      const std::string place = place_ ? place_(item) : "";
      return place.empty() ? added : Annotate(added, place);
    }
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override { return output_->EndEpoch(epoch); }
  absl::Status Publish(Epoch epoch, const std::string& rows) override {
    return output_->Publish(epoch, rows);
  }

 private:
  const std::unique_ptr<SqliteOutput> output_;
  const SqliteEncoder<T> encode_;
  const ItemPlace<T> place_;
};

template <class T>
class SqliteTableSink final : public SinkFactory<T> {
 public:
  SqliteTableSink(SqliteTableOptions options, SqliteEncoder<T> encode, ItemPlace<T> place)
      : options_(std::move(options)), encode_(std::move(encode)), place_(std::move(place)) {}

  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return SqliteOutput::Check(options_, resume, context);
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto output, SqliteOutput::Open(options_, resume, context));
    return std::make_unique<SqliteTableSinkWriter<T>>(std::move(output), encode_, place_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  std::string Describe() const override {
    return Cat("table ", options_.table, " in ", options_.path);
  }

 private:
  const SqliteTableOptions options_;
  const SqliteEncoder<T> encode_;
  const ItemPlace<T> place_;
};

template <class T>
Sink<T> SqliteTable(SqliteTableOptions options, SqliteEncoder<T> encode, ItemPlace<T> place = {}) {
  return Sink<T>(std::make_shared<SqliteTableSink<T>>(std::move(options), std::move(encode),
                                                      std::move(place)));
}

}  // namespace tidemark
