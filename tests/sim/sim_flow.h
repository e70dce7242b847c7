// SimFlow: the flows that a simulation runs, as data and as a Flow.
//
//   const FlowSpec spec = RandomFlow(random);
//   BuildFlow(spec, {.source = …, .sink = …}, flow);
//
// Items and results are lines. An item is "key,number,time", its time in microseconds; a result is
// "key|…", so that results can be compared per key: what one key gives does not depend on workers,
// batches or epochs, the order of different keys does.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/random.h"
#include "tidemark/flow.h"
#include "tidemark/sink.h"
#include "tidemark/source.h"

namespace tidemark::sim {

enum class FlowKind {
  kBatches,       // batch, then a running sum of lists
  kTumbling,      // reduce
  kSliding,       // collect
  kSessions,      // collect, with metadata
  kJoinWindows,   // of two branches
  kJoinBatches,   // a streaming join of two branches, its rows in batches
  kFinals,        // a running map and a count at the end
  kSystemTime,    // windows by processing time
  kSessionLists,  // sessions, their counts in batches
  kWindowChain,   // windows over windows under another key, per stream
};
inline constexpr int kFlowKinds = 10;
const char* NameOf(FlowKind kind);

struct FlowSpec {
  FlowKind kind = FlowKind::kBatches;
  int64_t max_items = 3;
  int64_t length_s = 10;  // of windows, gaps and waits
  int64_t bound_s = 0;    // how late an item may be

  // Its results depend on wall time. Those of the others do not, whatever is done to the clock:
  // they go by the order of items, or by job time.
  bool uses_wall_time() const {
    return kind == FlowKind::kBatches || kind == FlowKind::kSystemTime;
  }
  std::vector<std::string> sinks() const;
  std::string Describe() const;
};

FlowSpec RandomFlow(Random& random);

// Where a flow begins and ends.
struct FlowEnds {
  std::function<Source<std::string>()> source;
  std::function<Sink<std::string>(const std::string& name)> sink;
};
void BuildFlow(const FlowSpec& spec, const FlowEnds& ends, Flow& flow);

// A line for the flow.
std::string ItemLine(const std::string& key, int64_t number, int64_t at_us);

}  // namespace tidemark::sim
