#include "tests/sim/sim_flow.h"

#include "tests/sim/sim_flow_parts.h"

namespace tidemark::sim {

const char* NameOf(FlowKind kind) {
  switch (kind) {
    case FlowKind::kBatches:
      return "batches";
    case FlowKind::kTumbling:
      return "tumbling windows";
    case FlowKind::kSliding:
      return "sliding windows";
    case FlowKind::kSessions:
      return "sessions";
    case FlowKind::kJoinWindows:
      return "a join in windows";
    case FlowKind::kJoinBatches:
      return "a join, in batches";
    case FlowKind::kFinals:
      return "finals";
    case FlowKind::kSystemTime:
      return "windows by system time";
    case FlowKind::kSessionLists:
      return "sessions, in batches";
    case FlowKind::kWindowChain:
      return "windows over windows";
  }
  return "?";
}

std::vector<std::string> FlowSpec::sinks() const {
  switch (kind) {
    case FlowKind::kBatches:
    case FlowKind::kJoinBatches:
      return {"out"};
    case FlowKind::kFinals:
      return {"out", "counts"};
    case FlowKind::kSessions:
      return {"out", "late", "meta"};
    case FlowKind::kWindowChain:
      return {"out", "first", "late"};
    default:
      return {"out", "late"};
  }
}

std::string FlowSpec::Describe() const {
  return Cat(NameOf(kind), ", at most ", max_items, " items, ", length_s, " s, ", bound_s,
             " s late");
}

FlowSpec RandomFlow(Random& random) {
  FlowSpec spec;
  spec.kind = static_cast<FlowKind>(random.Below(kFlowKinds));
  spec.max_items = random.Between(1, 6);
  spec.length_s = random.Between(2, 20);
  spec.bound_s = random.OneIn(3) ? random.Between(1, 15) : 0;
  return spec;
}

void BuildFlow(const FlowSpec& spec, const FlowEnds& ends, Flow& flow) {
  switch (spec.kind) {
    case FlowKind::kBatches:
      return BuildBatches(spec, ends, flow);
    case FlowKind::kTumbling:
      return BuildTumbling(spec, ends, flow);
    case FlowKind::kSliding:
      return BuildSliding(spec, ends, flow);
    case FlowKind::kSessions:
      return BuildSessions(spec, ends, flow);
    case FlowKind::kJoinWindows:
      return BuildJoinWindows(spec, ends, flow);
    case FlowKind::kJoinBatches:
      return BuildJoinBatches(spec, ends, flow);
    case FlowKind::kFinals:
      return BuildFinals(spec, ends, flow);
    case FlowKind::kSystemTime:
      return BuildSystemTime(spec, ends, flow);
    case FlowKind::kSessionLists:
      return BuildSessionLists(spec, ends, flow);
    case FlowKind::kWindowChain:
      return BuildWindowChain(spec, ends, flow);
  }
}

std::string ItemLine(const std::string& key, int64_t number, int64_t at_us) {
  return Cat(key, ",", number, ",", at_us);
}

}  // namespace tidemark::sim
