// FlowCase: what an operator's builder works with: the input as streams, and places for its rows.
//
// One object serves all executions of a case; Begin() is called before the flow is built anew.
// Rows are brought into the form of the cases here: [key, value] for keyed streams, the value
// itself for others.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "tests/conformance/case.h"
#include "tests/conformance/json.h"
#include "tests/conformance/outcome.h"
#include "tests/conformance/params.h"
#include "tests/conformance/script_source.h"
#include "tidemark/flow.h"
#include "tidemark/key_value.h"
#include "tidemark/stream.h"
#include "tidemark/testing.h"

namespace tidemark::conformance {

// The table behind enrich_cached, which SET_LOOKUP changes while the case runs.
using LookupTable = std::shared_ptr<Json>;

class FlowCase {
 public:
  // `one` outlives this object. `directory` is the case's own, for files.
  FlowCase(const Case& one, std::shared_ptr<Script> script, bool several_workers,
           std::string directory);

  Params& params() { return params_; }
  Flow& flow() { return *flow_; }
  const std::string& directory() const { return directory_; }

  // ---- the input; one of these, once ----
  // Entries with timestamps, for windows.
  Stream<Item> Items();
  KeyedStream<std::string, Item> KeyedItems();
  // Their values. An entry without a key is an error in Keyed(); in Values() one with a key appears
  // as [key, value], unless the parameter `keyed` says false.
  KeyedStream<std::string, Json> Keyed();
  Stream<Json> Values();
  bool IsKeyed();
  // Several sources whose values come together: the i-th item of a batch is from source i mod n.
  std::vector<Stream<Json>> ValuesOfSources(int n);
  // Everything is read by one worker: for what is defined by the order of all items, or is kept per
  // worker. Before one of the above.
  void ReadWithOneWorker() { several_lanes_ = false; }

  // ---- the rows ----
  template <class T>
  void Down(const KeyedStream<std::string, T>& rows) {
    order_ = RowOrder::kPerKey;
    down_.Add("down", RowsOf(rows));
  }
  void Down(const Stream<Json>& rows);
  // Rows that are already in the form of the cases, and begin with their key.
  void DownRows(const Stream<Json>& rows) {
    order_ = RowOrder::kPerKey;
    down_.Add("down", rows);
  }
  void LateRows(const Stream<Json>& rows) { late_.Add("late", rows); }
  void MetaRows(const Stream<Json>& rows) { meta_.Add("meta", rows); }
  void Falses(const Stream<Json>& rows) { falses_.Add("falses", rows); }
  // The rows are compared as multisets always.
  void AnyOrder() { order_ = RowOrder::kNone; }
  // For sinks: what the execution wrote, asked for at its end, instead of rows.
  void DownFrom(std::function<absl::StatusOr<Json::List>()> read) { read_down_ = std::move(read); }
  // SET_LOOKUP changes this table, which stays through all executions.
  LookupTable Lookup(Json table);

  // ---- for the driver ----
  void Begin(Flow& flow);
  void BeginExecution();
  // What has been committed since BeginExecution().
  absl::StatusOr<Execution> TakeExecution();
  // Rows that came since the last call came while `at` was being processed.
  void MarkDown(const Json& at);
  RowOrder order() const { return order_; }
  const LookupTable& lookup() const { return lookup_; }

 private:
  // One output of the operator: survives restarts as a file would.
  class Rows {
   public:
    void Add(const char* name, const Stream<Json>& rows) { rows.To(name, output_.sink()); }
    size_t seen() const { return output_.rows().size(); }
    size_t taken() const { return taken_; }
    // What was committed since the last call.
    Json::List Take();

   private:
    TestOutput<Json> output_;
    size_t taken_ = 0;
  };

  template <class T>
  static Stream<Json> RowsOf(const KeyedStream<std::string, T>& rows) {
    return rows.Pairs().Map([](KeyValue<std::string, T> pair) -> Json {
      return Json::List{std::move(pair.key), Json(std::move(pair.value))};
    });
  }
  Params params_;
  const std::shared_ptr<Script> script_;
  const std::string directory_;
  bool several_lanes_;
  Flow* flow_ = nullptr;
  RowOrder order_ = RowOrder::kOfOneWorker;
  Rows down_, late_, meta_, falses_;
  std::vector<std::pair<size_t, Json>> marks_;  // rows of down before this number: at
  std::function<absl::StatusOr<Json::List>()> read_down_;
  LookupTable lookup_;
};

}  // namespace tidemark::conformance
