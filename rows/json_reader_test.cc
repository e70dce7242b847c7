#include "rows/json_reader.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "connectors/rows/json_row.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

// The values of `paths` in one row, as JSON, or the fault.
std::vector<std::string> Values(const std::vector<std::string>& paths, std::string_view row,
                                bool source = false) {
  std::vector<JsonColumns::Wanted> wanted;
  for (const std::string& path : paths) wanted.push_back({.path = path, .source = source});
  JsonColumns reader(wanted);
  RowBatch batch;
  std::vector<RowFault> faults;
  reader.Read({&row, 1}, batch, faults);
  if (!faults.empty()) return {Cat("fault: ", faults[0].what)};
  std::vector<std::string> values(paths.size());
  for (size_t i = 0; i < paths.size(); ++i) AppendJson(batch.column(i).At(0), values[i]);
  return values;
}
using Strings = std::vector<std::string>;

TEST(JsonColumns, ReadsValuesOfEveryKind) {
  EXPECT_EQ(Values({"a", "b", "c", "d", "e", "f", "g", "h"},
                   R"({"a": 1, "b": -2.50, "c": "x", "d": true, "e": null, "f": {"x": [1]},)"
                   R"( "g": [1, "]"], "h": 18446744073709551617})"),
            (Strings{"1", "-2.5", "\"x\"", "true", "null", R"({"x": [1]})", R"([1, "]"])",
                     "18446744073709551617"}));
  EXPECT_EQ(Values({"a", "missing"}, R"( { "a" : "A\u00e9\ud83d\ude00\\\"\/\n" } )"),
            (Strings{"\"Aé😀\\\\\\\"/\\n\"", "null"}));
}

TEST(JsonColumns, KeepsTheSourceBytes) {
  EXPECT_EQ(Values({"a", "b", "missing"}, R"({"a": 2.30, "b": "\u0041"})", true),
            (Strings{"2.30", R"("\u0041")", "null"}));
}

TEST(JsonColumns, ResolvesPathsByTheLongestName) {
  EXPECT_EQ(Values({"a.b"}, R"({"a": {"b": 1}})"), Strings{"1"});
  EXPECT_EQ(Values({"a.b"}, R"({"a.b": 2, "a": {"b": 1}})"), Strings{"2"});
  EXPECT_EQ(Values({"a.b.c"}, R"({"a": {"b": {"c": 1}}, "a.b": {"c": 3}})"), Strings{"3"});
  EXPECT_EQ(Values({"a.b.c"}, R"({"a": {"b.c": 4}, "a.b": 5})"), Strings{"4"});
  EXPECT_EQ(Values({"a.b"}, R"({"a": null})"), Strings{"null"});
  EXPECT_EQ(Values({"a.b"}, R"({"a": [1]})"), Strings{"null"});
  EXPECT_EQ(Values({"a\"b"}, R"({"a\"b": 5})"), Strings{"5"});
}

TEST(JsonColumns, AFieldThatIsThereTwiceIsAFault) {
  const Strings fault = {"fault: the field 'a' is there twice"};
  EXPECT_EQ(Values({"a"}, R"({"a": 1, "a": 1})"), fault);
  EXPECT_EQ(Values({"a.b"}, R"({"a": {"b": 1, "b": 2}})"),
            Strings{"fault: the field 'a.b' is there twice"});
  EXPECT_EQ(Values({"b"}, R"({"a": 1, "a": 1, "b": 2})"), Strings{"2"});  // it is not read
  EXPECT_EQ(Values({"a"}, R"({"a": "\udc00"})"),
            Strings{"fault: the field 'a' has half of a surrogate pair, which is not a character"});
}

// ---- against JsonFieldReader ----------------------------------------

std::string MadeValue(Random& random, int depth) {
  switch (random.Below(depth > 2 ? 6 : 8)) {
    case 0:
      return "null";
    case 1:
      return "true";
    case 2:
      return Cat(random.Between(-1000, 1000));
    case 3:
      return Cat(random.Between(-1000, 1000), ".", random.Below(100), "e", random.Between(-5, 5));
    case 4:
      return R"("a\tb\u00e9")";
    case 5:
      return "\"plain\"";
    case 6:
      return Cat("[", MadeValue(random, depth + 1), " , ", MadeValue(random, depth + 1), "]");
    default: {
      std::string object = "{";
      const uint64_t fields = random.Below(3);
      for (uint64_t i = 0; i < fields; ++i) {
        const char* names[] = {"a", "b", "a.b"};
        object += Cat(i > 0 ? ", " : "", "\"", names[random.Below(3)],
                      "\": ", MadeValue(random, depth + 1));
      }
      return object + "}";
    }
  }
}

std::string Expected(JsonFieldReader& reader, const std::string& path) {
  const auto value = reader.Get(path);
  if (!value.ok()) return "";  // missing, a container or there twice: each has its own test
  std::string out;
  std::visit(
      [&](const auto& v) {
        using V = std::decay_t<decltype(v)>;
        if constexpr (std::is_same_v<V, std::monostate>) {
          AppendJson(Value(), out);
        } else if constexpr (std::is_same_v<V, std::string>) {
          AppendJson(Value::Text(v), out);
        } else if constexpr (std::is_same_v<V, uint64_t>) {
          out = Cat(v);
        } else if constexpr (std::is_same_v<V, JsonNumber>) {
          out = v.text;
        } else {
          AppendJson(Value::Of(v), out);
        }
      },
      *value);
  return out;
}

TEST(JsonColumns, ReadsWhatTheFieldReaderReads) {
  const char* given = std::getenv("TM_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : FreshSeed();
  SCOPED_TRACE(Cat("TM_SEED=", seed));
  Random random(seed);
  JsonFieldReader reader;
  int compared = 0;
  for (int i = 0; i < 5000; ++i) {
    std::string row = "{";
    for (uint64_t f = 0; f < 3; ++f) {
      const char* names[] = {"a", "b", "a.b", "c"};
      row += Cat(f > 0 ? "," : "", "\"", names[random.Below(4)], "\":", MadeValue(random, 0));
    }
    row += "}";
    ASSERT_TRUE(reader.Load(row).ok()) << row;
    for (const std::string path : {"a", "b", "a.b", "a.a.b", "c.a"}) {
      const std::string expected = Expected(reader, path);
      if (expected.empty()) continue;
      EXPECT_EQ(Values({path}, row), Strings{expected}) << path << " of " << row;
      ++compared;
    }
  }
  EXPECT_GT(compared, 3000);
}

}  // namespace
}  // namespace tidemark
