#include "recovery/start_note.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

TEST(StartNoteTest, ComesBackAsItWasWritten) {
  TempDirectory dir;
  EXPECT_EQ(*ReadStartNote(dir.files(), dir.path()), std::nullopt);
  for (const StartNote& note :
       {StartNote{.run_line = "b", .replaces = "a", .from_line = "", .discards = true},
        StartNote{.run_line = "c", .replaces = "", .from_line = "a", .from_epoch = 42}}) {
    ASSERT_TRUE(WriteStartNote(dir.files(), dir.path(), note).ok());
    EXPECT_EQ(*ReadStartNote(dir.files(), dir.path()), note);
  }
  ASSERT_TRUE(RemoveStartNote(dir.files(), dir.path()).ok());
  ASSERT_TRUE(RemoveStartNote(dir.files(), dir.path()).ok()) << "it may be gone";
}

TEST(StartNoteTest, DamageIsNamed) {
  TempDirectory dir;
  for (const char* text : {"", "replaces a\n", "line b\nfrom a\n", "line b\nfrom a x\n"}) {
    ASSERT_TRUE(WriteFileAtomically(dir.files(), dir.Path("START"), text).ok());
    const absl::Status damage = ReadStartNote(dir.files(), dir.path()).status();
    EXPECT_TRUE(absl::IsDataLoss(damage)) << text;
    EXPECT_NE(damage.message().find("START"), absl::string_view::npos);
  }
}

}  // namespace
}  // namespace tidemark
