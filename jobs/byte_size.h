// ParseByteSize: an amount of memory as people write it.
//
//   ParseByteSize("512MiB");   // 536870912
//   ParseByteSize("2GB");      // 2000000000
#pragma once

#include <cstdint>
#include <string_view>

#include "absl/status/statusor.h"

namespace tidemark {

// A whole number and a unit, with or without a space between them: B, KiB, MiB, GiB, TiB (powers of
// 1024), kB, MB, GB, TB (powers of 1000). A number alone is bytes.
absl::StatusOr<uint64_t> ParseByteSize(std::string_view text);

}  // namespace tidemark
