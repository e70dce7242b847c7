#include "tests/conformance/flow_case.h"

#include <algorithm>
#include <stdexcept>

#include "base/stable_hash.h"
#include "base/status.h"

namespace tidemark::conformance {
namespace {

// So many partitions where several workers read; fixed, since a resumed run finds its positions by
// them, whatever its number of workers.
constexpr int kLanes = 3;

}  // namespace

FlowCase::FlowCase(const Case& one, std::shared_ptr<Script> script, bool several_workers,
                   std::string directory)
    : params_(one.params),
      script_(std::move(script)),
      directory_(std::move(directory)),
      several_lanes_(several_workers) {}

// ---- the input ----------------------------------------

Stream<Item> FlowCase::Items() {
  const int lanes = several_lanes_ ? kLanes : 1;
  script_->lane.clear();
  int next = 0;
  for (const Entry& entry : script_->entries) {
    const int lane =
        entry.item.key ? static_cast<int>(StableHash(*entry.item.key) % kLanes) : next++;
    script_->lane.push_back(lane % lanes);
  }
  return flow_->From("in", Source<Item>(std::make_shared<ScriptSource>(script_, 0, lanes)));
}

std::vector<Stream<Json>> FlowCase::ValuesOfSources(int n) {
  script_->lane.clear();
  int next = 0;
  for (const Entry& entry : script_->entries) {
    // A control entry ends the batch.
    if (entry.kind != Entry::Kind::kItem) next = 0;
    script_->lane.push_back(entry.kind == Entry::Kind::kItem ? next++ % n : 0);
  }
  std::vector<Stream<Json>> streams;
  for (int i = 0; i < n; ++i) {
    streams.push_back(
        flow_->From(Cat("in", i), Source<Item>(std::make_shared<ScriptSource>(script_, i, 1)))
            .Map([](Item item) { return std::move(item.value); }));
  }
  return streams;
}

KeyedStream<std::string, Item> FlowCase::KeyedItems() {
  params_.Ignore("keyed");
  return Items().KeyBy([](const Item& item) {
    if (!item.key) throw std::invalid_argument("an entry has no key");
    return *item.key;
  });
}

KeyedStream<std::string, Json> FlowCase::Keyed() {
  return KeyedItems().MapValue([](Item item) { return std::move(item.value); });
}

bool FlowCase::IsKeyed() {
  if (const std::optional<bool> keyed = params_.Bool("keyed")) return *keyed;
  return std::any_of(script_->entries.begin(), script_->entries.end(), [](const Entry& entry) {
    return entry.kind == Entry::Kind::kItem && entry.item.key.has_value();
  });
}

Stream<Json> FlowCase::Values() {
  const bool keyed = IsKeyed();
  return Items().Map([keyed](Item item) -> Json {
    if (!keyed) return std::move(item.value);
    Json key = item.key ? Json(*std::move(item.key)) : Json();
    return Json::List{std::move(key), std::move(item.value)};
  });
}

LookupTable FlowCase::Lookup(Json table) {
  if (lookup_ == nullptr) lookup_ = std::make_shared<Json>(std::move(table));
  return lookup_;
}

// ---- the rows ----------------------------------------

void FlowCase::Down(const Stream<Json>& rows) { down_.Add("down", rows); }

Json::List FlowCase::Rows::Take() {
  Json::List committed = output_.committed();
  Json::List rows(committed.begin() + static_cast<std::ptrdiff_t>(taken_), committed.end());
  taken_ = committed.size();
  return rows;
}

void FlowCase::Begin(Flow& flow) {
  flow_ = &flow;
  read_down_ = nullptr;
}

void FlowCase::BeginExecution() { marks_.clear(); }

void FlowCase::MarkDown(const Json& at) { marks_.emplace_back(down_.seen(), at); }

absl::StatusOr<Execution> FlowCase::TakeExecution() {
  Execution execution;
  size_t number = down_.taken();
  execution.down = down_.Take();
  size_t mark = 0;
  for (size_t i = 0; i < execution.down.size(); ++i, ++number) {
    while (mark < marks_.size() && marks_[mark].first <= number) ++mark;
    execution.down_at.push_back(mark < marks_.size() ? marks_[mark].second : Json());
  }
  execution.late = late_.Take();
  execution.meta = meta_.Take();
  execution.falses = falses_.Take();
  if (read_down_) {
    TM_ASSIGN_OR_RETURN(execution.down, read_down_());
  }
  return execution;
}

}  // namespace tidemark::conformance
