// TempDirectory: a new directory on a real disk for the length of a test.
#pragma once

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/check.h"
#include "base/files.h"

namespace tidemark {

class TempDirectory {
 public:
  TempDirectory() : files_(NewPosixFiles()) {
    const char* root = std::getenv("TEST_TMPDIR");
    std::string pattern = JoinPath(root != nullptr ? root : "/tmp", "tidemark_XXXXXX");
    TM_CHECK(mkdtemp(pattern.data()) != nullptr, "a directory for the test can be made");
    path_ = pattern;
  }
  ~TempDirectory() { RemoveTree(*files_, path_).IgnoreError(); }  // a left-over is harmless
  TempDirectory(const TempDirectory&) = delete;
  TempDirectory& operator=(const TempDirectory&) = delete;

  const std::string& path() const { return path_; }
  std::string Path(std::string_view name) const { return JoinPath(path_, name); }
  Files& files() { return *files_; }

 private:
  const std::unique_ptr<Files> files_;
  std::string path_;
};

}  // namespace tidemark
