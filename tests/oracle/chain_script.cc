#include "tests/oracle/chain_script.h"

#include <algorithm>
#include <utility>

namespace tidemark::oracle {
namespace {

// --- Comparing

std::string Text(const std::vector<Row>& rows) {
  std::string text;
  for (const Row& row : rows) text += "      " + row.key + ": " + row.text + "\n";
  return text.empty() ? "      nothing\n" : text;
}

bool ByKey(const Row& a, const Row& b) { return a.key < b.key; }
bool ByKeyAndText(const Row& a, const Row& b) {
  return std::pair(a.key, a.text) < std::pair(b.key, b.text);
}

// Where the order of rows is not defined, an order of ours. Results have one within each key.
ChainRows Comparable(ChainRows rows, bool one_worker) {
  if (!one_worker) std::stable_sort(rows.results.begin(), rows.results.end(), ByKey);
  std::sort(rows.late.begin(), rows.late.end(), ByKeyAndText);
  return rows;
}

// The events as they are played.
std::vector<ChainEvent> Played(const ChainScript& script) {
  if (!script.stepwise) return script.events;
  using Kind = ChainEvent::Kind;
  std::vector<ChainEvent> events;
  const auto add = [&](Kind kind) {
    ChainEvent event;
    event.kind = kind;
    events.push_back(event);
  };
  for (const ChainEvent& event : script.events) {
    if (event.kind == Kind::kCrash) add(Kind::kCommit);
    events.push_back(event);
    if (event.kind == Kind::kPush || event.kind == Kind::kEndPartition) add(Kind::kRun);
  }
  return events;
}

bool AlwaysOneWorker(const ChainScript& script) {
  return script.workers == 1 &&
         std::all_of(script.events.begin(), script.events.end(),
                     [](const ChainEvent& event) { return event.workers == 1; });
}

// --- Describing

std::string StepText(const ChainStep& step) {
  const char* times[] = {"close", "close - 1 us", "open", "the middle"};
  const char* folds[] = {"count", "sum", "collect"};
  const char* betweens[] = {
      "", ", map", ", filter", ", stateful_map", ", stateful_flat_map", ", redistribute"};
  std::string text = step.inputs.empty()
                         ? "source of " + std::to_string(step.partitions) + " partitions"
                         : std::string("behind step");
  for (const int input : step.inputs) text += " " + std::to_string(input);
  text += ", " + std::to_string(step.keys) + " keys";
  if (!step.inputs.empty()) text += std::string(", at ") + times[static_cast<int>(step.time)];
  text += ", bound " + std::to_string(step.bound);
  if (step.idle_after != kForever) text += ", idle_after " + std::to_string(step.idle_after);
  if (step.windows == WindowKind::kSession) {
    text += "; session gap " + std::to_string(step.gap);
  } else {
    text += "; length " + std::to_string(step.length);
    if (step.windows == WindowKind::kSliding) text += ", offset " + std::to_string(step.offset);
    text += ", align_to " + std::to_string(step.align_to);
  }
  text += step.late_when == LateWhen::kWindowClosed ? "; kWindowClosed" : "; kBehindWatermark";
  text += step.order == ValueOrder::kTimestamp ? ", kTimestamp" : ", kArrival";
  text += step.at_eof == AtEof::kKeep ? ", at_eof keep" : "";
  return text + "; " + folds[static_cast<int>(step.fold)] +
         betweens[static_cast<int>(step.between)];
}

std::string EventText(const ChainEvent& event) {
  const std::string resume =
      " " + std::to_string(event.by) + " us later, workers " + std::to_string(event.workers);
  const std::string where =
      "source " + std::to_string(event.step) + " partition " + std::to_string(event.partition);
  switch (event.kind) {
    case ChainEvent::Kind::kPush:
      return "push " + ItemText(event.item) + " who " + std::to_string(event.item.who) + " to " +
             where;
    case ChainEvent::Kind::kEndPartition:
      return "end " + where;
    case ChainEvent::Kind::kAdvance:
      return "advance " + std::to_string(event.by) + " us, run";
    case ChainEvent::Kind::kRun:
      return "run";
    case ChainEvent::Kind::kCommit:
      return "run, commit";
    case ChainEvent::Kind::kCrash:
      return "crash; resume" + resume + ", run";
    case ChainEvent::Kind::kEnd:
      return "run, end of input, commit; resume" + resume + ", run";
  }
  return "";
}

}  // namespace

std::string ItemText(const ChainItem& item) {
  return std::to_string(item.number) + "@" + std::to_string(item.at) + item.text;
}

std::string ResultText(int64_t open, int64_t close, const std::string& value) {
  return std::to_string(open) + ".." + std::to_string(close) + " " + value;
}

std::string CollectedText(std::vector<std::string> texts) {
  std::sort(texts.begin(), texts.end());
  std::string all = "[";
  for (const std::string& text : texts) all += (all == "[" ? "" : " ") + text;
  return all + "]";
}

int64_t TimeFor(ChainTime time, const ChainResult& result) {
  switch (time) {
    case ChainTime::kClose:
      return result.close;
    case ChainTime::kBeforeClose:
      return result.close - 1;
    case ChainTime::kOpen:
      return result.open;
    case ChainTime::kMiddle:
      return result.open + (result.close - result.open) / 2;
  }
  return result.close;
}

std::string Describe(const ChainScript& script) {
  std::string text;
  for (size_t i = 0; i < script.steps.size(); ++i) {
    text += "  step " + std::to_string(i) + ": " + StepText(script.steps[i]) + "\n";
  }
  text += "  workers " + std::to_string(script.workers) + ", batch_items_max " +
          std::to_string(script.batch_items_max) + ", channel_batches_max " +
          std::to_string(script.channel_batches_max) + (script.on_disk ? ", state directory" : "") +
          (script.stepwise ? ", stepwise" : "") + "\n";
  for (const ChainEvent& event : script.events) text += "  " + EventText(event) + "\n";
  return text;
}

std::optional<std::string> CompareChains(const ChainScript& script, const ChainFactory& other) {
  const std::unique_ptr<ChainPlayer> model = NewChainModel(script);
  const std::unique_ptr<ChainPlayer> real = other(script);
  const bool one_worker = AlwaysOneWorker(script);
  const std::vector<ChainEvent> events = Played(script);
  for (size_t i = 0; i < events.size(); ++i) {
    const ChainEvent& event = events[i];
    model->Play(event);
    if (!model->is_defined()) return std::nullopt;
    real->Play(event);
    if (event.kind == ChainEvent::Kind::kPush || event.kind == ChainEvent::Kind::kEndPartition) {
      continue;
    }
    const std::string where =
        "after event " + std::to_string(i + 1) + " (" + EventText(event) + ") step ";
    const std::vector<ChainRows> expected = model->rows(), actual = real->rows();
    for (size_t step = 0; step < expected.size(); ++step) {
      const ChainRows wanted = Comparable(expected[step], one_worker);
      const ChainRows got = Comparable(actual.at(step), one_worker);
      if (wanted == got) continue;
      return where + std::to_string(step) + "\n    expected results\n" + Text(wanted.results) +
             "    actual results\n" + Text(got.results) + "    expected late\n" +
             Text(wanted.late) + "    actual late\n" + Text(got.late);
    }
    if (event.kind != ChainEvent::Kind::kCommit) continue;
    const std::vector<uint64_t> ledger = real->late_rows();
    for (size_t step = 0; step < ledger.size(); ++step) {
      if (ledger[step] == expected[step].late.size()) continue;
      return where + std::to_string(step) + " counts " + std::to_string(ledger[step]) +
             " late rows instead of " + std::to_string(expected[step].late.size()) + "\n";
    }
  }
  return std::nullopt;
}

ChainScript ShrinkChain(ChainScript script, const std::function<bool(const ChainScript&)>& fails) {
  const auto take_if_failing = [&](const ChainScript& simpler) {
    if (!fails(simpler)) return false;
    script = simpler;
    return true;
  };
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (size_t piece = std::max<size_t>(1, script.events.size() / 2); piece > 0; piece /= 2) {
      for (size_t at = 0; at + piece <= script.events.size();) {
        ChainScript simpler = script;
        const auto from = simpler.events.begin() + static_cast<std::ptrdiff_t>(at);
        simpler.events.erase(from, from + static_cast<std::ptrdiff_t>(piece));
        if (take_if_failing(simpler)) {
          smaller = true;
        } else {
          ++at;
        }
      }
    }
  }
  const auto simplify = [&](const auto& change) {
    ChainScript simpler = script;
    change(simpler);
    take_if_failing(simpler);
  };
  simplify([](ChainScript& s) { s.on_disk = false; });
  simplify([](ChainScript& s) { s.batch_items_max = 1; });
  for (const int workers : {1, 2}) {
    simplify([&](ChainScript& s) {
      s.workers = workers;
      for (ChainEvent& event : s.events) event.workers = workers;
    });
  }
  for (size_t step = 0; step < script.steps.size(); ++step) {
    simplify([&](ChainScript& s) { s.steps[step].between = Between::kNothing; });
    simplify([&](ChainScript& s) { s.steps[step].fold = ChainFold::kCount; });
    simplify([&](ChainScript& s) { s.steps[step].order = ValueOrder::kArrival; });
    simplify([&](ChainScript& s) { s.steps[step].keys = 1; });
  }
  return script;
}

}  // namespace tidemark::oracle
