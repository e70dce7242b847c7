#include "jobs/aggregate_values.h"

#include <cstddef>
#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status.h"
#include "jobs/aggregate_description.h"
#include "jobs/aggregates.h"
#include "jobs/window_row.h"
#include "state/value_codec.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

// Whether a stored part is what the program at hand would read it as.
template <class T>
bool Is(const TypeSchema& schema, const ValuePart& part) {
  return Diff(SchemaOfPart(schema, part), SchemaOf<T>()).empty();
}

template <class T>
absl::StatusOr<T> Decoded(const ValuePart& part) {
  T value{};
  std::string_view in = part.bytes;
  TM_RETURN_IF_ERROR(DecodeValue(in, value));
  return value;
}

// The alternatives of what is stored of an aggregate are in the order of their kinds.
AggregateKind KindOf(const aggregate::State& state) {
  switch (state.index()) {
    case 0:
      return AggregateKind::kCount;
    case 1:
      return AggregateKind::kSum;
    case 2:
      return AggregateKind::kAvg;
    case 3:
      return AggregateKind::kMin;
    case 4:
      return AggregateKind::kMax;
    case 5:
      return AggregateKind::kFirst;
    case 6:
      return AggregateKind::kLast;
    case 7:
      return AggregateKind::kCollect;
    default:
      return AggregateKind::kCountDistinct;
  }
}

// One value of an object: its JSON without the name in front.
std::string ValueOf(const AggregateSpec& spec, const Aggregates::Acc& acc) {
  std::string label;
  AppendJsonString(spec.name, label);
  std::string json;
  Aggregates({spec}).AppendJson(acc, json);
  return json.substr(label.size() + std::string_view(": ").size());
}

using Accs = std::vector<Aggregates::Acc>;

std::vector<AggregateSpec> SpecsOf(const KeptByWindow& kept, const Accs& accs) {
  if (auto specs = ReadAggregates(kept.results)) return *std::move(specs);
  std::vector<AggregateSpec> specs;
  if (accs.empty()) return specs;
  for (const auto& [name, state] : accs[0]) specs.push_back({.name = name, .kind = KindOf(state)});
  return specs;
}

// Throws where parts were not made by the same aggregates.
WindowValues::Result Folded(const std::vector<AggregateSpec>& specs, Accs accs,
                            const std::vector<WindowRow>& rows) {
  const Aggregates aggregates(specs);
  Aggregates::Acc acc = aggregates.Init();
  for (Aggregates::Acc& part : accs) aggregates.Merge(std::move(part), acc);
  for (const WindowRow& row : rows) aggregates.Add(row, acc);
  WindowValues::Result result;
  for (const AggregateSpec& spec : specs) {
    result.fields.emplace_back(spec.name, ValueOf(spec, acc));
    const bool counts_rows = spec.kind == AggregateKind::kCount && !spec.field &&
                             std::get<aggregate::Count>(acc.at(spec.name)).values >= 0;
    if (counts_rows) {
      result.rows = static_cast<uint64_t>(std::get<aggregate::Count>(acc.at(spec.name)).values);
    }
  }
  return result;
}

}  // namespace

absl::StatusOr<std::optional<WindowValues::Result>> AggregateValues::ResultOf(
    const KeptByWindow& kept) const {
  Accs accs;
  for (const ValuePart& part : kept.accs) {
    if (!Is<Aggregates::Acc>(*kept.schema, part)) return std::optional<Result>();
    TM_ASSIGN_OR_RETURN(accs.emplace_back(), Decoded<Aggregates::Acc>(part));
  }
  std::vector<WindowRow> rows;
  for (const ValuePart& part : kept.held) {
    if (!Is<WindowRow>(*kept.schema, part)) return std::optional<Result>();
    TM_ASSIGN_OR_RETURN(rows.emplace_back(), Decoded<WindowRow>(part));
  }
  const bool knows_fields = !kept.results.empty();
  const std::vector<AggregateSpec> specs = SpecsOf(kept, accs);
  if (specs.empty() || (!rows.empty() && !knows_fields)) return std::optional<Result>();
  try {
    Result result = Folded(specs, std::move(accs), rows);
    // Without the fields it is not known whether a count is one of rows.
    if (!knows_fields) result.rows.reset();
    return std::optional<Result>(std::move(result));
  } catch (const std::exception& damage) {
    return absl::DataLossError(Cat("step '", kept.step, "': ", damage.what()));
  }
}

}  // namespace tidemark
