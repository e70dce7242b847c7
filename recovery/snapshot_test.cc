#include "recovery/snapshot.h"

#include "base/forwarding_files.h"
#include "base/random.h"
#include "base/stable_hash.h"
#include "recovery/inspect.h"
#include "recovery/manifest.h"
#include "recovery/restore.h"
#include "recovery/test_support.h"
#include "state/rocksdb_tables.h"

namespace tidemark {
namespace {

class SnapshotTest : public RecoveryTest {
 protected:
  // The rows that come out of a snapshot, by the way that a run takes; an error is fine, too.
  absl::StatusOr<StoredRows> Restored(const std::string& snapshot_path) {
    const std::string target = Path("restored");
    TM_RETURN_IF_ERROR(RemoveTree(files(), target));
    TM_RETURN_IF_ERROR(files().CreateDirectories(target));
    TM_ASSIGN_OR_RETURN(const Snapshot snapshot, ReadSnapshot(files(), snapshot_path));
    TM_RETURN_IF_ERROR(RestoreSnapshot(files(), snapshot, target, "another line"));
    TM_ASSIGN_OR_RETURN(const auto opened, StateDirectory::Open(files(), {.directory = target}));
    EXPECT_EQ(opened->record().run_line, "another line");
    return RowsOf(opened->store());
  }
  // Two epochs, the second of which has a snapshot: small files only.
  std::string SmallSnapshot() {
    Open();
    Commit(1);
    Commit(2);
    const auto made = Make(2);
    EXPECT_TRUE(made.ok()) << made.status();
    directory_.reset();
    return made->path;
  }
  std::vector<std::string> AllFiles(const std::string& snapshot) {
    std::vector<std::string> paths = {JoinPath(snapshot, "manifest")};
    for (const std::string& name : Names(StorePath(snapshot))) {
      paths.push_back(JoinPath(StorePath(snapshot), name));
    }
    return paths;
  }
};

TEST_F(SnapshotTest, ResumesAlsoWhereItWasCopiedTo) {
  const std::string snapshot = SmallSnapshot();
  CopyTree(snapshot, Path("elsewhere"));
  ASSERT_TRUE(RemoveTree(files(), state()).ok());
  const auto rows = Restored(Path("elsewhere"));
  ASSERT_TRUE(rows.ok()) << rows.status();
  EXPECT_EQ(*rows, RowsAt(2));
}

TEST_F(SnapshotTest, HasASumOfEveryFile) {
  const std::string path = SmallSnapshot();
  const auto snapshot = ReadSnapshot(files(), path);
  ASSERT_TRUE(snapshot.ok()) << snapshot.status();
  EXPECT_EQ(snapshot->manifest.files.size(), Names(StorePath(path)).size());
  for (const ManifestFile& file : snapshot->manifest.files) {
    EXPECT_EQ(file.kind, IsTableFile(file) ? FileChecksum::kCrc32c : FileChecksum::kXxh3);
    if (!IsTableFile(file)) continue;
    const auto sum = FileCrc32c(files(), JoinPath(path, file.name));
    ASSERT_TRUE(sum.ok());
    EXPECT_EQ(*sum, file.checksum) << "what the store says is the sum of the file";
  }
  EXPECT_TRUE(CheckSnapshot(files(), *snapshot).empty());
}

// A flipped byte at every place: it is found before anything is opened.
TEST_F(SnapshotTest, AFlippedByteAnywhereIsFound) {
  const std::string snapshot = SmallSnapshot();
  for (const std::string& path : AllFiles(snapshot)) {
    const std::string good = Read(path);
    for (size_t at = 0; at < good.size(); ++at) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << (at % 8)));
      Replace(path, bad);
      const auto rows = Restored(snapshot);
      ASSERT_TRUE(absl::IsDataLoss(rows.status()))
          << path << " byte " << at << ": " << rows.status();
      const bool named = rows.status().message().find(path) != absl::string_view::npos;
      ASSERT_TRUE(named) << rows.status();
    }
    Replace(path, good);
  }
  EXPECT_TRUE(Restored(snapshot).ok());
}

TEST_F(SnapshotTest, AFileThatIsMissingCutOrLongerIsFound) {
  const std::string snapshot = SmallSnapshot();
  for (const std::string& path : AllFiles(snapshot)) {
    const std::string good = Read(path);
    if (!good.empty()) {
      Replace(path, good.substr(0, good.size() - 1));
      EXPECT_TRUE(absl::IsDataLoss(Restored(snapshot).status())) << path;
    }
    Replace(path, good + "x");
    EXPECT_TRUE(absl::IsDataLoss(Restored(snapshot).status())) << path;
    ASSERT_TRUE(files().Remove(path).ok());
    const absl::Status missing = Restored(snapshot).status();
    EXPECT_FALSE(missing.ok()) << path;
    const std::string name = path == AllFiles(snapshot)[0] ? snapshot : path;
    EXPECT_NE(missing.message().find(name), absl::string_view::npos) << missing;
    Append(path, good);
  }
  EXPECT_TRUE(Restored(snapshot).ok());
}

