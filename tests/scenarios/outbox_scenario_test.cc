// The rows of an epoch for a table lie in the outbox, so what is read and copied as a whole, the
// epoch record and each manifest, does not grow with them.

#include <gtest/gtest.h>

#include <cstdint>
#include <string>

#include "base/status.h"
#include "connectors/sqlite/sqlite_sink.h"
#include "connectors/sqlite/sqlite_test_support.h"
#include "proto/epoch_record.h"
#include "recovery/outbox.h"
#include "tests/support/temp_directory.h"
#include "tidemark/flow.h"
#include "tidemark/testing.h"

namespace tidemark {
namespace {

// What the epoch record, and with it each manifest, takes for an epoch of so many rows.
size_t RecordBytes(const std::string& path, int64_t rows) {
  FlowTester tester;
  auto in = tester.Input<int64_t>();
  tester.Build([&](Flow& flow) {
    flow.From("in", in.source())
        .To("out", SqliteTable<int64_t>({.path = path, .table = "t"}, [](const int64_t& n) {
              return SqliteRow{{"n", n}};
            }));
  });
  for (int64_t n = 0; n < rows; ++n) in.Push(n);
  tester.Run();
  tester.Commit();
  EXPECT_EQ(Ask(path, "SELECT count(*) FROM t"), Cat(rows));
  EXPECT_FALSE(ListOutbox(tester.store(), "out")->empty()) << "until the next commit";
  const size_t bytes = EncodeEpochRecord(tester.job().record()).size();
  in.Push(rows);
  tester.Run();
  tester.Commit();
  EXPECT_EQ(ListOutbox(tester.store(), "out")->size(), 1u) << "only what the last epoch published";
  return bytes;
}

TEST(Outbox, TheEpochRecordDoesNotGrowWithRows) {
  const TempDirectory directory;
  const size_t few = RecordBytes(directory.Path("few.db"), 10);
  EXPECT_LT(RecordBytes(directory.Path("many.db"), 300'000), few + 100);
}

}  // namespace
}  // namespace tidemark
