#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <memory>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "epoch_files_sink.h"
#include "log_sink.h"
#include "records.h"
#include "stream_sink.h"
#include "tidemark/sink_contract.h"
#include "tidemark/testing.h"

namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

using Strings = std::vector<std::string>;

Strings LinesOf(std::istream&& text) {
  Strings lines;
  for (std::string line; std::getline(text, line);) lines.push_back(line);
  return lines;
}

class ConnectorsTest : public ::testing::Test {
 protected:
  ConnectorsTest() {
    fs::remove_all(scratch_);
    fs::create_directories(scratch_);
  }
  // Returns the failures of a sink; empty if it keeps its guarantee wherever a process dies.
  static Strings Check(std::function<tidemark::Sink<std::string>()> make_sink,
                       std::function<Strings()> read, std::function<void()> clear) {
    return tidemark::CheckSinkContract<std::string>(
        {.make_sink = std::move(make_sink),
         .item = [](int n) { return "line " + std::to_string(n); },
         .read = std::move(read),
         .clear = std::move(clear),
         .epochs = 2});
  }

  const std::string scratch_ = ::testing::TempDir() + "/connectors_test";
};

TEST_F(ConnectorsTest, ALogHasEachLineOnce) {
  const std::string path = scratch_ + "/log";
  const auto make = [&] { return tidemark::Sink<std::string>(std::make_shared<Log>(path)); };
  const auto read = [&] { return LinesOf(std::ifstream(path)); };
  EXPECT_THAT(Check(make, read, [&] { fs::remove(path); }), IsEmpty());
}

TEST_F(ConnectorsTest, FilesOfEpochsHaveEachLineOnce) {
  const std::string path = scratch_ + "/epochs";
  const auto make = [&] { return tidemark::Sink<std::string>(std::make_shared<EpochFiles>(path)); };
  const auto read = [&] {
    std::map<int, Strings> by_epoch;
    for (const auto& file : fs::directory_iterator(path)) {
      by_epoch[std::stoi(file.path().filename())] = LinesOf(std::ifstream(file.path()));
    }
    Strings lines;
    for (const auto& [epoch, some] : by_epoch) lines.insert(lines.end(), some.begin(), some.end());
    return lines;
  };
  EXPECT_THAT(Check(make, read, [&] { fs::remove_all(path); }), IsEmpty());
}

TEST_F(ConnectorsTest, AStreamHasEachLineAtLeastOnce) {
  std::ostringstream out;
  const auto make = [&] { return tidemark::Sink<std::string>(std::make_shared<ToStream>(out)); };
  const auto read = [&] { return LinesOf(std::istringstream(out.str())); };
  EXPECT_THAT(Check(make, read, [&] { out.str(""); }), IsEmpty());
}

TEST_F(ConnectorsTest, NoRecordIsLostOrRepeated) {
  const std::string path = scratch_ + "/records";
  const auto append = [&](int64_t record) {
    std::ofstream(path, std::ios::app | std::ios::binary)
        .write(reinterpret_cast<const char*>(&record), sizeof(record));
  };
  append(1), append(2), append(3);
  tidemark::FlowTester t({.batch_items_max = 2});
  auto out = t.Output<int64_t>();
  t.Build([&](tidemark::Flow& flow) { flow.From("in", Records(path)).To("out", out.sink()); });
  t.Run();
  t.CrashAndResume();  // nothing was committed: all records are read again
  t.End();
  append(4);
  t.CrashAndResume();  // all was committed: the next run reads only what was added
  t.End();
  EXPECT_THAT(out.committed(), ElementsAre(1, 2, 3, 4));
  fs::resize_file(path, 8);
  const absl::Status refused = t.TryCrashAndResume();
  EXPECT_TRUE(absl::IsFailedPrecondition(refused)) << refused;
}

}  // namespace
