// TimeUnit: what a field of a row counts, or how it writes a time.
#pragma once

#include <string_view>

namespace tidemark {

enum class TimeUnit { kSeconds, kMillis, kMicros, kNanos, kIso8601 };

// As a job file has it: "ms".
inline std::string_view NameOf(TimeUnit unit) {
  static constexpr std::string_view kNames[] = {"s", "ms", "us", "ns", "iso8601"};
  return kNames[static_cast<int>(unit)];
}

}  // namespace tidemark
