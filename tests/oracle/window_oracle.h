// What Batch, join and the windowed steps must do, said a second time and as plainly as possible.
//
// The property test compares the engine with these models. They share no code with it (only the
// enums of options), keep everything in vectors, look through all of it every time and compute in
// 128 bits, so that each line can be held against SEMANTICS.md. A model that is clever would have
// the bugs that it is there to find.
//
//   WindowModel key(spec);              // one key of one step
//   key.OnItem({.at = 12}, now, rows);  // rows.results, rows.late, rows.metadata get what comes
//   out key.OnTime(now, rows);              // time has passed, or the process has resumed
//   key.OnEnd(now, rows);
//
// A model is a value: a copy taken at a commit is what a crash falls back to.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "engine/windowing/windows.h"
#include "tidemark/join_fold.h"

namespace tidemark::oracle {

using Wide = __int128;

// Times and durations are microseconds; a time is counted from 1970.
inline constexpr int64_t kMin = -62'135'596'800'000'000;
inline constexpr int64_t kMax = 253'402'300'799'999'999;
inline constexpr int64_t kForever = std::numeric_limits<int64_t>::max();

// The clocks as one activation reads them.
struct Instant {
  int64_t job = 0;      // stands still while the process is down
  int64_t wall = 0;     // largest reading of the system clock in this run
  int64_t reading = 0;  // of system-time windows: never goes back, over restarts either
  int64_t stream = 0;   // the step's watermark, where it is that of the stream
};

struct Item {
  std::string key;
  int64_t at = 0;
  std::string value;
  uint32_t side = 0;
};

struct Row {
  std::string key;
  std::string text;
  bool operator==(const Row&) const = default;
};

struct Rows {
  std::vector<Row> results, late, metadata;
  bool operator==(const Rows&) const = default;
};

// Ways in which a model can be made wrong, so that a test can show that the comparison would
// notice.
enum class Mutant {
  kNone,
  kCloseExclusive,          // a window closes only when the watermark is beyond its close
  kLateAtWatermark,         // an item at the watermark is late
  kLateForAllWindows,       // late for one sliding window is late for all
  kMergeKeepsLater,         // the later session survives a merge
  kMergedIdsDirectOnly,     // ids absorbed by an absorbed session are lost
  kSessionClosesAtGap,      // a session closes at last + gap
  kDownTimeMovesWatermark,  // job time goes on while the process is down
  kEqualTimestampsReversed,
  kKeepWatermarkIgnored,    // a key is forgotten with its last window
  kLateItemProlongs,        // a late item starts keep_watermark_for anew
  kEndForgetsWatermark,     // the end of input does not raise the watermark
  kWatermarkFollowsNewest,  // an item moves the watermark back
  kDivisionTruncates,       // window ids before align_to round towards zero
  kMaxWaitFromNewest,       // a slow drip never emits
  kJoinMergeReversed,       // the later session's values come first
};

enum class ClockKind { kEvent, kSystem, kStream };
enum class WindowKind { kTumbling, kSliding, kSession };
enum class FoldKind {
  kCollect,
  kCount,
  kReduce,
  kFold,
  kMax,
  kMin,
  kJoin,
  kReduceAnyOrder,  // declared commutative
  kFoldAnyOrder,
};

struct JoinSpec {
  uint32_t sides = 1;
  JoinInsert insert = JoinInsert::kLast;
  JoinEmit emit = JoinEmit::kFinal;
};

struct WindowSpec {
  ClockKind clock = ClockKind::kEvent;
  int64_t bound = 0;  // max_out_of_orderness
  WindowKind windows = WindowKind::kTumbling;
  int64_t length = 1, offset = 1, align_to = 0, gap = 0;
  LateWhen late_when = LateWhen::kWindowClosed;
  ValueOrder order = ValueOrder::kTimestamp;
  int64_t keep_watermark_for = 0;
  AtEof at_eof = AtEof::kClose;
  FoldKind fold = FoldKind::kCollect;
  JoinSpec join;
  Mutant mutant = Mutant::kNone;
};

// What the values of a window become.
struct Folded {
  bool any = false;
  int64_t count = 0;
  std::string text;
  std::vector<std::vector<std::string>> sides;
};

class WindowModel {
 public:
  explicit WindowModel(const WindowSpec& spec) : spec_(spec) {}

  void OnItem(const Item& item, Instant now, Rows& rows);
  // What is due first, as of its time.
  void OnTime(Instant now, Rows& rows);
  // `now` by the clock that due() is of.
  int64_t TimeIn(Instant now) const;
  // Returns the time to which a clock that all keys share rises.
  int64_t OnEnd(Instant now, Rows& rows);
  void OnResume(Instant now, int64_t down_time);

  // The moment for which a timer is set; kForever for none.
  int64_t due() const;
  // Nothing is known of the key.
  bool empty() const { return !clock_made_; }

