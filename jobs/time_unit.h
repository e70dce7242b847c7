// TimeUnit: what a field of a row counts, or how it writes a time.
#pragma once

namespace tidemark {

enum class TimeUnit { kSeconds, kMillis, kMicros, kNanos, kIso8601 };

}  // namespace tidemark
