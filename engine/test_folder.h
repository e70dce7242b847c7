// Folder: a source whose partitions come and go, for tests of workers.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "base/status.h"
#include "tidemark/testing.h"
#include "tidemark/tidemark.h"

namespace tidemark {

using Texts = std::vector<std::string>;

// Files that appear, grow, are finished and vanish. One that has vanished can be read further where
// it was opened before, like a file that was moved.
struct Folder {
  struct File {
    Texts lines;
    bool closed = false;
    bool listed = true;
  };
  std::map<std::string, File> files;
  bool is_final = false;
  bool says_gone = true;  // else the list alone tells that a file has vanished
  int lists = 0;
  Texts commits;

  void Add(const std::string& name, Texts lines, bool closed = false) {
    files[name] = {.lines = std::move(lines), .closed = closed};
  }
  void Vanish(const std::string& name) { files[name].closed = true, files[name].listed = false; }
};

class FolderPartition final : public SourcePartition<std::string> {
 public:
  FolderPartition(std::shared_ptr<Folder> folder, std::string name, size_t next)
      : folder_(std::move(folder)), name_(std::move(name)), next_(next) {}
  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, Texts& out) override {
    const Folder::File& file = folder_->files.at(name_);
    for (; max > 0 && next_ < file.lines.size(); --max) out.push_back(file.lines[next_++]);
    if (next_ < file.lines.size() || !file.closed) return PollResult::Again();
    return folder_->says_gone && !file.listed ? PollResult::Gone() : PollResult::AtEnd();
  }
  Position position() const override { return Position().Set("next", static_cast<int64_t>(next_)); }
  absl::Status Committed(Epoch, const Position& position) override {
    folder_->commits.push_back(Cat(name_, "@", *position.Number("next")));
    return absl::OkStatus();
  }

 private:
  const std::shared_ptr<Folder> folder_;
  const std::string name_;
  size_t next_;
};

class FolderSource final : public SourceFactory<std::string> {
 public:
  explicit FolderSource(std::shared_ptr<Folder> folder) : folder_(std::move(folder)) {}
  absl::StatusOr<Texts> Partitions(const SourceContext&) override {
    Texts names;
    for (const auto& [name, file] : folder_->files) {
      if (file.listed) names.push_back(name);
    }
    return names;
  }
  absl::StatusOr<PartitionList> Discover(const Texts&, const SourceContext& context) override {
    ++folder_->lists;
    PartitionList list{.names = {}, .is_final = folder_->is_final};
    TM_ASSIGN_OR_RETURN(list.names, Partitions(context));
    return list;
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<std::string>>> Open(
      const std::string& name, const std::optional<Position>& resume,
      const SourceContext&) override {
    const int64_t next = resume ? *resume->Number("next") : 0;
    return std::make_unique<FolderPartition>(folder_, name, static_cast<size_t>(next));
  }
  std::string Describe() const override { return "folder"; }

 private:
  const std::shared_ptr<Folder> folder_;
};

struct Stage {
  explicit Stage(int workers = 1, double rate = 0)
      : tester({.workers = workers, .batch_items_max = 2}),
        out(tester.Output<std::string>()),
        rate(rate) {}
  void Build() {
    tester.Build([this](Flow& flow) {
      flow.From("in", Source<std::string>(std::make_shared<FolderSource>(folder)).WithRate(rate))
          .To("out", out.sink());
    });
  }
  void Pass(int seconds = 1) { tester.Advance(absl::Seconds(seconds)); }
  Texts Recorded() {
    Texts names;
    for (const SourceRecord& source : tester.job().record().sources) {
      names.push_back(Cat(source.partition, "@", *Position(source.position).Number("next")));
    }
    return names;
  }
  Texts Sorted() const {
    Texts rows = out.rows();
    std::sort(rows.begin(), rows.end());
    return rows;
  }

  std::shared_ptr<Folder> folder = std::make_shared<Folder>();
  FlowTester tester;
  TestOutput<std::string> out;
  const double rate;
};

}  // namespace tidemark
