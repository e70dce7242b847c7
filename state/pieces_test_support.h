// What the tests of states in pieces share: the rows of one key, without a store.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/ids.h"
#include "proto/rows.h"
#include "state/pieces.h"
#include "state/run.h"
#include "state/state_key.h"
#include "state/state_type.h"

namespace tidemark {

// The rows of one key, as epochs leave them.
class PieceRows final : public SubRows {
 public:
  // Encodes an epoch of the state; what it wrote and deleted, keys and values.
  template <class S>
  size_t Write(S& state, PieceTable& table) {
    RunBuilder run;
    RowOutput out(run, codec_, kStep, kKey);
    EncodeInPieces(state, table, {++epoch_}, {}, out);
    return Take(std::move(run));
  }
  size_t Drop(PieceTable& table) {
    RunBuilder run;
    RowOutput out(run, codec_, kStep, kKey);
    out.DeleteMain();
    table.DropAll(out);
    return Take(std::move(run));
  }
  template <class S>
  absl::Status Read(S& state, PieceTable& table) const {
    return LoadFromPieces(Main(), *this, "the key", state, table);
  }
  PiecesRow Main() const {
    StateRowData row;
    EXPECT_TRUE(DecodeStateRow(rows.at(""), "row", row).ok());
    return std::get<PiecesRow>(row.state);
  }
  absl::StatusOr<std::vector<SubRow>> All() const override {
    std::vector<SubRow> all;
    for (const auto& [suffix, value] : rows) {
      if (suffix.empty()) continue;
      all.push_back({suffix.substr(1), value, static_cast<uint32_t>(value.size())});
    }
    return all;
  }
  absl::StatusOr<std::vector<std::string>> Get(const std::vector<std::string>&) const override {
    return absl::InternalError("pieces are not named");
  }

  // By what follows the user key: nothing for the main row, 02 and the suffix for others.
  std::map<std::string, std::string> rows;

 private:
  static constexpr StepId kStep{7};
  static constexpr std::string_view kKey = "\x08";  // the key of nothing

  size_t Take(RunBuilder run) {
    std::vector<RunBuilder> runs;
    runs.push_back(std::move(run));
    const SortedRun sorted = SortedRun::Merge(std::move(runs));
    for (const SortedRun::Row& row : sorted.rows()) {
      const auto key = ParseStateRowKey(row.key);
      EXPECT_TRUE(key.ok()) << key.status();
      std::string name = key->kind == RowKind::kMain ? "" : "\x02" + std::string(key->suffix);
      if (row.is_delete) {
        rows.erase(name);
      } else {
        rows[name] = std::string(row.value);
      }
    }
    return sorted.bytes();
  }

  RowCodec codec_;
  uint64_t epoch_ = 41;
};

}  // namespace tidemark
