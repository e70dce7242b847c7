#include "command/status_view.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "absl/strings/str_format.h"
#include "base/clock.h"
#include "base/quantity.h"
#include "base/status.h"
#include "command/terminal.h"

namespace tidemark::internal {
namespace {

// From then on the status says that windows wait for a backlog to be read.
constexpr Span kStillShown = Span::Seconds(2);

constexpr size_t kColumnsUnknown = 80;

// A line that wraps could not be written over.
size_t ColumnsOfTerminal() {
  winsize window{};
  const bool known = ioctl(STDERR_FILENO, TIOCGWINSZ, &window) == 0 && window.ws_col > 1;
  return (known ? window.ws_col : kColumnsUnknown) - 1;
}

// "41% of 1.2 GiB, 1m20s left"
std::string ProgressText(const InputProgress& input, const std::optional<Span>& left) {
  // 100 is said when all of it has been read.
  const double part = static_cast<double>(input.bytes_read) / static_cast<double>(input.bytes);
  std::string text = Cat(static_cast<int>(part * 100), "% of ", FormatBytes(input.bytes));
  if (!left) return text;
  constexpr int64_t kSecond = 1'000'000;
  return Cat(text, ", ", FormatSpan(Span::Seconds((left->us + kSecond - 1) / kSecond)), " left");
}

}  // namespace

StatusView::Style StatusView::StyleFor(bool quiet) {
  if (quiet) return Style::kQuiet;
  const char* terminal = std::getenv("TERM");
  const bool is_dumb = terminal == nullptr || std::string_view(terminal) == "dumb";
  return isatty(STDERR_FILENO) != 0 && !is_dumb ? Style::kTerminal : Style::kLines;
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
  PutMessage(line);
}

std::string StatusView::Line(const JobStatus& before, const JobStatus& now, double seconds,
                             bool keeps_state, size_t columns) {
  const auto rate = [&](uint64_t a, uint64_t b) {
    return seconds <= 0 ? uint64_t{0}
                        : static_cast<uint64_t>(static_cast<double>(b - a) / seconds + 0.5);
  };
  std::vector<std::string> parts;
  parts.push_back(Cat("in ", FormatCount(rate(before.items_in, now.items_in)), "/s"));
  parts.push_back(Cat("out ", FormatCount(rate(before.items_out, now.items_out)), "/s"));
  if (now.input.bytes > 0) parts.push_back(ProgressText(now.input, now.input_left));
  if (now.skipped > 0) parts.push_back(Cat("skipped ", FormatCount(now.skipped)));
  if (now.late > 0) parts.push_back(Cat("late ", FormatCount(now.late)));
  if (now.job_time_still >= kStillShown && now.waiting_keys > 0) {
    parts.push_back(Cat("backlog: job time still for ",
                        FormatSpan(Span::Seconds(now.job_time_still.us / 1'000'000)), ", ",
                        FormatCount(now.waiting_keys), " keys wait"));
  }
  const double since_commit = static_cast<double>(now.since_commit.us) / 1e6;
  parts.push_back(absl::StrFormat("since commit %.1f s", since_commit));
  parts.push_back(Cat("epoch ", now.epoch));
  if (keeps_state) {
    parts.push_back(Cat("keys ", FormatCount(now.keys)));
    parts.push_back(Cat("state ", FormatBytes(now.state_bytes)));
  }
  constexpr std::string_view kBetween = "   ";
  std::string line;
  for (const std::string& part : parts) {
    if (!line.empty() && line.size() + kBetween.size() + part.size() > columns) break;
    line += Cat(line.empty() ? std::string_view() : kBetween, part);
  }
  return line.substr(0, columns);
}

void StatusView::Show(const JobStatus& status) {
  if (style_ != Style::kTerminal) return;
  absl::MutexLock lock(&mutex_);
  const int64_t now = MonotonicMicros();
  const double seconds = last_us_ < 0 ? 0 : static_cast<double>(now - last_us_) / 1e6;
  const std::string line = Line(last_, status, seconds, keeps_state_, ColumnsOfTerminal());
  std::fputs(Cat("\r\x1b[K", line).c_str(), stderr);
  line_shown_ = true;
  last_ = status;
  last_us_ = now;
}

}  // namespace tidemark::internal