TEST_F(SnapshotTest, FilesOfAnotherSnapshotAreFound) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  Commit(2);
  ASSERT_TRUE(Make(2).ok());
  directory_.reset();
  const std::string first = JoinPath(SnapshotsPath(state()), SnapshotName({1}));
  const std::string second = JoinPath(SnapshotsPath(state()), SnapshotName({2}));
  for (const char* part : {"manifest", "store"}) {
    CopyTree(second, Path("mixed"));
    ASSERT_TRUE(RemoveTree(files(), JoinPath(Path("mixed"), part)).ok());
    if (std::string(part) == "store") {
      CopyTree(JoinPath(first, part), JoinPath(Path("mixed"), part));
    } else {
      Append(JoinPath(Path("mixed"), part), Read(JoinPath(first, part)));
    }
    EXPECT_FALSE(Restored(Path("mixed")).ok()) << part;
    ASSERT_TRUE(RemoveTree(files(), Path("mixed")).ok());
  }
}

// Whole files, rightly named in the manifest, but of another epoch than it says.
TEST_F(SnapshotTest, AManifestWithAnotherRecordIsFound) {
  const std::string path = SmallSnapshot();
  auto snapshot = ReadSnapshot(files(), path);
  ASSERT_TRUE(snapshot.ok());
  snapshot->manifest.record.sources[0].position["line"] = int64_t{7};
  Replace(JoinPath(path, "manifest"), WrapManifest(snapshot->manifest));
  EXPECT_TRUE(absl::IsDataLoss(Restored(path).status())) << Restored(path).status();
  EXPECT_EQ(CheckSnapshot(files(), *snapshot).size(), 1u);
  const absl::Status looked = StateInspector::Open(files(), path).status();
  EXPECT_TRUE(absl::IsDataLoss(looked)) << looked;
}

// Tables of more than 1 MiB are linked unread: what is wrong in them is found when it is read.
TEST_F(SnapshotTest, ALargeTableGivesNoWrongRows) {
  Open();
  constexpr size_t kValueBytes = 700'000;
  for (uint64_t epoch = 1; epoch <= 3; ++epoch) Commit(epoch, kValueBytes);
  RunBuilder all;
  for (const auto& [key, value] : RowsAt(3, kValueBytes)) all.Put(key, value);
  std::vector<RunBuilder> builders;
  builders.push_back(std::move(all));
  ASSERT_TRUE(CommitEpoch(directory_->store(), RecordOf(3), std::move(builders)).ok());
  const auto made = Make(3, {.name = "", .copy = true});
  ASSERT_TRUE(made.ok()) << made.status();
  const uint64_t seed = FreshSeed();
  SCOPED_TRACE(seed);
  Random random(seed);
  int found = 0;
  for (const ManifestFile& file : made->manifest.files) {
    if (file.bytes < 1'500'000) continue;
    for (int i = 0; i < 12; ++i) {
      const size_t at = random.Below(file.bytes);
      Flip(JoinPath(made->path, file.name), at);
      const auto rows = Restored(made->path);
      if (!rows.ok()) ++found;
      if (rows.ok()) {
        EXPECT_EQ(*rows, RowsAt(3, kValueBytes)) << at;
      }
      EXPECT_EQ(CheckSnapshot(files(), *made).size(), 1u) << "a whole look finds it always";
      Flip(JoinPath(made->path, file.name), at);
    }
  }
  EXPECT_GT(found, 0);
  EXPECT_TRUE(CheckSnapshot(files(), *made).empty());
}

TEST_F(SnapshotTest, OtherVersionsAreRefusedByTheirChecksum) {
  const std::string path = SmallSnapshot();
  const std::string good = Read(JoinPath(path, "manifest"));
  const auto of_version = [&](char version, bool with_sum) {
    std::string bytes = good;
    bytes[8] = version;
    if (!with_sum) return bytes;
    const uint64_t sum = StableHash(Cat(bytes.substr(0, 24), bytes.substr(32)));
    for (size_t i = 0; i < 8; ++i) bytes[24 + i] = static_cast<char>(sum >> (8 * i));
    return bytes;
  };
  EXPECT_TRUE(UnwrapManifest("m", of_version(2, true)).ok());
  EXPECT_TRUE(absl::IsDataLoss(UnwrapManifest("m", of_version(0, true)).status()));
  EXPECT_TRUE(absl::IsDataLoss(UnwrapManifest("m", of_version(3, false)).status()));
  const absl::Status newer = UnwrapManifest("m", of_version(3, true)).status();
  EXPECT_TRUE(absl::IsUnimplemented(newer));
  EXPECT_NE(newer.message().find("newer tidemark"), absl::string_view::npos) << newer;
}

