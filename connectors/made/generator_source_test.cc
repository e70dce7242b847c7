#include "connectors/made/generator_source.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <variant>

#include "absl/status/status.h"
#include "connectors/test_support.h"

namespace tidemark {
namespace {

using ::testing::HasSubstr;

class GeneratorTest : public ConnectorTest {};

// These bytes are in the documentation and in users' expected results.
TEST_F(GeneratorTest, NeverChanges) {
  EXPECT_EQ(GeneratedObject({}, 0),
            "{\"seq\": 0, \"key\": \"k58\", \"value\": 26.81, \"time\": 1640995200000}");
  EXPECT_EQ(
      GeneratedObject({.keys = 3, .seed = 7, .max_out_of_orderness = absl::Seconds(5)}, 1'000'000),
      "{\"seq\": 1000000, \"key\": \"k1\", \"value\": 80.32, \"time\": 1640996195074}");
}

TEST_F(GeneratorTest, MakesValidObjectsWithinTheOptions) {
  const GeneratorOptions options{.items = 5000,
                                 .keys = 7,
                                 .seed = 3,
                                 .start_time = absl::FromUnixSeconds(-10),
                                 .interval = absl::Milliseconds(4),
                                 .max_out_of_orderness = absl::Milliseconds(50)};
  const auto rows = ReadAll(Generator(options), context());
  ASSERT_TRUE(rows.ok()) << rows.status();
  ASSERT_EQ(rows->size(), 5000u);
  std::map<std::string, int> keys;
  double sum = 0;
  int late = 0;
  JsonFieldReader reader;
  for (int64_t n = 0; n < 5000; ++n) {
    ASSERT_TRUE(reader.Load((*rows)[n].raw).ok()) << (*rows)[n].raw;
    EXPECT_EQ(*reader.Get("seq"), JsonScalar(n));
    ++keys[std::get<std::string>(*reader.Get("key"))];
    const double value = std::get<double>(*reader.Get("value"));
    EXPECT_TRUE(value >= 0 && value <= 100) << value;
    sum += value;
    const int64_t due = -10'000 + 4 * n;
    const int64_t time = std::get<int64_t>(*reader.Get("time"));
    EXPECT_TRUE(time <= due && time >= due - 50) << n << " " << time;
    late += time < due - 25 ? 1 : 0;
  }
  EXPECT_EQ(keys.size(), 7u);
  for (const auto& [key, count] : keys) EXPECT_NEAR(count, 5000 / 7, 120) << key;
  EXPECT_NEAR(sum / 5000, 50, 2);
  EXPECT_NEAR(late, 2500, 200);
}

TEST_F(GeneratorTest, ResumesAtTheNextObject) {
  const GeneratorOptions options{.items = 10, .seed = 5};
  auto first = Session<JsonRow>::Open(Generator(options), context());
  ASSERT_EQ((*first->Next(4))->size(), 4u);
  EXPECT_EQ(first->position().Number("next"), 4);
  auto rest = ReadAll(Generator(options), context(), first->position());
  ASSERT_TRUE(rest.ok()) << rest.status();
  ASSERT_EQ(rest->size(), 6u);
  EXPECT_EQ((*rest)[0].raw, GeneratedObject(options, 4));
  GeneratorOptions longer = options;
  longer.items = 12;
  EXPECT_EQ(ReadAll(Generator(longer), context(), first->position())->size(), 8u);
  longer.items = 2;
  EXPECT_EQ(ReadAll(Generator(longer), context(), first->position())->size(), 0u);
}

TEST_F(GeneratorTest, OtherObjectsThanBeforeAreRefused) {
  auto first = Session<JsonRow>::Open(Generator({.seed = 5}), context());
  for (const GeneratorOptions& other :
       {GeneratorOptions{.seed = 6}, GeneratorOptions{.keys = 5, .seed = 5},
        GeneratorOptions{.seed = 5, .interval = absl::Seconds(1)}}) {
    const auto resumed = Session<JsonRow>::Open(Generator(other), context(), first->position());
    EXPECT_TRUE(absl::IsFailedPrecondition(resumed.status()));
    EXPECT_THAT(Message(resumed.status()), HasSubstr("makes other objects than before"));
  }
}

TEST_F(GeneratorTest, RubbishOptionsAreRefused) {
  for (const GeneratorOptions& bad :
       {GeneratorOptions{.keys = 0}, GeneratorOptions{.start_time = absl::InfiniteFuture()},
        GeneratorOptions{.interval = -absl::Seconds(1)},
        GeneratorOptions{.max_out_of_orderness = absl::InfiniteDuration()},
        GeneratorOptions{.max_out_of_orderness = -absl::Seconds(1)}}) {
    EXPECT_THAT(Message(ReadAll(Generator(bad), context()).status()), HasSubstr("generator: "));
  }
}

TEST_F(GeneratorTest, TimeSaturates) {
  EXPECT_THAT(GeneratedObject({.interval = absl::InfiniteDuration()}, ~uint64_t{0}),
              HasSubstr("\"time\": 253402300799999}"));
}

}  // namespace
}  // namespace tidemark
