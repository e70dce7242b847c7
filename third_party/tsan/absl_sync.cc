// Tells ThreadSanitizer what Debian's Abseil synchronises.
//
// absl::Mutex is built on atomics inside an archive that is compiled without TSAN, so TSAN sees no
// order between two holders of a mutex and reports every guarded member as a race. In the tsan
// configuration the linker's --wrap therefore sends our calls through the functions below: what
// happened before a release of an object happens before the next acquire of it.
//
// The names are mangled by hand, since --wrap works on symbols. Where Abseil has another inline
// namespace than Debian's `debian3`, nothing is wrapped and TSAN goes back to its false alarms; it
// misses nothing.

#include <array>
#include <cstdint>
#include <mutex>

#include "absl/status/status.h"
#include "absl/synchronization/barrier.h"
#include "absl/synchronization/blocking_counter.h"
#include "absl/synchronization/mutex.h"
#include "absl/synchronization/notification.h"
#include "absl/time/time.h"

extern "C" void __tsan_acquire(void* address);
extern "C" void __tsan_release(void* address);

// Declares the library's function as `real` and the one that replaces it as `wrap`. Members are
// plain functions here, whose first argument is the object.
#define TM_WRAP(mangled, result, real, wrap, ...)  \
  result real(__VA_ARGS__) asm("__real_" mangled); \
  result wrap(__VA_ARGS__) asm("__wrap_" mangled); \
  result wrap(__VA_ARGS__)

namespace {

// Acquires when the scope ends, so that a wrapper can return what the library returned.
class AcquireAtEnd final {
 public:
  explicit AcquireAtEnd(const void* object) : object_(const_cast<void*>(object)) {}
  AcquireAtEnd(const AcquireAtEnd&) = delete;
  AcquireAtEnd& operator=(const AcquireAtEnd&) = delete;
  ~AcquireAtEnd() { __tsan_acquire(object_); }

 private:
  void* const object_;
};

}  // namespace

using absl::Barrier;
using absl::BlockingCounter;
using absl::Condition;
using absl::CondVar;
using absl::Duration;
using absl::Mutex;
using absl::Notification;
using absl::ReleasableMutexLock;
using absl::Time;

// --- absl::Mutex ---

