// A window's step by each of the clocks, without what makes rows of its results. Only for
// window_flow*.cc.
//
// One function for each clock: each is a translation unit of its own, for the templates take long
// to compile.
#pragma once

#include <memory>
#include <string>
#include <utility>

#include "jobs/aggregates.h"
#include "jobs/job_key.h"
#include "jobs/job_spec.h"
#include "jobs/window_row.h"
#include "tidemark/flow.h"

namespace tidemark {

// The fold of a window: its result is the aggregates as fields of a JSON object.
struct AggregateWindow {
  using Value = WindowRow;
  using Acc = Aggregates::Acc;
  using Out = std::string;
  std::shared_ptr<const Aggregates> aggregates;
  std::string description;  // DescribeAggregates()

  std::string Describe() const { return description; }
  Acc Init() const { return aggregates->Init(); }
  template <class Emit>
  void OnValue(Acc& acc, const WindowRow& row, Emit&&) const {
    aggregates->Add(row, acc);
  }
  template <class Emit>
  void OnMerge(Acc& into, Acc from, Emit&&) const {
    aggregates->Merge(std::move(from), into);
  }
  template <class Emit>
  void OnClose(const Acc& acc, Emit&& emit) const {
    std::string fields;
    aggregates->AppendJson(acc, fields);
    emit(std::move(fields));
  }
};

struct WindowSteps {
  // The aggregates of a window as the fields of a JSON object: `"quakes": 3`.
  KeyedStream<JobKey, Windowed<std::string>> results;
  KeyedStream<JobKey, Windowed<WindowRow>> late;
};

WindowSteps AddEventTimeWindow(const KeyedStream<JobKey, WindowRow>& rows, const WindowSpec& window,
                               const AggregateWindow& fold);
WindowSteps AddStreamTimeWindow(const KeyedStream<JobKey, WindowRow>& rows,
                                const WindowSpec& window, const AggregateWindow& fold);
WindowSteps AddSystemTimeWindow(const KeyedStream<JobKey, WindowRow>& rows,
                                const WindowSpec& window, const AggregateWindow& fold);

}  // namespace tidemark
