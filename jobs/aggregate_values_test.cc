#include "jobs/aggregate_values.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/status.h"
#include "jobs/aggregate_description.h"
#include "jobs/aggregates.h"
#include "jobs/window_row.h"
#include "state/value_codec.h"

namespace tidemark {
namespace {

const std::vector<AggregateSpec> kSpecs = {
    {.name = "z \"q\"", .kind = AggregateKind::kAvg, .field = "v"},
    {.name = "n", .kind = AggregateKind::kCount},
    {.name = "a", .kind = AggregateKind::kMax, .field = "w"}};

WindowRow Row(JsonScalar v, JsonScalar w) { return {.values = {std::move(v), std::move(w)}}; }

// Windows as they are stored, by one schema for each kind of part.
class Kept {
 public:
  void AddAcc(const std::vector<WindowRow>& rows) {
    const Aggregates aggregates(kSpecs);
    Aggregates::Acc acc = aggregates.Init();
    for (const WindowRow& row : rows) aggregates.Add(row, acc);
    EncodeValue(acc, bytes_.emplace_back());
  }
  void AddHeld(const WindowRow& row) { EncodeValue(row, held_.emplace_back()); }

  // "z "q" 2, n 2, a 7; 2 rows", or "nothing".
  std::string Shown(const std::string& results) {
    const TypeSchema schema = bytes_.empty() ? SchemaOf<WindowRow>() : SchemaOf<Aggregates::Acc>();
    KeptByWindow kept{
        .step = "hours", .results = results, .schema = &schema, .accs = {}, .held = {}};
    for (const std::string& bytes : bytes_) kept.accs.push_back({&schema.root, bytes});
    for (const std::string& bytes : held_) kept.held.push_back({&schema.root, bytes});
    const auto result = AggregateValues().ResultOf(kept);
    if (!result.ok()) return std::string(result.status().message());
    if (!*result) return "nothing";
    std::string text;
    for (const auto& [name, value] : (*result)->fields) {
      text += Cat(text.empty() ? "" : ", ", name, " ", value);
    }
    return (*result)->rows ? Cat(text, "; ", *(*result)->rows, " rows") : text;
  }

 private:
  std::vector<std::string> bytes_, held_;
};

TEST(AggregateDescription, ReadsBackWhatItWrote) {
  const std::string text = DescribeAggregates(kSpecs);
  EXPECT_EQ(text,
            "[{\"name\":\"z \\\"q\\\"\",\"kind\":\"avg\",\"field\":\"v\"},"
            "{\"name\":\"n\",\"kind\":\"count\"},"
            "{\"name\":\"a\",\"kind\":\"max\",\"field\":\"w\"}]");
  const auto specs = ReadAggregates(text);
  ASSERT_TRUE(specs.has_value());
  EXPECT_EQ(DescribeAggregates(*specs), text);
  for (const char* damaged :
       {"", "{}", "[1]", "[{\"name\":\"a\"}]", "[{\"name\":\"a\",\"kind\":\"median\"}]", "[{"}) {
    EXPECT_FALSE(ReadAggregates(damaged).has_value()) << damaged;
  }
}

TEST(AggregateValues, PanesAreShownAsTheWindowTheyMake) {
  Kept kept;
  kept.AddAcc({Row(1.0, int64_t{7}), Row({}, int64_t{3})});
  kept.AddAcc({Row(int64_t{3}, {})});
  EXPECT_EQ(kept.Shown(DescribeAggregates(kSpecs)), "z \"q\" 2, n 3, a 7; 3 rows");
}

TEST(AggregateValues, RowsThatWaitAreFolded) {
  Kept kept;
  kept.AddHeld(Row(1.0, int64_t{7}));
  kept.AddHeld(Row(int64_t{3}, {}));
  EXPECT_EQ(kept.Shown(DescribeAggregates(kSpecs)), "z \"q\" 2, n 2, a 7; 2 rows");
}

// Of a state that an older version wrote: names and kinds stand in what has been folded.
TEST(AggregateValues, WithoutADescriptionWhatIsStoredTells) {
  Kept folded;
  folded.AddAcc({Row(1.0, int64_t{7})});
  EXPECT_EQ(folded.Shown(""), "a 7, n 1, z \"q\" 1");
  Kept held;
  held.AddHeld(Row(1.0, int64_t{7}));
  EXPECT_EQ(held.Shown(""), "nothing");
}

TEST(AggregateValues, PartsOfOtherAggregatesAreDamage) {
  Kept kept;
  kept.AddAcc({Row(1.0, int64_t{7})});
  EXPECT_EQ(kept.Shown("[{\"name\":\"other\",\"kind\":\"count\"}]"),
            "step 'hours': the stored window was made by other aggregates");
}

}  // namespace
}  // namespace tidemark
