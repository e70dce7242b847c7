// Goal: the result of a row does not depend on the rows around it. Method: random expressions over
// random rows are evaluated as one batch, in halves with a selection, and row by row.

#include <gtest/gtest.h>

#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.h"
#include "base/status.h"
#include "rows/expr/test_support.h"

namespace tidemark {
namespace {

// Makes expressions that usually bind: an operand of each type is likely to fit.
class Maker {
 public:
  explicit Maker(Random& random) : random_(random) {}

  std::string Number(int depth) {
    if (depth == 0 || random_.OneIn(5)) {
      return OneOf({"a", "b", "c", "1", "0", "2.5", "-3", "null", "o.x", "9223372036854775807"});
    }
    switch (random_.Below(8)) {
      case 0:
        return Cat("abs(", Number(depth - 1), ")");
      case 1:
        return Cat("length(", Text(depth - 1), ")");
      case 2:
        return Cat("coalesce(", Number(depth - 1), ", ", Number(depth - 1), ")");
      case 3:
        return Cat("case when ", Truth(depth - 1), " then ", Number(depth - 1), " when ",
                   Truth(depth - 1), " then ", Number(depth - 1),
                   random_.OneIn(2) ? Cat(" else ", Number(depth - 1)) : "", " end");
      case 4:
        return Cat("try_cast((", Text(depth - 1), ")::int)");
      case 5:
        return Cat("greatest(", Number(depth - 1), ", ", Number(depth - 1), ")");
      default:
        return Cat("(", Number(depth - 1), OneOf({" + ", " - ", " * ", " / ", " % "}),
                   Number(depth - 1), ")");
    }
  }
  std::string Text(int depth) {
    if (depth == 0 || random_.OneIn(4)) return OneOf({"t", "u", "'x'", "'7'", "''", "a::text"});
    switch (random_.Below(5)) {
      case 0:
        return Cat("upper(", Text(depth - 1), ")");
      case 1:
        return Cat("(", Text(depth - 1), " || ", Text(depth - 1), ")");
      case 2:
        return Cat("substr(", Text(depth - 1), ", (", Number(depth - 1), ")::int)");
      case 3:
        return Cat("coalesce(", Text(depth - 1), ", 'none')");
      default:
        return Cat("replace(", Text(depth - 1), ", 'a', ", Text(depth - 1), ")");
    }
  }
  std::string Truth(int depth) {
    if (depth == 0) return OneOf({"p", "a > 1", "t like '%a%'", "b is null", "true", "null"});
    switch (random_.Below(7)) {
      case 0:
        return Cat("not (", Truth(depth - 1), ")");
      case 1:
        return Cat("(", Truth(depth - 1), " and ", Truth(depth - 1), ")");
      case 2:
        return Cat("(", Truth(depth - 1), " or ", Truth(depth - 1), ")");
      case 3:
        return Cat(Number(depth - 1), " in (", Number(depth - 1), ", ", Number(depth - 1), ")");
      case 4:
        return Cat(Text(depth - 1), " is distinct from ", Text(depth - 1));
      case 5:
        return Cat("(", Number(depth - 1), ") between 0 and ", Number(depth - 1));
      default:
        return Cat("(", Number(depth - 1), OneOf({" < ", " = ", " >= ", " <> "}), Number(depth - 1),
                   ")");
    }
  }

  // Values of the expected type, with exceptions: nulls, missing fields, other types.
  std::string Row() {
    const auto number = [&] {
      return OneOf({"1", "0", "-7", "2.5", "1e300", "9223372036854775807", "null", "\"x\"",
                    "18446744073709551617", "3.0"});
    };
    const auto text = [&] {
      return OneOf({"\"abc\"", "\"\"", "\"12\"", "\"\\u00e9a\"", "null", "7", "\"banana\""});
    };
    std::string row = "{";
    const auto add = [&](std::string_view name, const std::string& value) {
      if (random_.OneIn(6)) return;
      row += Cat(row.size() > 1 ? ", " : "", "\"", name, "\": ", value);
    };
    add("a", number());
    add("b", number());
    add("c", number());
    add("t", text());
    add("u", text());
    add("p", OneOf({"true", "false", "null", "1"}));
    add("o", OneOf({"{\"x\": 4}", "null", "{}", "{\"x\": \"y\"}"}));
    return row + "}";
  }

 private:
  std::string OneOf(std::initializer_list<const char*> of) {
    return std::data(of)[random_.Below(of.size())];
  }

  Random& random_;
};

TEST(Expressions, ABatchGivesWhatItsRowsGiveOneByOne) {
  const char* given = std::getenv("TM_SEED");
  const uint64_t seed = given != nullptr ? std::strtoull(given, nullptr, 10) : FreshSeed();
  SCOPED_TRACE(Cat("TM_SEED=", seed));
  Random random(seed);
  Maker maker(random);
  int bound = 0;
  int values = 0;
  for (int i = 0; i < 1500; ++i) {
    const int depth = static_cast<int>(random.Below(4)) + 1;
    const uint64_t kind = random.Below(3);
    const std::string text = kind == 0   ? maker.Number(depth)
                             : kind == 1 ? maker.Text(depth)
                                         : maker.Truth(depth);
    TestedExpression tested(text);
    if (!tested.bound()) continue;  // a constant that fails
    ++bound;
    std::vector<std::string> rows;
    for (int r = 0; r < 12; ++r) rows.push_back(maker.Row());
    const std::vector<std::string_view> views(rows.begin(), rows.end());
    Selection some;
    for (uint32_t r = 0; r < rows.size(); ++r) {
      if (random.OneIn(2)) some.push_back(r);
    }
    const std::vector<std::string> all = tested.Over(views);
    const std::vector<std::string> selected = tested.Over(views, &some);
    for (uint32_t r = 0; r < rows.size(); ++r) {
      const std::string alone = tested.Of(rows[r]);
      EXPECT_EQ(all[r], alone) << text << " of " << rows[r];
      if (selected[r] != "-") {
        EXPECT_EQ(selected[r], alone) << text << " of " << rows[r];
        ++values;
      }
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(bound, 700);
  EXPECT_GT(values, 3000);
}

}  // namespace
}  // namespace tidemark
