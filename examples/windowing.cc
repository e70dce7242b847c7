// Ten-second windows over the actions of two users: the sum of the values in each window.
//
//   ./dev build && bazel-bin/examples/windowing
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "command/main.h"
#include "connectors/made/testing_source.h"
#include "connectors/stdio/stdout_sink.h"
#include "tidemark/tidemark.h"

namespace {

const absl::Time kStart = absl::FromUnixSeconds(1'640'995'200);  // 2022-01-01T00:00:00Z

struct Event {
  absl::Time time;
  std::string user;
  int val = 1;
};

Event At(int second, const std::string& user) { return {kStart + absl::Seconds(second), user}; }

Event Add(Event sum, const Event& next) {
  sum.val += next.val;
  return sum;
}

using Sum = tidemark::KeyValue<std::string, tidemark::Windowed<Event>>;

int64_t Second(absl::Time time) { return absl::ToInt64Seconds(time - kStart); }

void Print(const Sum& sum, std::string& line) {
  absl::StrAppend(&line, sum.key, " [", Second(sum.value.open), " s, ", Second(sum.value.close),
                  " s) {time ", Second(sum.value.value.time), " s, val ", sum.value.value.val, "}");
}

void Build(tidemark::Flow& flow) {
  auto [sums, late] =
      flow.From("events",
                tidemark::TestingSource<Event>({At(0, "a"), At(4, "a"), At(5, "b"), At(8, "a"),
                                                At(12, "a"), At(13, "a"), At(14, "b")}))
          .KeyBy(&Event::user)
          .EventTime(&Event::time)
          .Window(tidemark::Tumbling{.length = absl::Seconds(10), .align_to = kStart})
          .Reduce("sums", Add);
  sums.To("print", tidemark::StdoutLines<Sum>({}, Print));
}

}  // namespace

int main(int argc, char** argv) { return tidemark::Main(argc, argv, {"windowing", Build}); }
