// DirectoryWatch: a descriptor that becomes readable when a file appears in a directory, so that
// nobody has to look again and again.
//
//   TM_ASSIGN_OR_RETURN(const auto watch, DirectoryWatch::Open("state/requests"));
//   poll(watch->descriptor(), …);
//   watch->Drain();                 // then look what is there
//
// Thread rule: used by one thread.
#pragma once

#include <memory>
#include <string>

#include "absl/status/statusor.h"

namespace tidemark {

class DirectoryWatch {
 public:
  // The directory must exist. An error where the system has no such thing, or no more of them: then
  // look now and then.
  static absl::StatusOr<std::unique_ptr<DirectoryWatch>> Open(const std::string& directory);
  ~DirectoryWatch();
  DirectoryWatch(const DirectoryWatch&) = delete;
  DirectoryWatch& operator=(const DirectoryWatch&) = delete;

  int descriptor() const { return fd_; }
  // Forgets what has happened so far: call it before looking.
  void Drain();

 private:
  explicit DirectoryWatch(int fd) : fd_(fd) {}
  const int fd_;
};

}  // namespace tidemark
