#include "recovery/damaged_rows.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "base/status.h"
#include "state/rocksdb_tables.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

std::string StepOf(StepId id, const std::optional<EpochRecord>& record) {
  if (record) {
    for (const StepRecord& step : record->steps) {
      if (step.id == id) return Cat("step '", step.name, "'");
    }
  }
  return Cat("step ", id.value);
}

std::string DescribeRow(const std::string& row, const std::optional<EpochRecord>& record) {
  if (const auto key = ParseStateRowKey(row); key.ok()) {
    return Cat(StepOf(key->step, record), ", key ", FormatUserKey(key->user_key), ", key group ",
               key->group);
  }
  if (const auto timer = ParseTimerRowKey(row); timer.ok()) {
    return Cat("the timers of ", StepOf(timer->step, record));
  }
  return "the epoch record";
}

}  // namespace

std::string DescribeDamagedRows(const std::string& store_path, const absl::Status& damage,
                                const std::optional<EpochRecord>& record) {
  const auto tables = ListTableRanges(store_path);
  if (!tables.ok()) return "";
  // RocksDB names a table with or without the slash in front of it.
  const auto named = std::find_if(tables->begin(), tables->end(), [&](const TableRange& table) {
    return absl::StrContains(damage.message(), table.name);
  });
  if (named == tables->end()) return "";
  const std::string first = DescribeRow(named->first, record);
  const std::string last = DescribeRow(named->last, record);
  return Cat(named->name, " holds ", first == last ? "" : "rows from ", first,
             first == last ? "" : Cat(", to ", last));
}

}  // namespace tidemark
