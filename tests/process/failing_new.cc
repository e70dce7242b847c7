// A shared object to be loaded in front of a program (LD_PRELOAD): its n-th `new` fails.
//
//   FAIL_NEW=1200     the 1200th allocation of the process throws std::bad_alloc
//   FAIL_NEW=1200+    and so does every one behind it
//   COUNT_NEW=FILE    writes to FILE how many there were, when the process ends by exit()
//
// It counts what all threads ask for, RocksDB's and those of other libraries in C++ too.

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <new>

namespace {

std::atomic<unsigned long> asked{0};

struct Plan {
  unsigned long at = 0;  // 0: none fails
  bool for_ever = false;

  Plan() {
    const char* words = std::getenv("FAIL_NEW");
    if (words == nullptr) return;
    at = std::strtoul(words, nullptr, 10);
    for_ever = std::strchr(words, '+') != nullptr;
  }
};

void* Allocate(std::size_t size, std::size_t alignment) {
  static const Plan plan;  // the first allocation comes before any initialiser of ours
  const unsigned long number = ++asked;
  const bool fails = plan.at != 0 && (plan.for_ever ? number >= plan.at : number == plan.at);
  // As std::malloc may, a size of 0 must not give null.
  void* memory = fails ? nullptr
                 : alignment > sizeof(void*) * 2
                     ? std::aligned_alloc(alignment, (size + alignment - 1) / alignment * alignment)
                     : std::malloc(size == 0 ? 1 : size);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}

struct Counted {
  ~Counted() {
    const char* path = std::getenv("COUNT_NEW");
    if (path == nullptr) return;
    if (std::FILE* file = std::fopen(path, "w")) {
      std::fprintf(file, "%lu", asked.load());
      std::fclose(file);
    }
  }
} counted;

}  // namespace

// NOLINTBEGIN(misc-new-delete-overloads): the other forms of the library call these.
void* operator new(std::size_t size) { return Allocate(size, 1); }
void* operator new[](std::size_t size) { return Allocate(size, 1); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  return Allocate(size, static_cast<std::size_t>(alignment));
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete[](void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete[](void* memory, std::size_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { std::free(memory); }
// NOLINTEND
