// StableHash: a 64-bit hash (XXH3) that is the same in every process, on every machine and in every
// version. Whatever is stored or partitioned by a hash uses this one; std::hash and absl::Hash
// change from run to run and serve tables in memory only.
#pragma once

#include <cstdint>
#include <string_view>

namespace tidemark {

uint64_t StableHash(std::string_view bytes);

}  // namespace tidemark
