// The page cache of the operating system, for measurements of a cold start.
#pragma once

#include <string>

namespace tidemark::bench {

// Makes the files of `directory` durable and asks the system to forget what it holds of them in
// memory. A wish: what somebody else uses stays.
void DropFromPageCache(const std::string& directory);

}  // namespace tidemark::bench
