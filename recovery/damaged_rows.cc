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
  const auto named = std::find_if(tables->begin(), tables->end(), [&](const TableRange& table) {
    return absl::StrContains(damage.message(), table.name);
  });
  if (named == tables->end()) return "";
  const auto range = UnreadableRows(store_path, *named);
  if (!range) return "";
  return Cat(range->name, " cannot be read between ", DescribeRow(range->first, record), ", and ",
             DescribeRow(range->last, record));
}

}  // namespace tidemark
