// ReadToEnd: a text that may come from a file, a pipe, a terminal or standard input.
//
//   ReadToEnd("job.yaml", 4 << 20);
//   ReadToEnd("/dev/fd/63", 4 << 20);   // tidemark run <(sed … job.yaml)
//   ReadToEnd("-", 4 << 20);            // standard input
//
// Files (base/files.h) are read at offsets and know their size; streams have neither. So this reads
// on until nothing more comes, or more than `bytes_max` have, which is an error.
#pragma once

#include <cstddef>
#include <string>

#include "absl/status/statusor.h"

namespace tidemark {

inline constexpr char kStandardInput[] = "-";

absl::StatusOr<std::string> ReadToEnd(const std::string& path, size_t bytes_max);

}  // namespace tidemark
