#include "engine/windowing/sliding.h"

#include "base/status.h"

namespace tidemark {
namespace {

// Wide enough for any id times any offset.
using Wide = __int128;

// Bounds the work of one item.
constexpr int64_t kWindowsPerItemMax = 1'000'000;

Wide FloorDivide(Wide a, Wide b) {
  const Wide quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

// Edges beyond the range of time are shown at its end; nothing can lie behind them.
Timestamp Clamp(Wide us) {
  if (us < Timestamp::kMinMicros) return Timestamp::Min();
  if (us > Timestamp::kMaxMicros) return Timestamp::Max();
  return {static_cast<int64_t>(us)};
}

}  // namespace

absl::Status SlidingWindower::Check() const {
  if (length.us <= 0 || length.is_infinite()) {
    return absl::InvalidArgumentError(
        Cat("length must be longer than zero and finite, not ", FormatSpan(length)));
  }
  if (offset.us <= 0) {
    return absl::InvalidArgumentError(
        Cat("offset must be longer than zero, not ", FormatSpan(offset)));
  }
  if (offset > length) {
    return absl::InvalidArgumentError(Cat("offset (", FormatSpan(offset),
                                          ") must not be longer than length (", FormatSpan(length),
                                          "): items between two windows would be lost"));
  }
  if (length.us / offset.us > kWindowsPerItemMax) {
    return absl::InvalidArgumentError(Cat("offset (", FormatSpan(offset), ") puts an item into ",
                                          length.us / offset.us, " windows; at most ",
                                          kWindowsPerItemMax, " are possible"));
  }
  if (!align_to.in_range())
    return absl::InvalidArgumentError("align_to is outside the years 1 to 9999");
  return absl::OkStatus();
}

std::string SlidingWindower::Describe() const {
  const std::string align = Cat(", align_to: ", FormatTimestamp(align_to));
  if (offset == length) return Cat("tumbling: ", FormatSpan(length), align);
  return Cat("sliding: ", FormatSpan(length), ", offset: ", FormatSpan(offset), align);
}

void SlidingWindower::WindowsOf(Timestamp item, std::vector<int64_t>& ids) const {
  const Wide since = Wide{item.us} - align_to.us;
  const auto first = static_cast<int64_t>(FloorDivide(since - length.us, offset.us) + 1);
  const auto last = static_cast<int64_t>(FloorDivide(since, offset.us));
  for (int64_t id = first; id <= last; ++id) ids.push_back(id);
}

// Exact, also where the edge lies behind the end of time: such a window closes with the input only.
bool SlidingWindower::ClosedAt(int64_t id, Timestamp watermark) const {
  if (watermark.is_never()) return true;
  return Wide{align_to.us} + Wide{id} * offset.us + length.us <= watermark.us;
}

Timestamp SlidingWindower::OpenOf(int64_t id) const {
  return Clamp(Wide{align_to.us} + Wide{id} * offset.us);
}

Timestamp SlidingWindower::CloseOf(int64_t id) const {
  return Clamp(Wide{align_to.us} + Wide{id} * offset.us + length.us);
}

void SlidingWindower::LateFor(const State&, Timestamp item, Timestamp watermark,
                              std::vector<int64_t>& ids) const {
  std::vector<int64_t> all;
  WindowsOf(item, all);
  for (const int64_t id : all) {
    if (ClosedAt(id, watermark)) ids.push_back(id);
  }
}

void SlidingWindower::OpenFor(State& state, Timestamp item, Timestamp watermark,
                              std::vector<int64_t>& ids, std::vector<WindowMerge>&) const {
  WindowsOf(item, ids);
  std::erase_if(ids, [&](int64_t id) { return ClosedAt(id, watermark); });
  state.open.insert(ids.begin(), ids.end());
}

void SlidingWindower::CloseFor(State& state, Timestamp watermark,
                               std::vector<ClosedWindow>& closed) const {
  while (!state.open.empty() && ClosedAt(*state.open.begin(), watermark)) {
    closed.push_back(Look(state, *state.open.begin()));
    state.open.erase(state.open.begin());
  }
}

Timestamp SlidingWindower::NextClose(const State& state) const {
  if (state.open.empty() || !ClosedAt(*state.open.begin(), Timestamp::Max())) {
    return Timestamp::Never();
  }
  return CloseOf(*state.open.begin());
}

Timestamp SlidingWindower::LastClose(const State& state) const {
  return state.open.empty() ? Timestamp::Min() : CloseOf(*state.open.rbegin());
}

ClosedWindow SlidingWindower::Look(const State&, int64_t id) const {
  return {.id = id, .open = OpenOf(id), .close = CloseOf(id), .merged_ids = {}};
}

}  // namespace tidemark
