// InstallLastWords: one line from a process that ends by an exception which nobody caught, above
// all because memory ran out.
//
//   int main() { InstallLastWords(); … }
//
// Memory that cannot be had is not an error that a step could handle: half of a batch may have been
// changed, and neither RocksDB nor a hash table is written to be left by an exception. So nothing
// of ours catches std::bad_alloc: the process ends at once, with exit code 1, as if it had been
// killed, and what it had committed is what the next start finds. The same holds for a thread that
// RocksDB cannot start; those of our own are the runner's business. Any other exception that nobody
// caught is a bug of ours: it is named, and the process aborts.
#pragma once

namespace tidemark {

void InstallLastWords();

}  // namespace tidemark
