#include "tests/oracle/script.h"

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

std::string RowsText(const Rows& rows) {
  return "    results\n" + Text(rows.results) + "    late\n" + Text(rows.late) + "    metadata\n" +
         Text(rows.metadata);
}

std::vector<Row> Since(const std::vector<Row>& rows, size_t before, bool ordered) {
  std::vector<Row> fresh(rows.begin() + static_cast<std::ptrdiff_t>(std::min(before, rows.size())),
                         rows.end());
  if (!ordered) {
    std::stable_sort(fresh.begin(), fresh.end(),
                     [](const Row& a, const Row& b) { return a.key < b.key; });
  }
  return fresh;
}

Rows Since(const Rows& rows, const RowCounts& before, bool ordered) {
  return {Since(rows.results, before.results, ordered), Since(rows.late, before.late, ordered),
          Since(rows.metadata, before.metadata, ordered)};
}

// --- Describing

std::string DurationText(int64_t us) { return us == kForever ? "inf" : std::to_string(us); }

std::string JoinText(const JoinSpec& join) {
  const char* inserts[] = {"first", "last", "product"};
  const char* emits[] = {"complete", "running", "final"};
  return "sides " + std::to_string(join.sides) + ", insert " +
         inserts[static_cast<int>(join.insert)] + ", emit " + emits[static_cast<int>(join.emit)];
}

std::string StepText(const StepSpec& step) {
  const std::string typed = step.typed_join ? ", typed" : "";
  if (step.kind == StepKind::kJoin) return "join " + JoinText(step.join) + typed;
  if (step.kind == StepKind::kBatch) {
    return "batch max_items " + std::to_string(step.batch.max_items) + ", max_wait " +
           DurationText(step.batch.max_wait) + ", idle_timeout " +
           DurationText(step.batch.idle_timeout);
  }
  const WindowSpec& w = step.window;
  std::string text = w.clock == ClockKind::kSystem ? "system time"
                     : w.clock == ClockKind::kStream
                         ? "event time per stream, bound " + DurationText(w.bound)
                         : "event time, bound " + DurationText(w.bound);
  if (w.windows == WindowKind::kSession) {
    text += "; session gap " + DurationText(w.gap);
  } else {
    text += "; length " + DurationText(w.length);
    if (w.windows == WindowKind::kSliding) text += ", offset " + DurationText(w.offset);
    text += ", align_to " + std::to_string(w.align_to);
  }
  text += w.late_when == LateWhen::kWindowClosed ? "; kWindowClosed" : "; kBehindWatermark";
  text += w.order == ValueOrder::kTimestamp ? ", kTimestamp" : ", kArrival";
  text += ", keep_watermark_for " + DurationText(w.keep_watermark_for);
  text += w.at_eof == AtEof::kKeep ? ", at_eof keep" : "";
  const char* folds[] = {
      "collect",          "count", "reduce", "fold", "max", "min", "join", "reduce in any order",
      "fold in any order"};
  text += std::string("; ") + folds[static_cast<int>(w.fold)];
  if (w.fold == FoldKind::kJoin) text += " " + JoinText(w.join);
  return text + typed;
}

std::string EventText(const Event& event) {
  const std::string resume =
      " " + std::to_string(event.by) + " us later, workers " + std::to_string(event.workers);
  switch (event.kind) {
    case Event::Kind::kPush:
      return "push " + event.item.value + " key " + event.item.key + " at " +
             std::to_string(event.item.at) + " side " + std::to_string(event.item.side);
    case Event::Kind::kAdvance:
      return "advance " + std::to_string(event.by) + " us, run";
    case Event::Kind::kRun:
      return "run";
    case Event::Kind::kCommit:
      return "run, commit";
    case Event::Kind::kCrash:
      return "crash; resume" + resume + ", run";
    case Event::Kind::kEnd:
      return "run, end of input, commit; resume" + resume + ", run";
  }
  return "";
}

}  // namespace

std::string Describe(const Script& script) {
  std::string text =
      "  " + StepText(script.step) + "\n  workers " + std::to_string(script.workers) +
      ", batch_items_max " + std::to_string(script.batch_items_max) +
      (script.tiny_memory ? ", tiny memory" : "") + (script.on_disk ? ", state directory" : "") +
      ", clock starts at " + std::to_string(script.start) + "\n";
  for (const Event& event : script.events) text += "  " + EventText(event) + "\n";
  return text;
}

std::optional<std::string> Compare(const Script& script, const EngineFactory& engine) {
  const std::unique_ptr<ModelPlayer> model = NewModelPlayer(script);
  const std::unique_ptr<EnginePlayer> real = engine(script);
  int workers = script.workers;
  for (size_t i = 0; i < script.events.size(); ++i) {
    const Event& event = script.events[i];
    model->Play(event);
    real->Play(event);
    if (event.kind == Event::Kind::kPush) continue;
    // At an end of input the rows come before the resume.
    const bool ordered = workers == 1 && model->order_is_defined();
    if (event.kind == Event::Kind::kCrash || event.kind == Event::Kind::kEnd) {
      workers = event.workers;
    }
    Rows expected = Since(model->rows(), model->before(), ordered && workers == 1);
    if (IsTypedJoinWindow(script.step)) expected.metadata.clear();
    const Rows actual = Since(real->rows(), model->before(), ordered && workers == 1);
    if (expected != actual) {
      return "after event " + std::to_string(i + 1) + " (" + EventText(event) + ")\n  expected\n" +
             RowsText(expected) + "  actual\n" + RowsText(actual);
    }
    if (event.kind == Event::Kind::kCommit && real->late_rows() != model->rows().late.size()) {
      return "after event " + std::to_string(i + 1) + " the ledger has " +
             std::to_string(real->late_rows()) + " late rows instead of " +
             std::to_string(model->rows().late.size()) + "\n";
    }
    if (event.kind == Event::Kind::kCommit && model->empty() && !real->empty()) {
      return "after event " + std::to_string(i + 1) + " a key has left something in the store\n";
    }
  }
  return std::nullopt;
}

Script Shrink(Script script, const std::function<bool(const Script&)>& fails) {
  const auto take_if_failing = [&](const Script& simpler) {
    if (!fails(simpler)) return false;
    script = simpler;
    return true;
  };
  bool smaller = true;
  while (smaller) {
    smaller = false;
    for (size_t piece = std::max<size_t>(1, script.events.size() / 2); piece > 0; piece /= 2) {
      for (size_t at = 0; at + piece <= script.events.size();) {
        Script simpler = script;
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
  const auto simplify = [&](auto change) {
    Script simpler = script;
    change(simpler);
    take_if_failing(simpler);
  };
  simplify([](Script& s) { s.on_disk = false; });
  simplify([](Script& s) { s.tiny_memory = false; });
  simplify([](Script& s) { s.batch_items_max = 1; });
  simplify([](Script& s) { s.step.typed_join = false; });
  simplify([](Script& s) {
    s.workers = 1;
    for (Event& event : s.events) event.workers = 1;
  });
  simplify([](Script& s) { s.step.window.fold = FoldKind::kCollect; });
  simplify([](Script& s) { s.step.window.order = ValueOrder::kArrival; });
  simplify([](Script& s) { s.step.window.late_when = LateWhen::kWindowClosed; });
  simplify([](Script& s) { s.step.window.keep_watermark_for = kForever; });
  simplify([](Script& s) {
    for (Event& event : s.events) event.item.key = "a";
  });
  return script;
}

}  // namespace tidemark::oracle
