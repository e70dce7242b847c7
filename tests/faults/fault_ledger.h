// FaultLedger: a page of memory shared by a driver and the program it disturbs.
//
// The driver maps a file, writes the order (which call fails, how often, with what), and starts the
// program with the preloaded library of failing_calls.cc and TM_FAULT_LEDGER=<that file>. The
// library counts in the same page, so the driver knows what happened however the program ended.
//
// Plain data: the layout is all that the two processes have in common.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

namespace tidemark::faults {

inline constexpr char kLedgerVariable[] = "TM_FAULT_LEDGER";

// Families of functions: `write` also stands for writev and fwrite, `open` for creat, fopen and
// opendir. README.md lists them all.
enum class Call : uint32_t {
  kWrite,
  kPwrite,
  kSync,
  kRename,
  kLink,
  kUnlink,
  kOpen,
  kTruncate,
  kMmap,
  kMkdir,
  kRead,
  kPread,
};
inline constexpr size_t kCalls = 12;

inline constexpr std::array<const char*, kCalls> kCallNames = {
    "write", "pwrite",    "fsync", "rename", "link", "unlink",
    "open",  "ftruncate", "mmap",  "mkdir",  "read", "pread"};

struct FaultLedger {
  // The order. A call counts if its path or descriptor is `root` or lies below it.
  char root[1024];
  Call call;
  int32_t error;         // errno of the failing call
  uint64_t at;           // the call that fails, from 1; 0: none, only count
  uint32_t every_later;  // nonzero: all later calls of the family fail, too

  // The account.
  std::atomic<uint64_t> counts[kCalls];
  std::atomic<uint32_t> delivered;  // calls that failed by order
  char function[32];                // the first of them: its name
  char path[1024];                  // and what it was about
};

static_assert(std::atomic<uint64_t>::is_always_lock_free, "shared by two processes");

}  // namespace tidemark::faults
