// NewDirectory: a state directory that a start may have made, until it is known that it stays.
//
// A refusal changes nothing, and that includes the directory that the refused command named: an
// empty state left by a mistake would be another job's stray entry, or would be taken for a state
// that begins. So a session looks at the path before it opens the state there, and what was not
// there before is removed again unless the start gets as far as its outputs.
//
//   NewDirectory made(files, "out/job.state");
//   … StateDirectory::Open(…), checks, any of which may refuse …
//   made.Keep();   // from here on the start can have changed outputs, which belong to that state
//
// Destroy it after everything that has the directory open. Thread rule: one thread.
#pragma once

#include <string>

#include "base/files.h"

namespace tidemark {

class NewDirectory {
 public:
  // Looks at what is there, and makes nothing.
  NewDirectory(Files& files, std::string directory);
  // Unless kept: removes what was made in a directory that was missing or empty, and then the
  // directory and those of its parents that were missing. A directory that held anything is left
  // alone, as are entries that are not part of a state.
  ~NewDirectory();
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;

  void Keep() { keep_ = true; }

 private:
  Files& files_;
  const std::string directory_;
  std::string first_missing_;  // the directory or the first of its parents; empty: it was there
  bool keep_ = false;
};

}  // namespace tidemark
