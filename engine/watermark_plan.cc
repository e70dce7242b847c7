#include "engine/watermark_plan.h"

#include <algorithm>
#include <optional>
#include <string>

#include "base/status.h"

namespace tidemark {
namespace {

// What comes out of a step.
struct Carried {
  enum class Kind {
    kRaw,    // from sources, through stateless steps: a watermark can still be measured
    kDealt,  // the same, but some step has dealt the items out to workers
    kStream,
    kMixed,  // of several of these
    kNone,   // behind a step that hands none on
  };
  Kind kind = Kind::kRaw;
  int because_of = -1;  // the step that is why
};

bool IsPerKeyWindow(const StepPlan& step) { return step.clock == ClockScope::kPerKey; }
bool IsWindow(const StepPlan& step) { return step.clock != ClockScope::kNone; }

class WatermarkPlanner {
 public:
  explicit WatermarkPlanner(Plan& plan)
      : plan_(plan), out_(plan.steps.size()), late_(plan.steps.size()) {}

  absl::Status Run() {
    for (size_t s = 0; s < plan_.steps.size(); ++s) {
      const Carried in = Into(static_cast<int>(s));
      StepPlan& step = plan_.steps[s];
      late_[s] = GetsLateItemsOnly(static_cast<int>(s));
      step.is_for_late = late_[s] && step.role == StepPlan::Role::kSink;
      TM_RETURN_IF_ERROR(CheckEndOfInput(static_cast<int>(s)));
      if (step.make_watermark) {
        TM_RETURN_IF_ERROR(CheckFollower(step, in));
        step.handed_on = in.kind == Carried::Kind::kStream;
        out_[s] = {.kind = Carried::Kind::kStream, .because_of = static_cast<int>(s)};
        continue;
      }
      if (IsPerKeyWindow(step)) TM_RETURN_IF_ERROR(CheckPerKey(static_cast<int>(s), in));
      out_[s] = OutOf(static_cast<int>(s), in);
      step.handed_on = in.kind == Carried::Kind::kStream && out_[s].kind == in.kind &&
                       step.clock != ClockScope::kPerStream;
      step.hands_on = out_[s].kind == Carried::Kind::kStream;
    }
    return absl::OkStatus();
  }

 private:
  static constexpr int kLatePort = 1;

  static bool IsMeasured(const Carried& in) {
    return in.kind == Carried::Kind::kRaw || in.kind == Carried::Kind::kDealt;
  }
  StepPlan& At(int step) { return plan_.steps[static_cast<size_t>(step)]; }
  std::string Word(int step) { return StepWord(At(step)); }

  Carried Along(const EdgePlan& edge) {
    Carried carried = out_[static_cast<size_t>(edge.from)];
    if (IsWindow(At(edge.from)) && edge.port == kLatePort) {
      return {.kind = Carried::Kind::kNone, .because_of = edge.from};
    }
    if (carried.kind == Carried::Kind::kRaw && edge.exchange != EdgePlan::Exchange::kNone) {
      return {.kind = Carried::Kind::kDealt, .because_of = edge.to};
    }
    return carried;
  }

  Carried Into(int step) {
    std::optional<Carried> all;
    for (const EdgePlan& edge : plan_.edges) {
      if (edge.to != step) continue;
      const Carried one = Along(edge);
      if (!all) {
        all = one;
      } else if (one.kind == Carried::Kind::kNone || all->kind == Carried::Kind::kNone) {
        if (one.kind == Carried::Kind::kNone) all = one;
      } else if (IsMeasured(one) && IsMeasured(*all)) {
        if (one.kind == Carried::Kind::kDealt) all = one;
      } else if (all->kind != one.kind) {
        all = {.kind = Carried::Kind::kMixed, .because_of = step};
      }
    }
    return all.value_or(Carried());
  }

  Carried OutOf(int step, const Carried& in) {
    const StepPlan& plan = At(step);
    switch (plan.role) {
      case StepPlan::Role::kSource:
        return {.kind = Carried::Kind::kRaw, .because_of = step};
      case StepPlan::Role::kStateless:
        return in;
      case StepPlan::Role::kSink:
        return {.kind = Carried::Kind::kNone, .because_of = step};
      case StepPlan::Role::kStateful:
        break;
    }
    if (plan.clock == ClockScope::kPerStream) {
      return {.kind = Carried::Kind::kStream, .because_of = step};
    }
    if (plan.passes_watermark && in.kind != Carried::Kind::kRaw) return in;
    return {.kind = Carried::Kind::kNone, .because_of = step};
  }

