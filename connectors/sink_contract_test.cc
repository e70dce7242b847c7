// Every sink of this folder keeps its contract, and sinks that do not are found.

#include "tidemark/sink_contract.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "connectors/file/dir_sink.h"
#include "connectors/file/file_sink.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "tests/support/temp_directory.h"

namespace tidemark {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::string Row(int n) { return Cat("row ", n); }

class SinkContractTest : public ::testing::Test {
 protected:
  std::vector<std::string> Lines(const std::string& path) {
    const std::string text = ReadSmallFile(dir_.files(), path).value_or("");
    return absl::StrSplit(text, '\n', absl::SkipEmpty());
  }
  void Clear() {
    ASSERT_EQ(RemoveTree(dir_.files(), dir_.Path("out")), absl::OkStatus());
    ASSERT_EQ(dir_.files().CreateDirectories(dir_.Path("out")), absl::OkStatus());
  }

  TempDirectory dir_;
};

TEST_F(SinkContractTest, AFile) {
  const std::string path = dir_.Path("out/lines.txt");
  EXPECT_THAT(CheckSinkContract<std::string>({.make_sink = [&] { return LineFile(path); },
                                              .item = Row,
                                              .read = [&] { return Lines(path); },
                                              .clear = [&] { Clear(); }}),
              IsEmpty());
}

TEST_F(SinkContractTest, ADirectory) {
  const std::string path = dir_.Path("out/parts");
  // All in one of its files, so that their order can be seen.
  const auto make = [&] {
    return DirFiles<std::string>(
        {.path = path, .file_count = 2}, [](const std::string&) { return uint64_t{1}; },
        TextEncoder());
  };
  EXPECT_THAT(CheckSinkContract<std::string>({.make_sink = make,
                                              .item = Row,
                                              .read = [&] { return Lines(path + "/part_1"); },
                                              .clear = [&] { Clear(); }}),
              IsEmpty());
}

TEST_F(SinkContractTest, ATable) {
  const std::string path = dir_.Path("out/rows.db");
  const auto make = [&] {
    return SqliteTable<int64_t>({.path = path, .table = "t"}, [](const int64_t& n) {
      return SqliteRow{{"n", n}};
    });
  };
  const auto read = [&] {
    std::vector<int64_t> rows;
    for (const auto text : absl::StrSplit(Ask(path, "SELECT n FROM t ORDER BY rowid"), ' ')) {
      rows.emplace_back();
      EXPECT_TRUE(absl::SimpleAtoi(text, &rows.back())) << text;
    }
    return rows;
  };
  EXPECT_THAT(CheckSinkContract<int64_t>({.make_sink = make,
                                          .item = [](int n) { return int64_t{n}; },
                                          .read = read,
                                          .clear = [&] { Clear(); },
                                          .epochs = 2}),
              IsEmpty());
}

TEST_F(SinkContractTest, TheOutputOfTests) {
  std::optional<TestOutput<int>> output;
  EXPECT_THAT(CheckSinkContract<int>({.make_sink = [&] { return output->sink(); },
                                      .item = [](int n) { return n; },
                                      .read = [&] { return output->rows(); },
                                      .clear = [&] { output.emplace(); }}),
              IsEmpty());
}

// ---- sinks that break it ----

enum class Fault { kNone, kIsNotCutBack, kPublishesBeforeCommit, kPublishesAgain, kForgets };

// An output in memory, with its rows in the outbox; by a fault otherwise.
class FaultySink final : public SinkFactory<int> {
 public:
  struct Database {
    std::vector<int> rows;
    uint64_t epoch = 0;
  };
  FaultySink(Database& database, Fault fault) : database_(database), fault_(fault) {}

  class Writer final : public SinkWriter<int> {
   public:
    Writer(Database& database, Fault fault) : database_(database), fault_(fault) {}
    absl::Status Write(const std::vector<int>& items) override {
      auto& to = fault_ == Fault::kIsNotCutBack ? database_.rows : pending_;
      to.insert(to.end(), items.begin(), items.end());
      return absl::OkStatus();
    }
    absl::StatusOr<EpochOutput> EndEpoch(Epoch epoch) override {
      EpochOutput output;
      for (const int row : std::exchange(pending_, {})) output.rows.push_back(Cat(row));
      if (fault_ == Fault::kPublishesBeforeCommit) Take(epoch, output.rows);
      if (fault_ == Fault::kForgets && epoch.value == 2) output.rows.clear();
      return output;
    }
    absl::Status Publish(Epoch epoch, OutboxReader& outbox) override {
      if (fault_ == Fault::kPublishesBeforeCommit) return absl::OkStatus();
      if (epoch.value <= database_.epoch && fault_ != Fault::kPublishesAgain) {
        return absl::OkStatus();
      }
      std::vector<std::string> rows;
      while (true) {
        TM_ASSIGN_OR_RETURN(const auto piece, outbox.Next());
        if (!piece) break;
        rows.emplace_back(*piece);
      }
      Take(epoch, rows);
      return absl::OkStatus();
    }

   private:
    void Take(Epoch epoch, const std::vector<std::string>& rows) {
      for (const std::string& row : rows) database_.rows.push_back(std::stoi(row));
      database_.epoch = epoch.value;
    }

    Database& database_;
    const Fault fault_;
    std::vector<int> pending_;
  };

  absl::StatusOr<std::unique_ptr<SinkWriter<int>>> Open(const std::optional<Position>&,
                                                        const SinkContext&) override {
    return std::make_unique<Writer>(database_, fault_);
  }
  SinkGuarantee guarantee() const override { return SinkGuarantee::kPublish; }
  std::string Describe() const override { return "faulty"; }

 private:
  Database& database_;
  const Fault fault_;
};

std::vector<std::string> Violations(Fault fault) {
  FaultySink::Database database;
  return CheckSinkContract<int>(
      {.make_sink = [&] { return Sink<int>(std::make_shared<FaultySink>(database, fault)); },
       .item = [](int n) { return n; },
       .read = [&] { return database.rows; },
       .clear = [&] { database = {}; }});
}

TEST_F(SinkContractTest, SinksThatBreakItAreFound) {
  EXPECT_THAT(Violations(Fault::kNone), IsEmpty());
  EXPECT_THAT(Violations(Fault::kIsNotCutBack), Contains(HasSubstr("is there 2 times")));
  EXPECT_THAT(Violations(Fault::kPublishesBeforeCommit), Contains(HasSubstr("is there 2 times")));
  EXPECT_THAT(Violations(Fault::kPublishesAgain),
              Contains("a crash after Publish: item 0 is there 2 times"));
  EXPECT_THAT(Violations(Fault::kForgets), Contains("no crash at all: item 2 is lost"));
}

}  // namespace
}  // namespace tidemark