TM_WRAP("_ZN4absl7debian35Mutex4LockEv", void, RealLock, WrapLock, Mutex* mu) {
  RealLock(mu);
  __tsan_acquire(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex6UnlockEv", void, RealUnlock, WrapUnlock, Mutex* mu) {
  __tsan_release(mu);
  RealUnlock(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex7TryLockEv", bool, RealTryLock, WrapTryLock, Mutex* mu) {
  AcquireAtEnd acquire(mu);
  return RealTryLock(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex10ReaderLockEv", void, RealReaderLock, WrapReaderLock, Mutex* mu) {
  RealReaderLock(mu);
  __tsan_acquire(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex12ReaderUnlockEv", void, RealReaderUnlock, WrapReaderUnlock,
        Mutex* mu) {
  __tsan_release(mu);
  RealReaderUnlock(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex13ReaderTryLockEv", bool, RealReaderTryLock, WrapReaderTryLock,
        Mutex* mu) {
  AcquireAtEnd acquire(mu);
  return RealReaderTryLock(mu);
}

// The lock's address is the first member of a ReleasableMutexLock.
TM_WRAP("_ZN4absl7debian319ReleasableMutexLock7ReleaseEv", void, RealRelease, WrapRelease,
        ReleasableMutexLock* lock) {
  __tsan_release(*reinterpret_cast<void**>(lock));
  RealRelease(lock);
}

// --- Waiting for a condition ---
// Await gives the mutex up and takes it again. Other threads evaluate the condition as well, behind
// their own release: suppressions.cc keeps those readings quiet.

TM_WRAP("_ZN4absl7debian35Mutex5AwaitERKNS0_9ConditionE", void, RealAwait, WrapAwait, Mutex* mu,
        const Condition& condition) {
  __tsan_release(mu);
  RealAwait(mu, condition);
  __tsan_acquire(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex16AwaitWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool,
        RealAwaitFor, WrapAwaitFor, Mutex* mu, const Condition& condition, Duration timeout) {
  __tsan_release(mu);
  AcquireAtEnd acquire(mu);
  return RealAwaitFor(mu, condition, timeout);
}

TM_WRAP("_ZN4absl7debian35Mutex17AwaitWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool,
        RealAwaitUntil, WrapAwaitUntil, Mutex* mu, const Condition& condition, Time deadline) {
  __tsan_release(mu);
  AcquireAtEnd acquire(mu);
  return RealAwaitUntil(mu, condition, deadline);
}

TM_WRAP("_ZN4absl7debian35Mutex8LockWhenERKNS0_9ConditionE", void, RealLockWhen, WrapLockWhen,
        Mutex* mu, const Condition& condition) {
  RealLockWhen(mu, condition);
  __tsan_acquire(mu);
}

TM_WRAP("_ZN4absl7debian35Mutex19LockWhenWithTimeoutERKNS0_9ConditionENS0_8DurationE", bool,
        RealLockWhenFor, WrapLockWhenFor, Mutex* mu, const Condition& condition, Duration timeout) {
  AcquireAtEnd acquire(mu);
  return RealLockWhenFor(mu, condition, timeout);
}

TM_WRAP("_ZN4absl7debian35Mutex20LockWhenWithDeadlineERKNS0_9ConditionENS0_4TimeE", bool,
        RealLockWhenUntil, WrapLockWhenUntil, Mutex* mu, const Condition& condition,
        Time deadline) {
  AcquireAtEnd acquire(mu);
  return RealLockWhenUntil(mu, condition, deadline);
}

TM_WRAP("_ZN4absl7debian35Mutex14ReaderLockWhenERKNS0_9ConditionE", void, RealReaderLockWhen,
        WrapReaderLockWhen, Mutex* mu, const Condition& condition) {
  RealReaderLockWhen(mu, condition);
  __tsan_acquire(mu);
}

// --- absl::CondVar ---

TM_WRAP("_ZN4absl7debian37CondVar4WaitEPNS0_5MutexE", void, RealWait, WrapWait, CondVar* cv,
        Mutex* mu) {
  __tsan_release(mu);
  RealWait(cv, mu);
  __tsan_acquire(mu);
}

TM_WRAP("_ZN4absl7debian37CondVar15WaitWithTimeoutEPNS0_5MutexENS0_8DurationE", bool, RealWaitFor,
        WrapWaitFor, CondVar* cv, Mutex* mu, Duration timeout) {
  __tsan_release(mu);
  AcquireAtEnd acquire(mu);
  return RealWaitFor(cv, mu, timeout);
}

TM_WRAP("_ZN4absl7debian37CondVar16WaitWithDeadlineEPNS0_5MutexENS0_4TimeE", bool, RealWaitUntil,
        WrapWaitUntil, CondVar* cv, Mutex* mu, Time deadline) {
  __tsan_release(mu);
  AcquireAtEnd acquire(mu);
  return RealWaitUntil(cv, mu, deadline);
}

// --- Notification, BlockingCounter, Barrier ---

TM_WRAP("_ZN4absl7debian312Notification6NotifyEv", void, RealNotify, WrapNotify,
        Notification* done) {
  __tsan_release(done);
  RealNotify(done);
}

TM_WRAP("_ZNK4absl7debian312Notification19WaitForNotificationEv", void, RealWaitForNotification,
        WrapWaitForNotification, const Notification* done) {
  AcquireAtEnd acquire(done);
  RealWaitForNotification(done);
}

TM_WRAP("_ZNK4absl7debian312Notification30WaitForNotificationWithTimeoutENS0_8DurationE", bool,
        RealWaitForNotificationFor, WrapWaitForNotificationFor, const Notification* done,
        Duration timeout) {
  AcquireAtEnd acquire(done);
  return RealWaitForNotificationFor(done, timeout);
}

TM_WRAP("_ZNK4absl7debian312Notification31WaitForNotificationWithDeadlineENS0_4TimeE", bool,
        RealWaitForNotificationUntil, WrapWaitForNotificationUntil, const Notification* done,
        Time deadline) {
  AcquireAtEnd acquire(done);
  return RealWaitForNotificationUntil(done, deadline);
}

TM_WRAP("_ZN4absl7debian315BlockingCounter14DecrementCountEv", bool, RealDecrement, WrapDecrement,
        BlockingCounter* counter) {
  __tsan_release(counter);
  return RealDecrement(counter);
}

TM_WRAP("_ZN4absl7debian315BlockingCounter4WaitEv", void, RealCounterWait, WrapCounterWait,
        BlockingCounter* counter) {
  RealCounterWait(counter);
  __tsan_acquire(counter);
}

// A barrier may be deleted by the thread that gets true, so its memory is not touched afterwards
// but for the acquire, which reads TSAN's shadow alone.
TM_WRAP("_ZN4absl7debian37Barrier5BlockEv", bool, RealBlock, WrapBlock, Barrier* barrier) {
  __tsan_release(barrier);
  AcquireAtEnd acquire(barrier);
  return RealBlock(barrier);
}

// --- absl::Status ---
// Copies share one message, and the last to go deletes it: the count is an atomic inside the
// archive. A lock that TSAN knows orders the deletion after the readings in all other threads; one
// of 64, which keeps unrelated statuses from ordering each other.

TM_WRAP("_ZN4absl7debian36Status15UnrefNonInlinedEm", void, RealUnref, WrapUnref,
        std::uintptr_t rep) {
  static std::array<std::mutex, 64> mutexes;
  std::lock_guard<std::mutex> lock(mutexes[(rep >> 4) % mutexes.size()]);
  RealUnref(rep);
}
