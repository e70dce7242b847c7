// The named functions, by a table: what is called, with what, and what comes out.

#include "tests/conformance/functions.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

namespace tidemark::conformance {
namespace {

Json Parsed(std::string_view text) {
  auto json = ParseJson(text);
  EXPECT_TRUE(json.ok()) << text;
  return json.ok() ? *std::move(json) : Json();
}

// What `call` gives as text; "refused" when it throws.
template <class Call>
std::string Result(Call call) {
  try {
    return ToText(call());
  } catch (const std::invalid_argument&) {
    return "refused";
  }
}

struct UnaryRow {
  const char* name;
  const char* value;
  const char* result;
};

TEST(Functions, OfOneValue) {
  constexpr UnaryRow kRows[] = {
      {"identity", "[1]", "[1]"},
      {"field_val", R"({"val": 3})", "3"},
      {"field_val", "3", "refused"},
      {"add_one", "1", "2"},
      {"add_one", "1.5", "2.5"},
      {"add_one", R"("a")", "refused"},
      {"add_one", "9223372036854775807", "9223372036854775808.0"},
      {"add_ten", "-3", "7"},
      {"times_ten", "4", "40"},
      {"split_words", R"(" split  this\n")", R"(["split", "this"])"},
      {"split_words", R"("  ")", "[]"},
      {"repeat_pair", R"(["a", 2])", R"(["a", "a"])"},
      {"repeat_pair", R"(["a", 0])", "[]"},
      {"repeat_pair", R"(["a"])", "refused"},
      {"is_odd", "-3", "true"},
      {"is_odd", "3.0", "true"},
      {"is_odd", R"("3")", "refused"},
      {"is_even", "0", "true"},
      {"is_int", "1", "true"},
      {"is_int", "1.0", "false"},
      {"is_int", R"("a")", "false"},
      {"even_plus_one_else_null", "4", "5"},
      {"even_plus_one_else_null", "5", "null"},
      {"to_even_str", "2", R"("2")"},
      {"to_even_str", "1", "null"},
      {"to_even_str", R"("2")", "null"},
      {"to_string", "7", R"("7")"},
      {"to_string", R"("7")", R"("7")"},
  };
  for (const UnaryRow& row : kRows) {
    const auto f = FindUnary(row.name);
    ASSERT_TRUE(f.ok()) << row.name;
    EXPECT_EQ(Result([&] { return (*f)(Parsed(row.value)); }), row.result)
        << row.name << "(" << row.value << ")";
  }
}

struct BinaryRow {
  const char* name;
  const char* left;
  const char* right;
  const char* result;
};

TEST(Functions, OfTwoValues) {
  constexpr BinaryRow kRows[] = {
      {"append", "[1]", "2", "[1, 2]"},
      {"append", "1", "2", "refused"},
      {"count_by_value", R"({"a": 1})", R"("a")", R"({"a": 2})"},
      {"count_by_value", "{}", "5", R"({"5": 1})"},
      {"sum", "1", "2", "3"},
      {"sum", R"("a")", R"("b")", R"("ab")"},
      {"sum", "1", R"("b")", "refused"},
      {"max", "1", "2", "2"},
      {"max", R"("b")", R"("a")", R"("b")"},
      {"min", "1", "2", "1"},
      {"max", "1", "1.0", "1"},
      {"min", "1", "1.0", "1"},
      {"keep_state", "1", "2", "1"},
      {"keep_left", "1", "2", "1"},
      {"concat", "[1]", "[2]", "[1, 2]"},
      {"overwrite_map", R"({"a": 1, "b": 1})", R"({"b": 2})", R"({"a": 1, "b": 2})"},
      {"sum_field_val", R"({"val": 1, "k": 7})", R"({"val": 2, "k": 8})", R"({"val": 3, "k": 7})"},
  };
  for (const BinaryRow& row : kRows) {
    const auto f = FindBinary(row.name);
    ASSERT_TRUE(f.ok()) << row.name;
    EXPECT_EQ(Result([&] { return (*f)(Parsed(row.left), Parsed(row.right)); }), row.result)
        << row.name << "(" << row.left << ", " << row.right << ")";
  }
}

TEST(Functions, ThatBuild) {
  const std::pair<const char*, const char*> rows[] = {
      {"empty_list", "[]"}, {"zero", "0"}, {"empty_map", "{}"}, {"null", "null"}};
  for (const auto& [name, result] : rows) {
    const auto f = FindBuilder(name);
    ASSERT_TRUE(f.ok()) << name;
    EXPECT_EQ(ToText((*f)()), result);
  }
}

// Feeds the values one after the other; the outputs of each and the state at the end.
std::string Fed(const char* name, const Json& values) {
  const auto f = FindStateful(name);
  EXPECT_TRUE(f.ok()) << name;
  if (!f.ok()) return "";
  Json state;
  std::string text;
  for (const Json& value : values.list()) {
    Mapped mapped = (*f)(state, value);
    text += ToText(mapped.out) + " ";
    state = std::move(mapped.state);
  }
  return text + ToText(state);
}

TEST(Functions, WithState) {
  EXPECT_EQ(Fed("running_count", Parsed("[5, 5]")), "[1] [2] 2");
  EXPECT_EQ(Fed("running_sum", Parsed("[5, 5]")), "[5] [10] 10");
  EXPECT_EQ(Fed("keep_max", Parsed("[-5, 5, 4]")), "[0] [5] [5] 5");
  EXPECT_EQ(Fed("running_mean_last_3", Parsed("[1, 2, 3, 4]")),
            "[1.0] [1.5] [2.0] [3.0] [2, 3, 4]");
  EXPECT_EQ(Fed("running_mean_3_test", Parsed("[1, 2, 3, 4, 5]")),
            "[1.0] [1.5] [2.0] [1.0] [3.0] [1, 5]");
  EXPECT_EQ(Fed("emit_if_larger", Parsed("[2, 5, 1, 3]")), "[2] [5] [] [3] 3");
  EXPECT_EQ(Fed("null_state_emit_was_null", Parsed("[1, 2]")), "[true] [true] null");
  EXPECT_EQ(Fed("set_new_state_emit_old", Parsed("[1, 2]")), R"([null] ["new_state"] "new_state")");
  EXPECT_EQ(Fed("shopping_cart", Parsed(R"([{"type": "order", "order_id": 1},
                                            {"type": "order", "order_id": 2},
                                            {"type": "payment", "order_id": 1}])")),
            R"([{"paid": [], "unpaid": [1]}] [{"paid": [], "unpaid": [1, 2]}] )"
            R"([{"paid": [1], "unpaid": [2]}] {"paid": [1], "unpaid": [2]})");
}

TEST(Functions, OthersAreNotFound) {
  EXPECT_EQ(FindUnary("add_two").status().message(),
            "there is no mapper, predicate or by named 'add_two'");
  EXPECT_FALSE(FindBinary("add_one").ok());
  EXPECT_FALSE(FindBuilder("one").ok());
  EXPECT_FALSE(FindStateful("add_one").ok());
}

TEST(Functions, WhatAValueConsistsOf) {
  EXPECT_EQ(ToText(Elements(Parsed("[1, 2]"))), "[1, 2]");
  EXPECT_EQ(ToText(Elements(Parsed(R"("aé")"))), R"(["a", "é"])");
  EXPECT_EQ(ToText(Elements(Parsed(R"({"a": 1})"))), R"(["a"])");
  EXPECT_EQ(Result([] { return Json(Elements(Json(1))); }), "refused");
}

}  // namespace
}  // namespace tidemark::conformance
