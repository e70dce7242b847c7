#include "connectors/file/file_identity.h"

#include <gtest/gtest.h>

#include "absl/status/status.h"

namespace tidemark {
namespace {

constexpr FileIdentity kThen{.offset = 100,
                             .line = 7,
                             .device = 1,
                             .inode = 2,
                             .size_bytes = 200,
                             .hash = 3,
                             .head_hash = 5};

TEST(FileIdentity, PositionRoundTrips) {
  FileIdentity extreme = kThen;
  extreme.device = ~uint64_t{0};
  extreme.hash = 0xfedcba9876543210u;
  const auto back = FileIdentity::FromPosition(extreme.ToPosition());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->ToPosition(), extreme.ToPosition());
  EXPECT_EQ(back->device, extreme.device);
  EXPECT_EQ(back->hash, extreme.hash);
}

TEST(FileIdentity, ForeignOrDamagedPositionsAreRefused) {
  const Position good = kThen.ToPosition();
  for (const Position& bad :
       {Position(), Position().Set("next", 3), Position(good).Set("offset", -1),
        Position(good).Set("line", 0), Position(good).Set("hash", "xyz"),
        Position(good).Set("hash", 3), Position(good).Set("inode", "2"),
        Position(good).Set("head", "xyz"), Position(good).Set("unended", 101)}) {
    EXPECT_TRUE(absl::IsFailedPrecondition(FileIdentity::FromPosition(bad).status()));
  }
}

TEST(FileIdentity, WhatPositionsMayLack) {
  FileIdentity old = kThen;
  old.head_hash.reset();
  const auto back = FileIdentity::FromPosition(old.ToPosition());
  ASSERT_TRUE(back.ok()) << back.status();
  EXPECT_EQ(back->head_hash, std::nullopt);
  EXPECT_EQ(back->unended_from, std::nullopt);
  EXPECT_TRUE(HasSameBytes(*back, kThen));
  FileIdentity unended = kThen;
  unended.unended_from = 90;
  EXPECT_EQ(FileIdentity::FromPosition(unended.ToPosition())->unended_from, 90u);
}

TEST(FileIdentity, ContentDecidesAndTheRestIsSaid) {
  FileIdentity now = kThen;
  now.inode = 9;
  EXPECT_TRUE(HasSameBytes(kThen, now));
  EXPECT_EQ(DescribeOtherFile(kThen, now), "its inode is 9 and was 2");
  now.head_hash = 6;
  EXPECT_FALSE(HasSameBytes(kThen, now));
  now = kThen;
  now.size_bytes = 99;
  EXPECT_FALSE(HasSameBytes(kThen, now));
  now.size_bytes = 100;  // the rest was not read
  EXPECT_TRUE(HasSameBytes(kThen, now));
}

TEST(FileIdentity, SaysEverythingThatChanged) {
  struct Case {
    const char* what;
    FileIdentity now;
    std::string expected;
  };
  const auto now = [](auto change) {
    FileIdentity identity = kThen;
    change(identity);
    return identity;
  };
  const std::string other_bytes = "the bytes before offset 100 are not the ones that were read";
  for (const Case& c : std::vector<Case>{
           {"same", kThen, ""},
           {"grown", now([](auto& f) { f.size_bytes = 300; }), ""},
           {"copied", now([](auto& f) { f.inode = 9; }), ""},
           {"on another disk", now([](auto& f) { f.device = 8; }), ""},
           {"another head", now([](auto& f) { f.head_hash = 6; }),
            "its first bytes are not the ones that were read"},
           {"cut behind the offset", now([](auto& f) { f.size_bytes = 150; }),
            "its length is 150 and was 200"},
           {"cut before the offset", now([](auto& f) { f.size_bytes = 99, f.hash = 0; }),
            "its length is 99 and was 200"},
           {"edited", now([](auto& f) { f.hash = 4; }), other_bytes},
           {"rotated", now([](auto& f) { f.inode = 9, f.size_bytes = 120, f.hash = 4; }),
            "its inode is 9 and was 2; its length is 120 and was 200; " + other_bytes},
       }) {
    EXPECT_EQ(DescribeChange(kThen, c.now), c.expected) << c.what;
  }
}

}  // namespace
}  // namespace tidemark
