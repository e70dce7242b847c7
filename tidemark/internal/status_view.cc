#include "tidemark/internal/status_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "base/status.h"

namespace tidemark::internal {

StatusView::Style StatusView::StyleFor(bool quiet) {
  if (quiet) return Style::kQuiet;
  return isatty(STDERR_FILENO) != 0 ? Style::kTerminal : Style::kLines;
}

void StatusView::ClearLine() {
  if (line_shown_) std::fputs("\r\x1b[K", stderr);
  line_shown_ = false;
}

void StatusView::Say(const std::string& line) {
  if (style_ != Style::kQuiet) SayAlways(line);
}

void StatusView::SayAlways(const std::string& line) {
  absl::MutexLock lock(&mutex_);
  ClearLine();
  std::fprintf(stderr, "tidemark: %s\n", line.c_str());
  std::fflush(stderr);
}

void StatusView::Show(const Numbers& numbers) {
  if (style_ != Style::kTerminal) return;
  absl::MutexLock lock(&mutex_);
  const int64_t now = MonotonicMicros();
  const double seconds = last_us_ < 0 ? 0 : static_cast<double>(now - last_us_) / 1e6;
  const auto rate = [&](uint64_t a, uint64_t b) {
    return seconds <= 0 ? uint64_t{0}
                        : static_cast<uint64_t>(static_cast<double>(b - a) / seconds + 0.5);
  };
  std::string line =
      Cat("in ", FormatCount(rate(last_.items_in, numbers.items_in)), "/s   out ",
          FormatCount(rate(last_.items_out, numbers.items_out)), "/s   epoch ", numbers.epoch);
  if (keeps_state_) {
    line +=
        Cat("   keys ", FormatCount(numbers.keys), "   state ", FormatBytes(numbers.state_bytes));
  }
  if (numbers.skipped > 0) line += Cat("   skipped ", FormatCount(numbers.skipped));
  line += absl::StrFormat("   lag %.1f s", static_cast<double>(numbers.lag_us) / 1e6);
  // A line that wraps could not be written over.
  winsize window{};
  if (ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1 &&
      line.size() >= window.ws_col) {
    line.resize(window.ws_col - 1u);
  }
  std::fprintf(stderr, "\r\x1b[K%s", line.c_str());
  std::fflush(stderr);
  line_shown_ = true;
  last_ = numbers;
  last_us_ = now;
}

}  // namespace tidemark::internal
