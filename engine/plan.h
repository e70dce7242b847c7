// Plan: a flow as the engine runs it. Built by tidemark::Flow, checked by Flow::Compile().
//
// A plan is a list of steps in topological order and the edges between their ports. It holds no
// state: each worker makes its own nodes from it, so one plan serves any number of workers and
// runs.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "base/timestamp.h"
#include "engine/node.h"
#include "engine/sink_step.h"
#include "engine/source_step.h"
#include "engine/stateful_node.h"
#include "engine/watermark_node.h"
#include "proto/epoch_record.h"
#include "state/keyed_states.h"
#include "state/state_key.h"

namespace tidemark {

// What a step gets when a worker makes its node.
struct NodeContext {
  int worker = 0;
  int workers = 1;
  KeyedStates::Options states;  // for stateful steps
};

// Whose watermark a windowed step goes by.
enum class ClockScope { kNone, kPerKey, kPerStream, kSystem };

struct StepPlan {
  enum class Role { kSource, kStateless, kStateful, kSink };

  Role role = Role::kStateless;
  // Stateless steps have none. Sources, sinks and stateful steps do: state and positions are found
  // by it after a restart.
  std::string name;
  std::string kind;        // "batch", "map" …
  std::string parameters;  // for people and for the resume check: "max_items: 3"
  std::string schema;      // of what is stored (serialised TypeSchema)
  // Of rows that hold the whole state as one value, where it is another (StepRecord::value_schema).
  std::string value_schema;
  std::string key_schema;
  std::string results;        // StepRecord::results
  StepDefinition definition;  // StepRecord::definition
  TimeDomain domain = TimeDomain::kDeadline;
  int ports = 1;

  std::shared_ptr<SourceStep> source;                                  // kSource
  std::function<std::unique_ptr<Node>(const NodeContext&)> make_node;  // kStateless
  // Instead of make_node, for a stateless step that measures the watermark of a stream. Its one
  // consumer has TimeDomain::kWatermark, and its name stands in `name`.
  std::function<std::unique_ptr<WatermarkNode>(const NodeContext&)> make_watermark;
  std::function<std::unique_ptr<StatefulNode>(const NodeContext&)> make_stateful;  // kStateful
  std::shared_ptr<SinkStep> sink;                                                  // kSink

  // ---- of a windowed step: results leave by port 0, late items by 1, metadata by 2 ----
  ClockScope clock = ClockScope::kNone;
  Span hands_on_less;         // how far what it emits may lag behind its watermark: a session's gap
  bool keeps_at_eof = false;  // at_eof: keep

  // A step with state that is no window and hands a watermark on.
  bool passes_watermark = false;
  // A stateless step under whose outputs the key is that of the inputs.
  bool keeps_key = false;

  // Set by PlanWatermarks: a sink that gets late items only.
  bool is_for_late = false;
  // Set by PlanWatermarks: the step gets its stream's watermark from the steps before it; it hands
  // one on to the steps behind it.
  bool handed_on = false;
  bool hands_on = false;

  // Set by the plan: outputs of this step meet again downstream, so their order can be seen there,
  // and the step is fed one item at a time.
  bool outputs_meet_again = false;
};

// The step in an error: "step 'ledger'", "a map step".
std::string StepWord(const StepPlan& step);

struct EdgePlan {
  enum class Exchange {
    kNone,   // stays on its worker
    kByKey,  // to the worker that owns the key
    kToOne,  // to one worker: sinks
  };
  int from = 0;
  int port = 0;
  int to = 0;
  int input = 0;
  Exchange exchange = Exchange::kNone;
  std::function<std::unique_ptr<Partitioner>(int workers)> make_partitioner;  // kByKey
};

struct Plan {
  std::string flow_name;
  std::vector<StepPlan> steps;  // topological order
  std::vector<EdgePlan> edges;  // by (from, port), then in the order they were made
};

// Sets outputs_meet_again. A step's outputs meet again when two of its outgoing edges lead to one
// step, directly or not.
void MarkMeetingOutputs(Plan& plan);

}  // namespace tidemark
