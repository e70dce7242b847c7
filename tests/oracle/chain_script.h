// Chains: windows over windows under other keys, per stream, and what a random run through one is
// made of.
//
// The first windows stand behind sources of one to three partitions; there is one of them, or two
// whose results are merged. One or two steps follow, each under a key of its own, with results of
// the windows in front as items.
//
//   if (const auto difference = CompareChains(RandomChain(seed), NewChainEngine)) …
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/oracle/window_oracle.h"

namespace tidemark::oracle {

// An item of a source, or a result as the next step takes it; part of stored values.
struct ChainItem {
  int64_t at = 0;      // the time that the step's clock takes
  int64_t who = 0;     // where the key comes from
  int64_t number = 0;  // what is summed
  std::string text;    // what is collected
};

enum class ChainFold { kCount, kSum, kCollect };

// Which time a clock behind windows takes.
enum class ChainTime {
  kClose,        // of the window in front
  kBeforeClose,  // close - 1 µs, the time that a result has
  kOpen,
  kMiddle,  // another field
};

// What stands behind a window, in front of the next.
enum class Between {
  kNothing,
  kMap,           // other numbers
  kFilter,        // drops some
  kRunning,       // stateful_map under the window's key: the sum of the key's numbers so far
  kTwice,         // stateful_flat_map under the window's key: every second result, twice
  kRedistribute,  // to any worker
};

struct ChainStep {
  std::vector<int> inputs;  // the steps in front; none: a source of its own
  int partitions = 1;       // of that source
  int64_t keys = 1;         // the key is `who` modulo this
  ChainTime time = ChainTime::kClose;
  int64_t bound = 0;  // max_out_of_orderness
  int64_t idle_after = kForever;
  WindowKind windows = WindowKind::kTumbling;
  int64_t length = 1, offset = 1, align_to = 0, gap = 0;
  LateWhen late_when = LateWhen::kWindowClosed;
  ValueOrder order = ValueOrder::kArrival;
  AtEof at_eof = AtEof::kClose;
  ChainFold fold = ChainFold::kCount;
  Between between = Between::kNothing;
};

struct ChainEvent {
  enum class Kind {
    kPush,          // an item becomes available
    kEndPartition,  // the partition ends behind what it has
    kAdvance,       // the system clock moves by `by`; then everything runs
    kRun,
    kCommit,  // runs, and commits
    kCrash,   // falls back to the last commit; resumes `by` later, with `workers`, and runs
    kEnd,     // runs, end of input, committed; then as kCrash
  };
  Kind kind = Kind::kPush;
  int step = 0;  // whose source
  int partition = 0;
  ChainItem item = {};
  int64_t by = 0;
  int workers = 1;
};

struct ChainScript {
  uint64_t seed = 0;             // of what is random while it is played
  std::vector<ChainStep> steps;  // in the order of the flow
  int workers = 1;
  size_t batch_items_max = 1024;
  size_t channel_batches_max = 64;
  bool on_disk = false;
  // Everything runs behind each item, and a commit stands before each crash: needed where results
  // depend on which of several partitions was read first.
  bool stepwise = false;
  int64_t start = 0;  // system clock
  std::vector<ChainEvent> events;
};

struct ChainRows {
  std::vector<Row> results, late;
  bool operator==(const ChainRows&) const = default;
};

// Takes a script event by event: the model does, the engine, and what stands in for an engine.
class ChainPlayer {
 public:
  virtual ~ChainPlayer() = default;
  virtual void Play(const ChainEvent& event) = 0;
  // Of every step, everything that has come out and was not taken back.
  virtual std::vector<ChainRows> rows() = 0;
  // SEMANTICS says what comes of all that was played: not where two partitions fall silent at once,
  // or one is silent at the end while another is not.
  virtual bool is_defined() const { return true; }
  // Of every step, how many late rows the last commit counted; empty: it does not count.
  virtual std::vector<uint64_t> late_rows() { return {}; }
};

using ChainFactory = std::function<std::unique_ptr<ChainPlayer>(const ChainScript&)>;

// The model: chain_oracle.h. The engine: chain_engine.h.
std::unique_ptr<ChainPlayer> NewChainModel(const ChainScript& script);

ChainScript RandomChain(uint64_t seed);

std::string Describe(const ChainScript& script);

// The first difference to the model, in words, or nothing.
std::optional<std::string> CompareChains(const ChainScript& script, const ChainFactory& other);

// Drops events, and simplifies the way of running, as long as `fails` holds.
ChainScript ShrinkChain(ChainScript script, const std::function<bool(const ChainScript&)>& fails);

// ---- what both sides need to say the same ----

inline std::string KeyText(int64_t key) { return "k" + std::to_string(key); }
std::string ItemText(const ChainItem& item);
std::string ResultText(int64_t open, int64_t close, const std::string& value);
// A list without its order: among items of different earlier keys it is not defined.
std::string CollectedText(std::vector<std::string> texts);

// A result on its way to the step behind: `who` is the key of its window.
struct ChainResult {
  int64_t who = 0;
  int64_t open = 0;
  int64_t close = 0;  // of a session: its last item
  int64_t number = 0;
  std::string text;
};
int64_t TimeFor(ChainTime time, const ChainResult& result);
// Numbers of results that kFilter drops, and what kMap makes of one.
inline bool IsDropped(int64_t number) { return number % 4 == 1; }
inline int64_t Mapped(int64_t number) { return 2 * number + 1; }

}  // namespace tidemark::oracle
