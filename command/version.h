// The version of Tidemark, as `--version` prints it. The on-disk format has its own version
// (kFormatVersion in proto/epoch_record.h).
#pragma once

namespace tidemark {

inline constexpr char kVersion[] = "0.9.0";

}  // namespace tidemark
