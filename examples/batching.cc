// Batches of three of the numbers 0 to 9, all under one key.
//
//   ./dev build && bazel-bin/examples/batching
//   bazel-bin/examples/batching --state /tmp/batching     # keeps its state; run it twice
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "command/main.h"
#include "connectors/made/testing_source.h"
#include "connectors/stdio/stdout_sink.h"
#include "tidemark/tidemark.h"

namespace {

using Batches = tidemark::KeyValue<std::string, std::vector<int>>;

void Print(const Batches& batch, std::string& line) {
  absl::StrAppend(&line, "('", batch.key, "', [", absl::StrJoin(batch.value, ", "), "])");
}

void Build(tidemark::Flow& flow) {
  flow.From("numbers", tidemark::TestingSource<int>({0, 1, 2, 3, 4, 5, 6, 7, 8, 9}))
      .KeyBy([](int) { return std::string("ALL"); })
      .Batch("threes", {.max_items = 3, .max_wait = absl::Seconds(10)})
      .To("print", tidemark::StdoutLines<Batches>({}, Print));
}

}  // namespace

int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"batching", Build}); }
