#include "state/reflect.h"

#include <gtest/gtest.h>

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/time/time.h"

namespace tidemark {
namespace {

template <class T>
std::string JoinedNames() {
  std::string joined;
  for (const std::string_view name : FieldNames<T>()) {
    joined += joined.empty() ? "" : ", ";
    joined += name;
  }
  return joined;
}

struct Empty {};

// One struct per supported count: Fields3 is {int a, b, c;}.
#define TM_STRUCT_(n, ...) \
  struct Fields##n {       \
    int __VA_ARGS__;       \
  };
TM_FIELD_COUNTS_(TM_STRUCT_)
#undef TM_STRUCT_

TEST(ReflectTest, EveryCountUpTo24HasItsNames) {
  EXPECT_EQ(FieldCount<Empty>(), 0);
  EXPECT_EQ(JoinedNames<Empty>(), "");
#define TM_EXPECT_(n, ...)               \
  EXPECT_EQ(FieldCount<Fields##n>(), n); \
  EXPECT_EQ(JoinedNames<Fields##n>(), #__VA_ARGS__);
  TM_FIELD_COUNTS_(TM_EXPECT_)
#undef TM_EXPECT_
}

// Fields that would be miscounted if values could trickle into them, or whose constructors take
// anything; a name per habit of spelling.
struct Mixed {
  std::string text;
  std::vector<Mixed> children;
  std::optional<int> maybe_one;
  std::unique_ptr<Mixed> next;
  std::variant<std::monostate, int, std::string> either_;
  std::tuple<int, std::string> both;
  std::pair<int, int> x1;
  absl::Time at;
  absl::Duration lasting;
  absl::flat_hash_map<std::string, std::vector<int>> byName;
  Empty nothing;
  std::array<int, 4> four;
  Fields3 nested;
  std::map<int, Mixed> kMap;
  double celsius = 21.5;
  const char* t = nullptr;
  bool value = true;
  char unused = 'u';
};

TEST(ReflectTest, NestedAggregatesCountAsOneField) {
  EXPECT_EQ(FieldCount<Mixed>(), 18);
  EXPECT_EQ(
      JoinedNames<Mixed>(),
      "text, children, maybe_one, next, either_, both, x1, at, lasting, byName, nothing, four, "
      "nested, kMap, celsius, t, value, unused");
}

template <class T>
struct Window {
  T open;
  std::vector<T> items;
  struct Inner {
    T deep;
  };
};

enum class Color { kRed };

TEST(ReflectTest, TemplatesLocalAndUnnamedTypesHaveNames) {
  struct Local {
    int here;
    Window<int> there;
  };
  const auto in_lambda = [] {
    struct Deep {
      int a;
    };
    return std::string(TypeName<Deep>()) + "." + JoinedNames<Deep>();
  };
  struct {
    int only;
  } unnamed;
  EXPECT_EQ(JoinedNames<Local>(), "here, there");
  EXPECT_EQ(TypeName<Local>(), "Local");
  EXPECT_EQ(in_lambda(), "Deep.a");
  EXPECT_EQ(JoinedNames<decltype(unnamed)>(), "only");
  EXPECT_EQ(TypeName<decltype(unnamed)>(), "unnamed");
  EXPECT_EQ((TypeName<Window<std::map<int, std::string>>>()), "Window");
  EXPECT_EQ((JoinedNames<Window<Window<Local>>>()), "open, items");
  EXPECT_EQ(TypeName<Window<Local>::Inner>(), "Inner");
  EXPECT_EQ(JoinedNames<Window<Local>::Inner>(), "deep");
  EXPECT_EQ(TypeName<Color>(), "Color");
  EXPECT_EQ(TypeName<int>(), "int");
}

TEST(ReflectTest, NamesAreKnownToTheCompiler) {
  static_assert(FieldNames<Fields2>()[1] == "b");
  static_assert(TypeName<Mixed>() == "Mixed");
}

TEST(ReflectTest, VisitsFieldsInOrderByReference) {
  Fields3 value{1, 2, 3};
  std::string seen;
  ForEachField(value, [&](std::string_view name, int& field) {
    seen += std::string(name) + "=" + std::to_string(field) + " ";
    field *= 10;
  });
  EXPECT_EQ(seen, "a=1 b=2 c=3 ");
  EXPECT_EQ(value.c, 30);
  const Fields3& constant = value;
  int sum = 0;
  ForEachField(constant, [&](std::string_view, const int& field) { sum += field; });
  EXPECT_EQ(sum, 60);
  Empty empty;
  ForEachField(empty, [&](std::string_view, auto&) { ADD_FAILURE(); });
}

}  // namespace
}  // namespace tidemark
