// Goal: an output that is begun anew loses and repeats nothing, wherever the process dies. Method:
// at every operation of the start, by a kill and by a power cut; then the same command or the plain
// one goes on, and old and new files together have each row once.

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/status.h"
#include "connectors/file/dir_sink.h"
#include "connectors/file/file_sink.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_files.h"

namespace tidemark::sim {
namespace {

constexpr char kPath[] = "/out/rows";
constexpr uint64_t kParts = 3;

struct Story {
  bool directory = false;
  bool moved = false;        // by somebody, before
  std::string foreign = {};  // the owner file of somebody else's file, which stands in its place
  FaultKind fault = FaultKind::kKill;
  bool again = false;   // the command after the crash has the flag, too
  bool run_on = false;  // the start that dies has committed an epoch if it came so far
};

class Player {
 public:
  Player(const Story& story, uint64_t at_op) : story_(story), disk_(at_op + 1) {
    disk_.MakeDurable();
    Write({"1", "2", "3"}, /*anew=*/false, /*commits=*/true, {});
    Write({"lost"}, /*anew=*/false, /*commits=*/false, {});
    if (story_.moved) MoveAway();
    if (!story_.foreign.empty()) PutForeign();
    disk_.MakeDurable();
    Write({"4"}, /*anew=*/true, /*commits=*/story_.run_on, {.kind = story_.fault, .at_op = at_op});
    hit_ = disk_.fault_hit();
    Write({}, story_.again, /*commits=*/false, {});
    // What no plain command can go on in, none can before a new one was begun.
    const bool may_refuse = (story_.moved || !story_.foreign.empty()) && !story_.again;
    if (may_refuse && !error_.empty()) {
      error_.clear();
      Write({}, /*anew=*/true, /*commits=*/false, {});
    }
    for (const char* row : {"5", "6"}) Write({row}, /*anew=*/false, /*commits=*/true, {});
  }

  bool hit() const { return hit_; }
  const std::string& error() const { return error_; }

  // All rows of all files, in the order of the files' names: asides come first.
  std::vector<std::string> Rows() const {
    std::string old, now;
    for (const std::string& path : disk_.FilesBelow("/out")) {
      if (path.ends_with(".tidemark") || path.ends_with(".partial")) continue;
      (path.find(".old-") != std::string::npos || path.find("away") != std::string::npos ? old
                                                                                         : now) +=
          *disk_.Content(path);
    }
    std::vector<std::string> rows;
    const std::string all = old + now;
    for (size_t at = 0; at < all.size(); at = all.find('\n', at) + 1) {
      rows.push_back(all.substr(at, all.find('\n', at) - at));
    }
    return rows;
  }
  bool KeptOldOne() const {
    const std::vector<std::string> paths = disk_.FilesBelow("/out");
    return std::any_of(paths.begin(), paths.end(), [](const std::string& path) {
      return path.ends_with(".old-1") || path.ends_with("away");
    });
  }
  std::vector<std::string> Committed() const { return committed_rows_; }

 private:
  Sink<std::string> TheSink() const {
    if (!story_.directory) return LineFile(kPath);
    return DirFiles<std::string>(
        {.path = kPath, .file_count = kParts},
        [](const std::string& row) { return static_cast<uint64_t>(row[0] - '0'); }, TextEncoder());
  }

  // One process: opens, writes, commits. Rows that it could not commit come again in the next one.
  void Write(const std::vector<std::string>& rows, bool anew, bool commits, Fault fault) {
    SimFiles files(disk_, disk_.Boot());
    disk_.Inject(fault);
    SinkContext context{.files = &files, .run_line = "A"};
    context.job = "job";
    context.state_directory = "/state";
    context.sink = "sink";
    context.new_output = anew;
    auto writer = TheSink().factory()->Open(position_, context);
    if (writer.ok()) {
      if (commits) pending_.insert(pending_.end(), rows.begin(), rows.end());
      const absl::Status written = (*writer)->Write(commits ? pending_ : rows);
      auto output = (*writer)->EndEpoch(Epoch{++next_epoch_});
      absl::Status durable = output.status();
      if (output.ok() && output->make_durable) durable = output->make_durable();
      if (commits && written.ok() && durable.ok()) {
        position_ = output->position;
        committed_rows_.insert(committed_rows_.end(), pending_.begin(), pending_.end());
        pending_.clear();
      }
    } else if (fault.kind == FaultKind::kNone) {
      error_ = std::string(writer.status().message());
    }
    if (!disk_.ended_by_fault()) disk_.EndProcess(SimDisk::End::kKill);
  }
  // As a person does it, with what was not committed still in the file.
  void MoveAway() {
    SimFiles files(disk_, disk_.Boot());
    EXPECT_TRUE(files.Rename(kPath, "/out/away").ok());
    disk_.EndProcess(SimDisk::End::kKill);
    disk_.Put("/out/away", "1\n2\n3\n");
  }
  void PutForeign() {
    disk_.Put(kPath, "somebody's\n");
    disk_.Put(Cat(kPath, ".tidemark"), story_.foreign);
    committed_rows_.clear();  // they are gone
  }

  const Story story_;
  SimDisk disk_;
  std::optional<Position> position_;
  std::vector<std::string> pending_;
  std::vector<std::string> committed_rows_;
  uint64_t next_epoch_ = 0;
  bool hit_ = false;
  std::string error_;
};

void PlayAll(const Story& like, std::vector<std::string> foreign = {}) {
  for (const FaultKind fault : {FaultKind::kKill, FaultKind::kPowerCut}) {
    for (const bool again : {false, true}) {
      for (const bool run_on : {false, true}) {
        Story story = like;
        story.fault = fault;
        story.again = again;
        story.run_on = run_on;
        uint64_t op = 0;
        for (bool hit = true; hit; ++op) {
          SCOPED_TRACE(
              Cat(NameOf(fault), " at ", op, again ? ", again" : "", run_on ? ", commits" : ""));
          const Player player(story, op);
          EXPECT_EQ(player.error(), "");
          std::vector<std::string> expected = foreign;
          for (const std::string& row : player.Committed()) expected.push_back(row);
          std::vector<std::string> rows = player.Rows();
          if (like.directory || !foreign.empty()) {  // in another order
            std::sort(rows.begin(), rows.end());
            std::sort(expected.begin(), expected.end());
          }
          EXPECT_EQ(rows, expected);
          hit = player.hit();
          EXPECT_TRUE(hit || player.KeptOldOne());
          if (::testing::Test::HasFailure()) return;
        }
        EXPECT_GT(op, 10u);
      }
    }
  }
}

TEST(NewOutputCrash, AFileHasEachRowOnce) { PlayAll({}); }

TEST(NewOutputCrash, FilesOfADirectoryHaveEachRowOnce) { PlayAll({.directory = true}); }

TEST(NewOutputCrash, AFileThatSomebodyMovedAwayIsLeftWhereItIs) { PlayAll({.moved = true}); }

TEST(NewOutputCrash, WhatSomebodyElseWroteIsKeptAside) {
  PlayAll({.foreign = "B\nfrom 0\n"}, {"somebody's"});
}

}  // namespace
}  // namespace tidemark::sim
