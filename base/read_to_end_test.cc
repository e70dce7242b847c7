#include "base/read_to_end.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/status.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

// A pipe as `<(…)` gives one, with `text` in it and its writer gone.
class Pipe {
 public:
  explicit Pipe(const std::string& text) {
    EXPECT_EQ(pipe(ends_), 0);
    EXPECT_EQ(write(ends_[1], text.data(), text.size()), static_cast<ssize_t>(text.size()));
    close(ends_[1]);
  }
  ~Pipe() { close(ends_[0]); }
  std::string path() const { return Cat("/dev/fd/", ends_[0]); }

 private:
  int ends_[2];
};

TEST(ReadToEnd, FilesAndPipesAreReadAlike) {
  TempDirectory dir;
  ASSERT_TRUE(WriteFileAtomically(dir.files(), dir.Path("f"), "a\nb").ok());
  EXPECT_EQ(*ReadToEnd(dir.Path("f"), 3), "a\nb");
  EXPECT_EQ(*ReadToEnd(Pipe("a\nb").path(), 3), "a\nb");
  EXPECT_EQ(*ReadToEnd(Pipe("").path(), 3), "");
}

TEST(ReadToEnd, WhatDoesNotEndIsLeftAtTheBound) {
  EXPECT_EQ(ReadToEnd("/dev/zero", 1 << 20).status().message(),
            "/dev/zero: is longer than the 1.0 MiB expected here");
  EXPECT_FALSE(ReadToEnd(Pipe("abcd").path(), 3).ok());
}

TEST(ReadToEnd, WhatCannotBeReadIsNamed) {
  TempDirectory dir;
  EXPECT_EQ(ReadToEnd("/nowhere/f", 3).status(),
            absl::NotFoundError("/nowhere/f: cannot open: No such file or directory"));
  EXPECT_EQ(ReadToEnd(dir.path(), 3).status().message(),
            Cat(dir.path(), ": is a directory, not a file"));
}

}  // namespace
}  // namespace tidemark
