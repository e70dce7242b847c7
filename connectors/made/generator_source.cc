#include "connectors/made/generator_source.h"

#include <algorithm>
#include <limits>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "base/random.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "base/timestamp.h"

namespace tidemark {
namespace {

constexpr uint64_t kHundredthsMax = 10'000;  // of `value`

// The options that decide what object number n is, as one number.
std::string OptionsHash(const GeneratorOptions& options) {
  const std::string text = Cat(
      options.keys, " ", options.seed, " ", absl::ToUnixMicros(options.start_time), " ",
      Span::FromAbsl(options.interval).us, " ", Span::FromAbsl(options.max_out_of_orderness).us);
  return Cat(absl::Hex(StableHash(text), absl::kZeroPad16));
}

// Saturates at the end of time.
Timestamp TimeOf(const GeneratorOptions& options, uint64_t seq, Random& random) {
  const Span interval = Span::FromAbsl(options.interval);
  const Span late = Span::FromAbsl(options.max_out_of_orderness);
  int64_t since_start = 0;
  if (__builtin_mul_overflow(seq, interval.us, &since_start)) since_start = Span::Infinite().us;
  const auto early = static_cast<int64_t>(random.Below(static_cast<uint64_t>(late.us) + 1));
  return Timestamp{absl::ToUnixMicros(options.start_time)} + Span{since_start} - Span{early};
}

class GeneratorPartition final : public SourcePartition<JsonRow> {
 public:
  GeneratorPartition(const GeneratorOptions& options, uint64_t next)
      : options_(options), options_hash_(OptionsHash(options)), next_(next) {}

  absl::StatusOr<PollResult> Poll(size_t max, Timestamp, std::vector<JsonRow>& out) override {
    const uint64_t end = options_.items == 0 ? std::numeric_limits<int64_t>::max() : options_.items;
    if (next_ >= end) return PollResult::AtEnd();
    for (uint64_t n = std::min<uint64_t>(max, end - next_); n > 0; --n) {
      AppendGeneratedObject(options_, next_++, out.emplace_back().raw);
    }
    return PollResult::Again();
  }
  Position position() const override {
    return Position().Set("next", static_cast<int64_t>(next_)).Set("options", options_hash_);
  }

 private:
  const GeneratorOptions options_;
  const std::string options_hash_;
  uint64_t next_;
};

class GeneratorSource final : public SourceFactory<JsonRow> {
 public:
  explicit GeneratorSource(const GeneratorOptions& options) : options_(options) {}

  absl::StatusOr<std::vector<std::string>> Partitions(const SourceContext&) override {
    return std::vector<std::string>{"generator"};
  }
  absl::StatusOr<std::unique_ptr<SourcePartition<JsonRow>>> Open(
      const std::string&, const std::optional<Position>& resume, const SourceContext&) override {
    TM_RETURN_IF_ERROR(CheckGenerator(options_));
    uint64_t next = 0;
    if (resume.has_value()) {
      const auto number = resume->Number("next");
      if (!number || *number < 0 || resume->Text("options") != OptionsHash(options_)) {
        return absl::FailedPreconditionError(
            "generator: makes other objects than before; give it the options it had (all but "
            "`items` count), or start over with --fresh");
      }
      next = static_cast<uint64_t>(*number);
    }
    return std::make_unique<GeneratorPartition>(options_, next);
  }
  // They are due by the rate, and none waits.
  bool makes_items() const override { return true; }
  std::string Describe() const override { return Cat("generator with seed ", options_.seed); }

 private:
  const GeneratorOptions options_;
};

}  // namespace

void AppendGeneratedObject(const GeneratorOptions& options, uint64_t seq, std::string& out) {
  // Two steps, since streams of neighbouring seeds are the same one, shifted.
  Random random(Random(options.seed ^ (seq * 0xd1342543de82ef95u)).Next());
  const uint64_t key = random.Below(options.keys);
  const uint64_t hundredths = random.Below(kHundredthsMax + 1);
  const Timestamp time = TimeOf(options, seq, random);
  // Times before 1970 are rounded down as well.
  const int64_t ms = time.us / 1000 - (time.us % 1000 < 0 ? 1 : 0);
  absl::StrAppend(&out, "{\"seq\": ", seq, ", \"key\": \"k", key,
                  "\", \"value\": ", hundredths / 100, ".",
                  absl::Dec(hundredths % 100, absl::kZeroPad2), ", \"time\": ", ms, "}");
}

std::string GeneratedObject(const GeneratorOptions& options, uint64_t seq) {
  std::string out;
  AppendGeneratedObject(options, seq, out);
  return out;
}

absl::Status CheckGenerator(const GeneratorOptions& options) {
  if (options.keys == 0) return absl::InvalidArgumentError("generator: keys must be at least 1");
  if (options.interval < absl::ZeroDuration() ||
      options.max_out_of_orderness < absl::ZeroDuration() ||
      Span::FromAbsl(options.max_out_of_orderness).is_infinite()) {
    return absl::InvalidArgumentError(
        "generator: interval and max_out_of_orderness must be finite and not negative");
  }
  return Annotate(Timestamp::FromAbsl(options.start_time).status(), "generator: start_time");
}

Source<JsonRow> Generator(GeneratorOptions options) {
  return Source<JsonRow>(std::make_shared<GeneratorSource>(options));
}

}  // namespace tidemark
