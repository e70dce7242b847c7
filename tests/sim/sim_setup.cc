#include "tests/sim/sim_setup.h"

#include <algorithm>

#include "base/clock.h"
#include "base/status.h"
#include "engine/job.h"
#include "state/memory_store.h"
#include "tests/sim/sim_driver.h"

namespace tidemark::sim {
namespace {

std::vector<std::string> RandomItems(Random& random, size_t partition, size_t count,
                                     const FlowSpec& flow) {
  std::vector<std::string> lines;
  const auto keys = static_cast<uint64_t>(random.Between(1, 10));
  const int64_t step_us = random.Between(1, 2'000'000);
  // Out of order within the bound and a little beyond, so that some items are late.
  const int64_t jitter_us = 1 + flow.bound_s * 1'200'000 + (random.OneIn(2) ? 3'000'000 : 0);
  int64_t at_us = 1'700'000'000'000'000 + random.Between(0, 60'000'000);
  for (size_t i = 0; i < count; ++i) {
    at_us += random.Between(0, 2 * step_us) + (random.OneIn(15) ? flow.length_s * 2'000'000 : 0);
    // A key lies in one partition: the order of its items does not depend on who reads first.
    lines.push_back(ItemLine(Cat("p", partition, "k", random.Below(keys)), static_cast<int64_t>(i),
                             at_us - random.Between(0, jitter_us)));
  }
  return lines;
}

// What each sink gave, by key.
std::map<std::string, std::vector<std::string>> ByKey(const std::vector<std::string>& lines) {
  std::map<std::string, std::vector<std::string>> keys;
  for (const std::string& line : lines) {
    const size_t bar = std::min(line.find('|'), line.size());
    keys[line.substr(0, bar)].push_back(line.substr(bar));
  }
  return keys;
}

}  // namespace

std::string Setup::Describe() const {
  size_t count = 0;
  for (const auto& lines : items) count += lines.size();
  std::string text = Cat(flow.Describe(), "; ", count, " items in ", items.size(), " partitions",
                         dir_source    ? " of a directory"
                         : file_source ? " of a file"
                                       : "",
                         ", ", segments.size(), " segments");
  for (const auto& [sink, kind] : sinks) {
    constexpr const char* kNames[kSinkKinds] = {"", " a file", " published", " a directory"};
    text += Cat(", ", sink, kNames[static_cast<int>(kind)]);
  }
  if (clock_jumps) text += ", the clock jumps";
  if (pauses) text += ", pauses";
  constexpr const char* kLinks[] = {"", ", links not across", ", no links", ", two links"};
  return text + kLinks[static_cast<int>(hard_links)];
}

Setup RandomSetup(Random& random, const SimOptions& options) {
  Setup setup;
  const bool calm = options.fault || options.flip;  // this one, and nothing else
  setup.flow = RandomFlow(random);
  if (options.flow) setup.flow.kind = *options.flow;
  setup.file_source = !calm && random.OneIn(3);
  setup.dir_source = setup.file_source && random.OneIn(2);
  const bool one_file = setup.file_source && !setup.dir_source;
  const size_t partitions = one_file ? 1 : random.Between(1, 3);
  for (size_t p = 0; p < partitions; ++p) {
    const auto count = calm ? size_t{25} : static_cast<size_t>(random.Between(5, 120));
    setup.items.push_back(RandomItems(random, p, count, setup.flow));
  }
  const int segments = setup.file_source ? 1 : calm ? 3 : static_cast<int>(random.Between(1, 5));
  for (int s = 1; s <= segments; ++s) {
    Segment segment;
    if (setup.flow.uses_wall_time()) {
      segment.advance = Span::Micros(random.Between(0, setup.flow.length_s * 1'500'000));
    }
    for (const auto& lines : setup.items) {
      segment.visible.push_back(lines.size() * static_cast<size_t>(s) /
                                static_cast<size_t>(segments));
    }
    setup.segments.push_back(std::move(segment));
  }
  for (const std::string& sink : setup.flow.sinks()) {
    setup.sinks[sink] = static_cast<SinkKind>(random.Below(kSinkKinds));
  }
  setup.foreign_output = !calm && setup.sinks["out"] == SinkKind::kFile && random.OneIn(3);
  constexpr size_t kNever = size_t{1} << 30;
  setup.large_commit_bytes = random.OneIn(3) ? 1 : random.OneIn(2) ? 2000 : kNever;
  if (options.large_commit_bytes) setup.large_commit_bytes = *options.large_commit_bytes;
  if (!calm && random.OneIn(4)) setup.hard_links = static_cast<HardLinks>(random.Between(1, 3));
  setup.clock_jumps = !calm && !setup.flow.uses_wall_time() && random.OneIn(3);
  setup.pauses = !calm && !setup.flow.uses_wall_time() && random.OneIn(3);
  setup.lives_with_trouble = calm ? 1 : random.Below(8);
  return setup;
}

absl::StatusOr<Outputs> RunUndisturbed(const Setup& setup) {
  SimWorld world;
  world.input.partitions = setup.items;
  world.input.committed.assign(setup.items.size(), 0);
  world.input.visible.assign(setup.items.size(), 0);
  SimClock clock;
  MemoryStore store;
  Random random(1);
  Flow flow("sim");
  BuildFlow(setup.flow,
            {.source = [&] { return Source<std::string>(std::make_shared<SimSource>(world)); },
             .sink =
                 [&](const std::string& name) {
                   return Sink<std::string>(std::make_shared<SimSink>(world, name));
                 }},
            flow);
  TM_ASSIGN_OR_RETURN(Plan plan, flow.Compile());
  JobOptions options;
  options.clock = &clock;
  options.store = &store;
  options.run_line = "undisturbed";
  TM_ASSIGN_OR_RETURN(const auto job, Job::Open(std::move(plan), std::move(options)));
  SimDriver driver(*job, random, {});
  for (const Segment& segment : setup.segments) {
    clock.Advance(segment.advance);
    world.input.visible = segment.visible;
    TM_RETURN_IF_ERROR(driver.RunQuiet());
    TM_RETURN_IF_ERROR(driver.Commit());
  }
  world.input.ended = true;
  TM_RETURN_IF_ERROR(driver.Finish());
  Outputs outputs;
  for (const std::string& sink : setup.flow.sinks()) outputs[sink] = world.outputs[sink].rows;
  return outputs;
}

std::string Difference(const Outputs& expected, const Outputs& actual) {
  for (const auto& [sink, lines] : expected) {
    const auto wanted = ByKey(lines);
    auto got = ByKey(actual.at(sink));
    for (const auto& [key, of_key] : wanted) {
      const auto& other = got[key];
      const auto [want, have] =
          std::mismatch(of_key.begin(), of_key.end(), other.begin(), other.end());
      if (want == of_key.end() && have == other.end()) continue;
      return Cat("sink ", sink, ", key ", key, ": row ", want - of_key.begin(), " is ",
                 have == other.end() ? "missing" : *have, " and should be ",
                 want == of_key.end() ? "the end" : *want);
    }
    for (const auto& [key, of_key] : got) {
      if (wanted.count(key) == 0) return Cat("sink ", sink, ", key ", key, ": nothing was due");
    }
  }
  return "";
}

}  // namespace tidemark::sim
