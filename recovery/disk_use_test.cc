#include "recovery/disk_use.h"

#include <unistd.h>

#include "recovery/snapshot.h"
#include "recovery/test_support.h"

namespace tidemark {
namespace {

using DiskUseTest = RecoveryTest;

TEST_F(DiskUseTest, CountsAFileOnce) {
  Open();
  Commit(1, 100'000);
  ASSERT_TRUE(Make(1).ok());
  const auto linked = MeasureDisk(files(), state());
  ASSERT_TRUE(linked.ok()) << linked.status();
  EXPECT_GT(linked->store_bytes, 100'000u);
  EXPECT_LT(linked->snapshot_bytes, 50'000u) << "the table is the store's";
  ASSERT_TRUE(Make(1, {.name = "copy", .copy = true}).ok());
  const auto copied = MeasureDisk(files(), state());
  EXPECT_GT(copied->snapshot_bytes, linked->snapshot_bytes + 100'000u);
  Append(JoinPath(state(), "DAMAGED"), std::string(1000, 'x'));
  EXPECT_GE(MeasureDisk(files(), state())->other_bytes, 1000u);
  EXPECT_EQ(MeasureDisk(files(), Path("nowhere"))->total(), 0u);
}

// What is written takes whole blocks, and what is not written takes nothing.
TEST_F(DiskUseTest, CountsBlocks) {
  Open();
  const uint64_t before = MeasureDisk(files(), state())->total();
  const std::string sparse = JoinPath(state(), "DAMAGED");
  Append(sparse, "x");
  const uint64_t block = MeasureDisk(files(), state())->total() - before;
  EXPECT_GE(block, 512u);
  ASSERT_EQ(truncate(sparse.c_str(), 100 << 20), 0);
  EXPECT_EQ(MeasureDisk(files(), state())->total(), before + block);
}

TEST_F(DiskUseTest, TooMuchIsSaid) {
  Open();
  Commit(1, 100'000);
  ASSERT_TRUE(Make(1).ok());
  const uint64_t total = MeasureDisk(files(), state())->total();
  EXPECT_TRUE(CheckDiskUse(files(), state(), total).ok());
  const absl::Status refused = CheckDiskUse(files(), state(), total - 1);
  EXPECT_TRUE(absl::IsResourceExhausted(refused));
  EXPECT_NE(refused.message().find("more than --max-disk"), absl::string_view::npos) << refused;
}

}  // namespace
}  // namespace tidemark
