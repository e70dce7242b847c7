// SetUpProcess: what a process settles before it opens its first file.
//
//   int main(int argc, char** argv) { SetUpProcess(); … }
//
// - Descriptors 0, 1 and 2 are open. Where a parent closed one (`job >&-`), the next file that is
//   opened would get its number, and what is printed would land in it: a status line in the job's
//   output, a row in the state's LOCK. A placeholder takes the number instead. It cannot be read
//   (0) or written (1), so a source or sink that stands for it fails, and says so; what would go to
//   a closed 2 is dropped.
// - SIGXFSZ is ignored: a file that would exceed the limit (`ulimit -f`) is an error of write().
// - SIGUSR1 is ignored until a run handles it, and after: it asks for a snapshot, and must not end
//   a process that has none to give at that instant.
// - An exception that nobody caught has its last words (base/last_words.h).
#pragma once

namespace tidemark {

// Call it first in main(), from the only thread.
void SetUpProcess();

}  // namespace tidemark
