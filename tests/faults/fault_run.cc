#include "tests/faults/fault_run.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <map>
#include <new>

#include "base/check.h"
#include "base/status.h"
#include "base/timestamp.h"

namespace tidemark::faults {
namespace {

// A run takes a fraction of a second; a loaded machine may need many times that.
constexpr Span kPatience = Span::Seconds(30);

// The ledger as this process sees it.
class MappedLedger {
 public:
  explicit MappedLedger(const FaultPlace& place) {
    const int fd = open(place.ledger.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    TM_CHECK(fd >= 0, "the ledger can be made");
    TM_CHECK(ftruncate(fd, sizeof(FaultLedger)) == 0, "the ledger can be sized");
    void* at = mmap(nullptr, sizeof(FaultLedger), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    TM_CHECK(at != MAP_FAILED, "the ledger can be mapped");
    ledger_ = new (at) FaultLedger{};
    TM_CHECK(place.directory.size() < sizeof ledger_->root, "the directory's name fits");
    std::snprintf(ledger_->root, sizeof ledger_->root, "%s", place.directory.c_str());
  }
  ~MappedLedger() { munmap(ledger_, sizeof(FaultLedger)); }
  MappedLedger(const MappedLedger&) = delete;
  MappedLedger& operator=(const MappedLedger&) = delete;

  FaultLedger* operator->() { return ledger_; }

 private:
  FaultLedger* ledger_ = nullptr;
};

const std::map<int, std::string_view>& ErrorNames() {
  static const auto& names = *new std::map<int, std::string_view>{
      {EIO, "EIO"},       {ENOSPC, "ENOSPC"}, {EDQUOT, "EDQUOT"}, {EFBIG, "EFBIG"},
      {EMFILE, "EMFILE"}, {ENFILE, "ENFILE"}, {EACCES, "EACCES"}, {EPERM, "EPERM"},
      {EMLINK, "EMLINK"}, {EBUSY, "EBUSY"},   {ENOMEM, "ENOMEM"},
  };
  return names;
}

}  // namespace

const std::vector<int>& ErrorsOf(Call call) {
  static const auto& errors = *new std::array<std::vector<int>, kCalls>{{
      {EIO, ENOSPC, EDQUOT, EFBIG},   // write
      {EIO, ENOSPC, EDQUOT, EFBIG},   // pwrite
      {EIO, ENOSPC, EDQUOT},          // fsync
      {EIO, ENOSPC, EACCES},          // rename
      {EIO, ENOSPC, EPERM, EMLINK},   // link
      {EIO, EACCES, EBUSY},           // unlink
      {EIO, EMFILE, ENFILE, EACCES},  // open
      {EIO, ENOSPC},                  // ftruncate
      {ENOMEM, EACCES},               // mmap
      {EIO, ENOSPC, EACCES},          // mkdir
      {EIO},                          // read
      {EIO},                          // pread
  }};
  return errors[static_cast<size_t>(call)];
}

std::string_view NameOf(int error) {
  const auto found = ErrorNames().find(error);
  return found == ErrorNames().end() ? "an unnamed error" : found->second;
}

absl::StatusOr<Call> CallOf(std::string_view name) {
  for (size_t i = 0; i < kCalls; ++i) {
    if (name == kCallNames[i]) return static_cast<Call>(i);
  }
  std::string known;
  for (const char* each : kCallNames) known += Cat(known.empty() ? "" : ", ", each);
  return absl::InvalidArgumentError(Cat("unknown call '", name, "'; there are ", known));
}

std::string Describe(const Fault& fault) {
  return Cat(kCallNames[static_cast<size_t>(fault.call)], " #", fault.at,
             fault.and_later ? "+ " : " ", NameOf(fault.error));
}

FaultRun RunWithFault(const FaultPlace& place, const std::vector<std::string>& words,
                      const Fault& fault) {
  MappedLedger ledger(place);
  ledger->call = fault.call;
  ledger->error = fault.error;
  ledger->at = fault.at;
  ledger->every_later = fault.and_later ? 1 : 0;

  std::vector<std::string> all = {"/usr/bin/env", Cat("LD_PRELOAD=", place.library),
                                  Cat(kLedgerVariable, "=", place.ledger)};
  all.insert(all.end(), words.begin(), words.end());
  ChildProcess child(all, {.directory = place.directory});
  FaultRun run;
  run.hung = child.SignalAfter(kPatience, SIGKILL);
  run.end = child.Wait();
  for (size_t i = 0; i < kCalls; ++i) run.counts[i] = ledger->counts[i];
  run.delivered = ledger->delivered > 0;
  if (run.delivered) {
    run.function = ledger->function;
    run.path = ledger->path;
  }
  return run;
}

}  // namespace tidemark::faults
