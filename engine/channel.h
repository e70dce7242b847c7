// Channel: batches, watermarks, barriers and ends of input from one worker to another, in order.
//
// One channel for each exchange and pair of workers. Bounded by `batches_max`: a sender looks at
// HasRoom() before it starts work that may send; one piece of work may overshoot.
//
// Thread rule: one sender, one receiver.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <utility>

#include "absl/synchronization/mutex.h"
#include "engine/batch.h"
#include "engine/stream_watermark.h"

namespace tidemark {

struct Message {
  enum class Kind { kBatch, kMark, kBarrier, kEnd };
  Kind kind = Kind::kBatch;
  std::unique_ptr<AnyBatch> batch = nullptr;
  StreamMark mark = {};
  // When what is in it was read, by the monotonic clock; kNone for what holds no items.
  static constexpr int64_t kNone = std::numeric_limits<int64_t>::max();
  int64_t read_us = kNone;
};

class Channel {
 public:
  static constexpr size_t kBatchesMax = 32;
  explicit Channel(size_t batches_max = kBatchesMax) : batches_max_(batches_max) {}

  // `wake_receiver` and `wake_sender` are called without a lock held, from the other side's thread.
  void Send(Message message) {
    {
      absl::MutexLock lock(&mutex_);
      messages_.push_back(std::move(message));
      NoteOldest();
    }
    if (wake_receiver) wake_receiver();
  }
  std::optional<Message> Receive() {
    bool was_full = false;
    std::optional<Message> message;
    {
      absl::MutexLock lock(&mutex_);
      if (messages_.empty()) return {};
      was_full = messages_.size() >= batches_max_;
      message = std::move(messages_.front());
      messages_.pop_front();
      NoteOldest();
    }
    if (was_full && wake_sender) wake_sender();
    return message;
  }
  bool HasRoom() const {
    absl::MutexLock lock(&mutex_);
    return messages_.size() < batches_max_;
  }
  bool empty() const {
    absl::MutexLock lock(&mutex_);
    return messages_.empty();
  }

  // When the oldest message that waits was read; kNone when none does. Safe from any thread.
  int64_t oldest_read_us() const { return oldest_us_.load(std::memory_order_relaxed); }

  std::function<void()> wake_receiver;
  std::function<void()> wake_sender;

 private:
  void NoteOldest() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    oldest_us_.store(messages_.empty() ? Message::kNone : messages_.front().read_us,
                     std::memory_order_relaxed);
  }

  const size_t batches_max_;
  std::atomic<int64_t> oldest_us_{Message::kNone};
  mutable absl::Mutex mutex_;
  std::deque<Message> messages_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace tidemark