 private:
  struct Held {
    Item item;
    int64_t at = 0;
    int64_t arrival = 0;
  };
  struct Open {
    int64_t id = 0;
    Wide open = 0, close = 0;  // close of a session: its last item
    std::vector<int64_t> merged_ids;
    std::vector<Held> held;
    Folded folded;
  };

  Wide Watermark(Instant now) const;
  void TakeTime(int64_t at, Instant now);
  bool Closed(Wide close, Wide watermark) const;
  std::vector<int64_t> IdsOf(int64_t at) const;
  Wide CloseOf(int64_t id) const;
  bool Within(const Open& session, int64_t at) const;
  bool SessionIsLate(int64_t at, Wide watermark) const;
  void Late(const Item& item, int64_t id, Rows& rows) const;
  // Windows closed at that watermark are passed over.
  void Enter(const Held& held, Rows& rows, Wide closed_up_to = kMin);
  void EnterSession(const Held& held, Rows& rows);
  void AddTo(Open& window, const Held& held, Rows& rows);
  void FoldInto(Folded& folded, const Item& item, const Open& window, Rows& rows);
  void MergeInto(Folded& into, const Folded& from, const Open& window, Rows& rows);
  void AfterJoinChange(Folded& folded, const Open& window, Rows& rows);
  void JoinRows(const Folded& folded, const Open& window, Rows& rows);
  void Result(const Open& window, const std::string& value, Rows& rows);
  void EmitClosed(std::vector<Open> closed, Rows& rows);
  void SortByTime(std::vector<Held>& items) const;
  void RunTo(Instant now, Rows& rows);
  void Settle(Instant now, Rows& rows);
  bool KeepsCount() const {
    return spec_.clock == ClockKind::kSystem && spec_.windows == WindowKind::kSession;
  }
  std::string Extent(const Open& window) const;

  WindowSpec spec_;
  std::string key_;
  bool clock_made_ = false;
  Wide base_ = kMin;
  int64_t at_ = 0;
  int64_t next_session_ = 0, next_arrival_ = 0;
  std::vector<Held> queue_;
  std::vector<Open> open_;
  std::optional<int64_t> kept_since_;
};

struct BatchSpec {
  int64_t max_items = 0;  // 0: none
  int64_t max_wait = kForever, idle_timeout = kForever;
  Mutant mutant = Mutant::kNone;
};

class BatchModel {
 public:
  explicit BatchModel(const BatchSpec& spec) : spec_(spec) {}

  void OnItem(const Item& item, Instant now, Rows& rows);
  void OnTime(Instant now, Rows& rows);
  int64_t TimeIn(Instant now) const { return now.wall; }
  int64_t OnEnd(Instant now, Rows& rows);
  void OnResume(Instant now, int64_t down_time);
  int64_t due() const;
  bool empty() const { return values_.empty(); }

 private:
  void EmitList(Rows& rows);

  BatchSpec spec_;
  std::string key_;
  std::vector<std::string> values_;
  int64_t first_ = 0, newest_ = 0;
};

class JoinModel {
 public:
  explicit JoinModel(const JoinSpec& spec) : spec_(spec), sides_(spec.sides) {}

  void OnItem(const Item& item, Instant now, Rows& rows);
  void OnTime(Instant, Rows&) {}
  int64_t TimeIn(Instant now) const { return now.wall; }
  int64_t OnEnd(Instant now, Rows& rows);
  void OnResume(Instant, int64_t) {}
  int64_t due() const { return kForever; }
  bool empty() const;

 private:
  JoinSpec spec_;
  std::string key_;
  std::vector<std::vector<std::string>> sides_;
};

enum class StepKind { kWindow, kBatch, kJoin };

struct StepSpec {
  StepKind kind = StepKind::kWindow;
  WindowSpec window;
  BatchSpec batch;
  JoinSpec join;
  // Joins through tidemark/join.h instead of the fold alone. Streams that are merged keep only
  // their own order, so such a script reads its items one by one.
  bool typed_join = false;
};

// The typed join window under test has two sides, event time and, as all of them, no metadata.
inline bool IsTypedJoinWindow(const StepSpec& step) {
  return step.kind == StepKind::kWindow && step.window.fold == FoldKind::kJoin && step.typed_join &&
         step.window.clock == ClockKind::kEvent && step.window.join.sides == 2;
}

// Lists, reduced and joined values as text, in the form in which the engine's are compared.
std::string ListText(const std::vector<std::string>& values);
std::string ReducedText(const std::string& a, const std::string& b);
std::string AnyOrderText(const std::string& a, const std::string& b);
// By which max and min compare; values of one rank are ties.
int RankOf(const std::string& value);
std::string RowText(const std::vector<std::optional<std::string>>& row);

}  // namespace tidemark::oracle
