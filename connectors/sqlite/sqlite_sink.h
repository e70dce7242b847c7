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
// taken as it is, with its types, indexes and rules. A row that no table can take (it has no column
// of the key, two of the same name or none) or that a rule of this one refuses goes the way of
// `on_error`: with kStop the run ends, and the error names it. What a rule refuses is found when
// the row is committed: it is kept, and written by a later start, once the rule is changed.
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
#include "connectors/sqlite/sqlite_output.h"
#include "connectors/sqlite/sqlite_rows.h"
#include "tidemark/sink.h"

namespace tidemark {

// An item as a row; an error says why it cannot be one, and goes the way of `on_error`. Each worker
// has a copy.
template <class T>
using SqliteEncoder = std::function<absl::StatusOr<SqliteRow>(const T&)>;

// Where an item was read, for messages: "in.jsonl:17"; empty when that is not known.
template <class T>
using ItemPlace = std::function<std::string(const T&)>;

// What to do about an item that ends the run, added to the error: "--skip-item … steps over it".
template <class T>
using ItemWayOut = std::function<std::string(const T&)>;

template <class T>
struct SqliteItems {
  SqliteEncoder<T> encode;
  ItemPlace<T> place = {};
  ItemWayOut<T> way_out = {};
};

template <class T>
class SqliteTableSinkWriter final : public SinkWriter<T> {
 public:
  SqliteTableSinkWriter(std::unique_ptr<SqliteOutput> output, SqliteItems<T> items)
      : output_(std::move(output)), items_(std::move(items)) {}

  absl::Status Write(const std::vector<T>& items) override {
    for (const T& item : items) {
      absl::StatusOr<SqliteRow> row = items_.encode(item);
      const std::string place = items_.place ? items_.place(item) : "";
      const absl::Status added =
          row.ok() ? output_->Add(*std::move(row), place) : output_->Refuse(row.status(), place);
      if (added.ok()) continue;
      const std::string way_out = items_.way_out ? items_.way_out(item) : "";
      return way_out.empty() ? added : Error(added.code(), Cat(added.message(), "; ", way_out));
    }
    return absl::OkStatus();
  }
  absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override { return output_->EndEpoch(epoch); }
  absl::Status Publish(Epoch epoch, OutboxReader& rows) override {
    return output_->Publish(epoch, rows);
  }

 private:
  const std::unique_ptr<SqliteOutput> output_;
  const SqliteItems<T> items_;
};

template <class T>
class SqliteTableSink final : public SinkFactory<T> {
 public:
  SqliteTableSink(SqliteTableOptions options, SqliteItems<T> items)
      : options_(std::move(options)), items_(std::move(items)) {}

  absl::Status Check(const std::optional<Position>& resume, const SinkContext& context) override {
    return SqliteOutput::Check(options_, resume, context);
  }
  absl::StatusOr<std::unique_ptr<SinkWriter<T>>> Open(const std::optional<Position>& resume,
                                                      const SinkContext& context) override {
    TM_ASSIGN_OR_RETURN(auto output, SqliteOutput::Open(options_, resume, context));
    return std::make_unique<SqliteTableSinkWriter<T>>(std::move(output), items_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  bool can_begin_anew() const override { return true; }
  std::string Describe() const override {
    return Cat("table ", options_.table, " in ", options_.path);
  }

 private:
  const SqliteTableOptions options_;
  const SqliteItems<T> items_;
};

template <class T>
Sink<T> SqliteTable(SqliteTableOptions options, SqliteItems<T> items) {
  return Sink<T>(std::make_shared<SqliteTableSink<T>>(std::move(options), std::move(items)));
}
template <class T>
Sink<T> SqliteTable(SqliteTableOptions options, SqliteEncoder<T> encode, ItemPlace<T> place = {}) {
  return SqliteTable<T>(std::move(options),
                        SqliteItems<T>{.encode = std::move(encode), .place = std::move(place)});
}

}  // namespace tidemark