TEST_F(SnapshotTest, TheSameEpochIsNotMadeTwice) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1).ok());
  const std::string manifest = JoinPath(SnapshotsPath(state()), "0000000001/manifest");
  const auto before = files().Stat(manifest);
  ASSERT_TRUE(Make(1).ok());
  EXPECT_EQ(files().Stat(manifest)->inode, before->inode);
}

TEST_F(SnapshotTest, ADamagedOrOtherSnapshotOfTheEpochIsMadeAnew) {
  Open();
  Commit(1);
  const auto made = Make(1);
  ASSERT_TRUE(made.ok());
  Flip(JoinPath(made->path, "manifest"), 100);
  ASSERT_TRUE(Make(1).ok());
  EXPECT_TRUE(ReadSnapshot(files(), made->path).ok());

  // As it is behind a way back: the epoch's number comes a second time with another state.
  EpochRecord other = RecordOf(1);
  other.sources[0].position["line"] = int64_t{7};
  ASSERT_TRUE(CommitEpoch(directory_->store(), other, {}).ok());
  ASSERT_TRUE(MakeSnapshot(files(), directory_->store(), state(), other).ok());
  const auto read = ReadSnapshot(files(), made->path);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->manifest.record, other);
  EXPECT_EQ(Names(SnapshotsPath(state())), std::vector<std::string>{"0000000001"});
}

TEST_F(SnapshotTest, AStoreAtAnotherEpochGetsNoSnapshot) {
  Open();
  Commit(1);
  EXPECT_FALSE(Make(2).ok());
  EXPECT_FALSE(Exists(JoinPath(SnapshotsPath(state()), SnapshotName({2}))));
}

TEST_F(SnapshotTest, ACopySharesNothing) {
  Open();
  Commit(1);
  const auto linked = Make(1);
  const auto copied = Make(1, {.name = "copy", .copy = true});
  ASSERT_TRUE(linked.ok() && copied.ok()) << copied.status();
  EXPECT_FALSE(SharesNothing(files(), *linked, StorePath(state())));
  EXPECT_TRUE(SharesNothing(files(), *copied, StorePath(state())));
  directory_.reset();
  Flip(FirstTable(StorePath(state())), 30);
  EXPECT_FALSE(CheckSnapshot(files(), *linked).empty());
  EXPECT_TRUE(CheckSnapshot(files(), *copied).empty());
  EXPECT_EQ(*Restored(copied->path), RowsAt(1));
}

// A compaction that ran meanwhile has replaced every table that was shared.
TEST_F(SnapshotTest, WhatSharesNothingAnyMoreIsNoCopyForLackOfLinks) {
  class NoLinks final : public ForwardingFiles {
   public:
    using ForwardingFiles::ForwardingFiles;
    absl::Status Link(const std::string&, const std::string& to) override {
      return absl::UnimplementedError(Cat(to, ": Operation not permitted"));
    }
  };
  Open();
  Commit(1);
  const auto made = Make(1);
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_FALSE(IsCopyForLackOfLinks(files(), *made, StorePath(state())));
  const std::string compacted = Path("compacted");
  EXPECT_FALSE(IsCopyForLackOfLinks(files(), *made, compacted));
  NoLinks no_links(files());
  EXPECT_TRUE(IsCopyForLackOfLinks(no_links, *made, compacted));
  EXPECT_EQ(Names(SnapshotsPath(state())), std::vector<std::string>{SnapshotName({1})});
}

TEST_F(SnapshotTest, ANameIsTakenOnce) {
  Open();
  Commit(1);
  ASSERT_TRUE(Make(1, {.name = "before-upgrade"}).ok());
  EXPECT_TRUE(Make(1, {.name = "before-upgrade"}).ok()) << "the same epoch";
  Commit(2);
  EXPECT_TRUE(absl::IsFailedPrecondition(Make(2, {.name = "before-upgrade"}).status()));
  for (const char* bad : {"", "a/b", "..", "-x", "x.partial", "0000000001", "a b"}) {
    EXPECT_FALSE(CheckSnapshotName(bad).ok()) << bad;
  }
  EXPECT_TRUE(CheckSnapshotName("v2.1_before").ok());
  // The words fit the name, in one line.
  const absl::Status digits = CheckSnapshotName("2026112209");
  EXPECT_NE(digits.message().find("an epoch's"), absl::string_view::npos) << digits;
  const absl::Status lines = CheckSnapshotName("a\nb");
  EXPECT_EQ(lines.message().find('\n'), absl::string_view::npos) << lines;
}

}  // namespace
}  // namespace tidemark
