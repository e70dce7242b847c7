// What ThreadSanitizer shall not report, compiled in: a file would need a path that also holds in
// the working directory of a process that a test starts.
//
// RocksDB, librdkafka and libstdc++ are Debian's and not instrumented. TSAN sees their mutexes,
// memcpy and malloc, but not the atomics that order them, so what is passed between threads inside
// of them looks like a race. Every line matches a frame of either stack; keep a line as narrow as
// the alarm it silences.

extern "C" const char* __tsan_default_suppressions() {
  return
      // RocksDB's own threads, and its write group, where one caller writes the batches of others.
      "race:librocksdb.so\n"
      "mutex:librocksdb.so\n"
      "deadlock:librocksdb.so\n"
      "thread:librocksdb.so\n"
      // librdkafka's own threads.
      "race:librdkafka.so\n"
      "mutex:librdkafka.so\n"
      "deadlock:librdkafka.so\n"
      "thread:librdkafka.so\n"
      // A block is allocated by one of RocksDB's threads and read through a Slice by one of ours:
      // malloc counts as a write, and no frame between it and the start of the thread is known. A
      // race of our own has a later write than the allocation, or none that matters.
      "race:^operator new(unsigned long)\n"
      // Out-of-line string growth, called by RocksDB without a frame of RocksDB's.
      "race:std::__cxx11::basic_string<char, *>::_M_mutate\n"
      "race:std::__cxx11::basic_string<char, *>::_M_append\n"
      "race:std::__cxx11::basic_string<char, *>::_M_replace\n"
      "race:std::__cxx11::basic_string<char, *>::_M_assign\n"
      // Whoever releases an absl::Mutex evaluates the conditions of those who wait, inside the
      // library.
      "race:absl::*::Condition::CastAndCall\n";
}
