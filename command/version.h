// The version of Tidemark, as `--version` prints it. The version of what is on disk is another one
// (kFormatVersion in proto/epoch_record.h).
#pragma once

namespace tidemark {

inline constexpr char kVersion[] = "0.9.0";

}  // namespace tidemark
