#include "engine/windowing/sliding.h"

#include <algorithm>

#include "base/status.h"

namespace tidemark {
namespace {

// Wide enough for any id times any offset.
using Wide = __int128;

// Bounds the work of one item.
constexpr int64_t kWindowsPerItemMax = 1'000'000;

// For positive b.
template <class Int>
Int FloorOf(Int a, Int b) {
  const Int quotient = a / b;
  return a % b < 0 ? quotient - 1 : quotient;
}

// Several for each item: a division of 128 bits is a call, one of 64 bits an instruction, and only
// lengths of millennia need the first.
int64_t FloorDivide(Wide a, int64_t b) {
  const auto narrow = static_cast<int64_t>(a);
  return narrow == a ? FloorOf(narrow, b) : static_cast<int64_t>(FloorOf(a, Wide{b}));
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

int64_t SlidingWindower::FirstWindowOf(Timestamp item) const { return LastClosed(item) + 1; }

int64_t SlidingWindower::LastWindowOf(Timestamp item) const {
  return FloorDivide(Wide{item.us} - align_to.us, offset.us);
}

int64_t SlidingWindower::LastClosed(Timestamp watermark) const {
  if (watermark.is_never()) return std::numeric_limits<int64_t>::max();
  return FloorDivide(Wide{watermark.us} - align_to.us - length.us, offset.us);
}

void SlidingWindower::WindowsOf(Timestamp item, std::vector<int64_t>& ids) const {
  const int64_t last = LastWindowOf(item);
  for (int64_t id = FirstWindowOf(item); id <= last; ++id) ids.push_back(id);
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
  const int64_t last = std::min(LastWindowOf(item), LastClosed(watermark));
  for (int64_t id = FirstWindowOf(item); id <= last; ++id) ids.push_back(id);
}

void SlidingWindower::OpenFor(State& state, Timestamp item, Timestamp watermark,
                              std::vector<int64_t>& ids, std::vector<WindowMerge>&) const {
  WindowsOf(item, ids);
  std::erase_if(ids, [&](int64_t id) { return ClosedAt(id, watermark); });
  for (const int64_t id : ids) state.open.Insert(id);
}

void SlidingWindower::CloseFor(State& state, Timestamp watermark,
                               std::vector<ClosedWindow>& closed) const {
  while (!state.open.empty() && ClosedAt(state.open.first(), watermark)) {
    const int64_t id = state.open.first();
    closed.push_back(Look(state, id));
    state.open.Erase(id);
  }
}

Timestamp SlidingWindower::NextClose(const State& state) const {
  if (state.open.empty() || !ClosedAt(state.open.first(), Timestamp::Max())) {
    return Timestamp::Never();
  }
  return CloseOf(state.open.first());
}

Timestamp SlidingWindower::LastClose(const State& state) const {
  return state.open.empty() ? Timestamp::Min() : CloseOf(state.open.last());
}

ClosedWindow SlidingWindower::Look(const State&, int64_t id) const {
  return {.id = id, .open = OpenOf(id), .close = CloseOf(id), .merged_ids = {}};
}

// ---- panes ----------------------------------------

// With two panes for each offset the first one, of length % offset, still belongs to the window
// that closes within it.
int64_t SlidingWindower::PaneOf(Timestamp item) const {
  const int64_t window = LastWindowOf(item);
  if (PanesPerOffset() == 1) return window;
  const Wide since = Wide{item.us} - align_to.us - Wide{window} * offset.us;
  return 2 * window + (since < length.us % offset.us ? 0 : 1);
}

// A pane ends where the next one begins.
Timestamp SlidingWindower::PaneOpen(int64_t pane) const {
  const auto window = FloorDivide(pane, PanesPerOffset());
  const bool second = PanesPerOffset() == 2 && pane != 2 * window;
  return Clamp(Wide{align_to.us} + Wide{window} * offset.us + (second ? length.us % offset.us : 0));
}

int64_t SlidingWindower::FirstPaneOf(int64_t window) const { return PanesPerOffset() * window; }

int64_t SlidingWindower::LastPaneOf(int64_t window) const {
  const int64_t offsets = length.us / offset.us;
  return PanesPerOffset() == 1 ? window + offsets - 1 : 2 * (window + offsets);
}

int64_t SlidingWindower::FirstWindowOfPane(int64_t pane) const {
  const int64_t offsets = length.us / offset.us;
  if (PanesPerOffset() == 1) return pane - offsets + 1;
  const auto last = FloorDivide(pane, 2);
  return pane == 2 * last ? last - offsets : last - offsets + 1;
}

int64_t SlidingWindower::LastWindowOfPane(int64_t pane) const {
  return FloorDivide(pane, PanesPerOffset());
}

}  // namespace tidemark