  // A windowed step that follows the watermark of a stream.
  absl::Status CheckFollower(const StepPlan& step, const Carried& in) {
    const std::string who = Cat("step '", step.name, "': ");
    switch (in.kind) {
      case Carried::Kind::kRaw:
      case Carried::Kind::kStream:
        return absl::OkStatus();
      case Carried::Kind::kDealt:
        return absl::InvalidArgumentError(
            Cat(who, "the watermark of a stream is measured in the partitions of its source, and ",
                Word(in.because_of), " before it deals items out to workers; declare the event ",
                "time before that step, or use a watermark per key"));
      case Carried::Kind::kMixed:
        return absl::InvalidArgumentError(
            Cat(who, "rows of windows and rows of a source meet before it, and no watermark holds ",
                "for both; put the source's rows through a window with watermark: per_stream "
                "first, or use two steps"));
      case Carried::Kind::kNone:
        break;
    }
    if (IsPerKeyWindow(At(in.because_of))) {
      return absl::InvalidArgumentError(Cat(who, "the windows of ", Word(in.because_of),
                                            " before it have a watermark per key, so there is ",
                                            "none for the whole stream; give ", Word(in.because_of),
                                            " watermark: per_stream"));
    }
    return absl::InvalidArgumentError(
        Cat(who, "watermark: per_stream has nothing to follow, since ",
            IsWindow(At(in.because_of)) ? "the late or system-time rows of " : "",
            Word(in.because_of), " before it hands no watermark on; use watermark: per_key"));
  }

  absl::Status CheckPerKey(int step, const Carried& in) {
    const std::string who = Cat(Word(step), ": ");
    if (in.kind == Carried::Kind::kStream) {
      return absl::InvalidArgumentError(Cat(
          who, "watermark: per_key cannot follow windows with watermark: per_stream, since one ",
          "key's results say nothing about the time of the stream; leave `watermark` out or ",
          "say per_stream"));
    }
    if (const int other = PerKeyWindowUnderAnotherKey(step); other >= 0) {
      return absl::InvalidArgumentError(
          Cat(who, "its rows come from the windows of ", Word(other), " under another key, whose ",
              "watermark per key says nothing about the times of other keys, so rows would be ",
              "lost; give ", Word(other), " watermark: per_stream"));
    }
    return absl::OkStatus();
  }

  // A window with a watermark per key in front of `step`, with a change of key between; -1: none.
  int PerKeyWindowUnderAnotherKey(int step) {
    std::vector<bool> same(plan_.steps.size()), other(plan_.steps.size());
    same[static_cast<size_t>(step)] = true;
    for (int s = step; s >= 0; --s) {
      const bool changes = At(s).role == StepPlan::Role::kStateless && !At(s).keeps_key;
      for (const EdgePlan& edge : plan_.edges) {
        if (edge.to != s || (IsWindow(At(edge.from)) && edge.port == kLatePort)) continue;
        const auto from = static_cast<size_t>(edge.from);
        if (other[static_cast<size_t>(s)] || (same[static_cast<size_t>(s)] && changes)) {
          other[from] = true;
          if (IsPerKeyWindow(plan_.steps[from])) return edge.from;
        } else if (same[static_cast<size_t>(s)]) {
          same[from] = true;
        }
      }
    }
    return -1;
  }

  // What is left open would be missing in what is closed behind it.
  absl::Status CheckEndOfInput(int step) {
    if (!IsWindow(At(step)) || At(step).keeps_at_eof) return absl::OkStatus();
    std::vector<bool> behind(plan_.steps.size());
    behind[static_cast<size_t>(step)] = true;
    for (int s = step; s >= 0; --s) {
      if (!behind[static_cast<size_t>(s)]) continue;
      if (At(s).keeps_at_eof) {
        return absl::InvalidArgumentError(
            Cat(Word(step), ": at_eof: close cannot follow ", Word(s), " with at_eof: keep, since ",
                "it would miss what that keeps; give it at_eof: keep as well"));
      }
      for (const EdgePlan& edge : plan_.edges) {
        if (edge.to == s) behind[static_cast<size_t>(edge.from)] = true;
      }
    }
    return absl::OkStatus();
  }

  // By way of stateless steps from the late ports of windows.
  bool GetsLateItemsOnly(int step) {
    bool any = false;
    for (const EdgePlan& edge : plan_.edges) {
      if (edge.to != step) continue;
      const StepPlan& from = At(edge.from);
      const bool late =
          (IsWindow(from) && edge.port == kLatePort) ||
          (from.role == StepPlan::Role::kStateless && late_[static_cast<size_t>(edge.from)]);
      if (!late) return false;
      any = true;
    }
    return any;
  }

  Plan& plan_;
  std::vector<Carried> out_;
  std::vector<bool> late_;  // by step
};

}  // namespace

absl::Status PlanWatermarks(Plan& plan) { return WatermarkPlanner(plan).Run(); }

bool HandsOn(const Plan& plan, const EdgePlan& edge) {
  const StepPlan& from = plan.steps[static_cast<size_t>(edge.from)];
  return from.hands_on && !(from.clock != ClockScope::kNone && edge.port == 1);
}

std::vector<int> SourcesInFrontOf(const Plan& plan, int step) {
  std::vector<bool> before(plan.steps.size(), false);
  before[static_cast<size_t>(step)] = true;
  std::vector<int> sources;
  for (int s = step; s >= 0; --s) {
    if (!before[static_cast<size_t>(s)]) continue;
    if (plan.steps[static_cast<size_t>(s)].role == StepPlan::Role::kSource) sources.push_back(s);
    for (const EdgePlan& edge : plan.edges) {
      if (edge.to == s) before[static_cast<size_t>(edge.from)] = true;
    }
  }
  std::reverse(sources.begin(), sources.end());
  return sources;
}

}  // namespace tidemark
