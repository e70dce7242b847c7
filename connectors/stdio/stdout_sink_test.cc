#include "connectors/stdio/stdout_sink.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "connectors/file/file_sink.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using Writer = std::unique_ptr<SinkWriter<std::string>>;

Writer Open(ByteWriter write) {
  StdoutOptions options;
  options.write = std::move(write);
  auto sink = StdoutLines<std::string>(options, TextEncoder());
  EXPECT_EQ(sink.factory()->guarantee(), SinkGuarantee::kAtLeastOnce);
  return *sink.factory()->Open({}, {});
}

TEST(StdoutSink, LinesAppearWhenWriteReturns) {
  std::string seen;
  const Writer writer = Open([&](std::string_view bytes) {
    seen += bytes;
    return absl::OkStatus();
  });
  ASSERT_TRUE(writer->Write({"a", "b"}).ok());
  EXPECT_EQ(seen, "a\nb\n");
  ASSERT_TRUE(writer->Write({}).ok());
  const auto output = writer->EndEpoch(Epoch{1});
  ASSERT_TRUE(output.ok());
  EXPECT_EQ(output->position.Number("bytes"), 4);
  EXPECT_FALSE(output->make_durable);
}

TEST(StdoutSink, MemoryIsBoundedWhateverTheBatch) {
  size_t largest = 0;
  const Writer writer = Open([&](std::string_view bytes) {
    largest = std::max(largest, bytes.size());
    return absl::OkStatus();
  });
  ASSERT_TRUE(writer->Write(std::vector<std::string>(10'000, std::string(100, 'x'))).ok());
  EXPECT_LT(largest, (64u << 10) + 101);
}

TEST(StdoutSink, AReaderThatWentAwayIsAQuietStop) {
  signal(SIGPIPE, SIG_IGN);  // as main does
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const Writer writer = Open(WriteToDescriptor(ends[1]));
  ASSERT_TRUE(writer->Write({"one"}).ok());
  char bytes[4];
  ASSERT_EQ(read(ends[0], bytes, 4), 4);
  EXPECT_EQ(std::string_view(bytes, 4), "one\n");
  close(ends[0]);
  const absl::Status closed = writer->Write({"two"});
  EXPECT_TRUE(absl::IsCancelled(closed));
  EXPECT_EQ(Message(closed), "standard output was closed");
  close(ends[1]);
  EXPECT_EQ(Message(writer->Write({"three"})),
            "standard output: cannot write: Bad file descriptor");
}

}  // namespace
}  // namespace tidemark
