// Quantities as people write and read them: "512MiB", "1,707", "30.1 KiB".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidemark {

// "64", "64KiB", "1.5GiB", "200MB" (KB, MB, GB are powers of 1000).
absl::StatusOr<uint64_t> ParseBytes(std::string_view text);
// "17 B", "30.1 KiB".
std::string FormatBytes(uint64_t bytes);
// "1,234,567".
std::string FormatCount(uint64_t count);

}  // namespace tidemark
