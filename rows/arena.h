// Arena: bytes that are freed together and whose memory is reused.
//
//   Arena arena;
//   std::string_view kept = arena.Copy("abc");   // valid until Reset()
//   arena.Reset();
//
// After a few batches of similar size, the first block holds all of a batch, and nothing is
// allocated any more.
//
// Thread rule: used by one thread.
#pragma once

#include <algorithm>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace tidemark {

class Arena {
 public:
  static constexpr size_t kFirstBlockBytes = 4096;

  char* Allocate(size_t bytes) {
    if (blocks_.empty() || bytes > capacity_ - used_) Grow(bytes);
    char* start = blocks_.back().get() + used_;
    used_ += bytes;
    total_ += bytes;
    return start;
  }
  // Returns the last `bytes` of the last allocation, which turned out to be too long.
  void GiveBack(size_t bytes) {
    used_ -= bytes;
    total_ -= bytes;
  }
  std::string_view Copy(std::string_view bytes) {
    if (bytes.empty()) return {"", 0};
    char* start = Allocate(bytes.size());
    std::memcpy(start, bytes.data(), bytes.size());
    return {start, bytes.size()};
  }

  // Invalidates everything. The next round gets one block that would have held this one.
  void Reset() {
    if (blocks_.size() > 1) {
      blocks_.clear();
      blocks_.push_back(std::make_unique<char[]>(total_));
      capacity_ = total_;
    }
    used_ = 0;
    total_ = 0;
  }

 private:
  void Grow(size_t bytes) {
    const size_t next = std::max({bytes, kFirstBlockBytes, 2 * capacity_});
    total_ += capacity_ - used_;  // the unused rest of the block
    blocks_.push_back(std::make_unique<char[]>(next));
    capacity_ = next;
    used_ = 0;
  }

  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t capacity_ = 0;  // of the last block
  size_t used_ = 0;
  size_t total_ = 0;
};

}  // namespace tidemark
