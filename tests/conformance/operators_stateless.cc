// Operators without state, from map to enrich_cached.

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tests/conformance/operators.h"

namespace tidemark::conformance {
namespace {

std::optional<Json> UnlessNull(Json value) {
  if (value.is_null()) return std::nullopt;
  return value;
}

absl::Status BuildPassthrough(FlowCase& c) {
  const bool keyed = c.IsKeyed();
  const Stream<Json> values = c.Values();
  keyed ? c.DownRows(values) : c.Down(values);
  return absl::OkStatus();
}

absl::Status BuildInspect(FlowCase& c) {
  const bool keyed = c.IsKeyed();
  const Stream<Json> values = c.Values().Inspect([](const Json&) {});
  keyed ? c.DownRows(values) : c.Down(values);
  return absl::OkStatus();
}

absl::Status BuildInspectDebug(FlowCase& c) {
  const bool keyed = c.IsKeyed();
  const Stream<Json> values = c.Values().InspectDebug([](const Json&, Epoch, int) {});
  keyed ? c.DownRows(values) : c.Down(values);
  return absl::OkStatus();
}

absl::Status BuildRedistribute(FlowCase& c) {
  c.Down(c.Values().Redistribute());
  c.AnyOrder();
  return absl::OkStatus();
}

absl::Status BuildRaises(FlowCase& c) {
  c.Values().Raises();
  return absl::OkStatus();
}

absl::Status BuildMap(FlowCase& c) {
  c.Down(c.Values().Map(c.params().Unary("mapper")));
  return absl::OkStatus();
}

absl::Status BuildMapValue(FlowCase& c) {
  c.Down(c.Keyed().MapValue(c.params().Unary("mapper")));
  return absl::OkStatus();
}

absl::Status BuildFlatMap(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("mapper");
  c.Down(c.Values().FlatMap([f](const Json& value) { return Elements(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildFlatMapValue(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("mapper");
  c.Down(c.Keyed().FlatMapValue([f](const Json& value) { return Elements(f(value)); }));
  return absl::OkStatus();
}

// `mapper_scope` is not looked at: a list is flattened, anything else is an item.
absl::Status BuildFlatMapBatch(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("mapper");
  c.Down(c.Values().FlatMapBatch([f](const std::vector<Json>& values) {
    std::vector<Json> out;
    for (const Json& value : values) {
      Json mapped = f(value);
      if (mapped.is_list()) {
        out.insert(out.end(), mapped.list().begin(), mapped.list().end());
      } else {
        out.push_back(std::move(mapped));
      }
    }
    return out;
  }));
  return absl::OkStatus();
}

absl::Status BuildFlatten(FlowCase& c) {
  c.Down(c.Values().Map(Elements).Flatten());
  return absl::OkStatus();
}

absl::Status BuildFilter(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("predicate");
  c.Down(c.Values().Filter([f](const Json& value) { return Truth(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildFilterValue(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("predicate");
  c.Down(c.Keyed().FilterValue([f](const Json& value) { return Truth(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildFilterMap(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("mapper");
  c.Down(c.Values().FilterMap([f](const Json& value) { return UnlessNull(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildFilterMapValue(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("mapper");
  c.Down(c.Keyed().FilterMapValue([f](const Json& value) { return UnlessNull(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildBranch(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("predicate");
  const auto [trues, falses] =
      c.Values().Branch([f](const Json& value) { return Truth(f(value)); });
  c.Down(trues);
  c.Falses(falses);
  return absl::OkStatus();
}

// The i-th item of a batch comes from the i-th source.
absl::Status BuildMerge(FlowCase& c) {
  constexpr int64_t kSourcesMax = 16;
  int64_t sources = c.params().Integer("batch_size").value_or(2);
  if (const Json* batches = c.params().Value("batches"); batches && batches->is_list()) {
    for (const Json& size : batches->list()) {
      if (size.is_integer()) sources = std::max(sources, size.integer());
    }
  }
  c.params().Ignore("keyed");
  const auto streams =
      c.ValuesOfSources(static_cast<int>(std::clamp<int64_t>(sources, 1, kSourcesMax)));
  Stream<Json> merged = streams[0];
  for (size_t i = 1; i < streams.size(); ++i) merged = merged.Merge(streams[i]);
  c.Down(merged);
  c.AnyOrder();
  return absl::OkStatus();
}

absl::Status BuildKeyOn(FlowCase& c) {
  const UnaryFunction f = c.params().Unary("by", "identity");
  c.Down(c.Values().KeyBy([f](const Json& value) { return KeyText(f(value)); }));
  return absl::OkStatus();
}

absl::Status BuildKeyRm(FlowCase& c) {
  c.Down(c.Keyed().Values());
  return absl::OkStatus();
}

// The values are keys of `lookup`; what is found there goes on. The cache is kept per worker.
absl::Status BuildEnrichCached(FlowCase& c) {
  const Json* table = c.params().Value("lookup");
  if (table == nullptr || !table->is_map()) {
    return absl::InvalidArgumentError("parameter 'lookup' is not a map");
  }
  const std::optional<Span> ttl = c.params().Seconds("ttl");
  c.ReadWithOneWorker();
  c.Down(c.Values().EnrichCached([](const Json& value) { return KeyText(value); },
                                 [lookup = c.Lookup(*table)](const std::string& key) {
                                   const Json* found = lookup->Find(key);
                                   return found == nullptr ? Json() : *found;
                                 },
                                 [](const Json&, const Json& found) { return found; },
                                 ttl ? ttl->ToAbsl() : absl::InfiniteDuration()));
  return absl::OkStatus();
}

constexpr Operator kOperators[] = {
    {.name = "passthrough", .build = BuildPassthrough},
    {.name = "inspect", .build = BuildInspect},
    {.name = "inspect_debug", .build = BuildInspectDebug},
    {.name = "redistribute", .build = BuildRedistribute},
    {.name = "raises", .build = BuildRaises},
    {.name = "map", .build = BuildMap},
    {.name = "map_value", .build = BuildMapValue},
    {.name = "flat_map", .build = BuildFlatMap},
    {.name = "flat_map_value", .build = BuildFlatMapValue},
    {.name = "flat_map_batch", .build = BuildFlatMapBatch},
    {.name = "flatten", .build = BuildFlatten},
    {.name = "filter", .build = BuildFilter},
    {.name = "filter_value", .build = BuildFilterValue},
    {.name = "filter_map", .build = BuildFilterMap},
    {.name = "filter_map_value", .build = BuildFilterMapValue},
    {.name = "branch", .build = BuildBranch},
    {.name = "merge", .build = BuildMerge},
    {.name = "key_on", .build = BuildKeyOn},
    {.name = "key_rm", .build = BuildKeyRm},
    {.name = "enrich_cached", .build = BuildEnrichCached},
};

}  // namespace

std::span<const Operator> StatelessOperators() { return kOperators; }

}  // namespace tidemark::conformance
