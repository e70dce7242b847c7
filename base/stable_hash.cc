#include "base/stable_hash.h"

#include <xxhash.h>

namespace tidemark {

uint64_t StableHash(std::string_view bytes) { return XXH3_64bits(bytes.data(), bytes.size()); }

}  // namespace tidemark
