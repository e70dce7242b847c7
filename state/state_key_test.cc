#include "state/state_key.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <memory>

#include "absl/strings/escaping.h"
#include "base/random.h"
#include "base/status.h"
#include "gtest/gtest.h"
#include "tests/support/test_seed.h"

namespace tidemark {
namespace {

using std::string_literals::operator""s;

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }

struct AppendPart {
  std::string& out;
  void operator()(std::monostate) const { AppendKeyNull(out); }
  void operator()(bool value) const { AppendKeyBool(value, out); }
  void operator()(int64_t value) const { AppendKeyInt(value, out); }
  void operator()(uint64_t value) const { AppendKeyUint(value, out); }
  void operator()(double value) const { AppendKeyDouble(value, out); }
  void operator()(const std::string& value) const { AppendKeyString(value, out); }
  void operator()(Timestamp value) const { AppendKeyTime(value, out); }
};

std::string Encode(const std::vector<KeyPart>& parts) {
  std::string key;
  for (const KeyPart& part : parts) std::visit(AppendPart{key}, part);
  return key;
}

std::string StringKey(std::string_view value) { return Encode({std::string(value)}); }
std::string IntKey(int64_t value) { return Encode({value}); }

// A copy without a byte behind it, so that a sanitizer sees a read beyond the end.
struct ExactCopy {
  explicit ExactCopy(std::string_view bytes)
      : data(std::make_unique<char[]>(bytes.size())), view(data.get(), bytes.size()) {
    std::copy(bytes.begin(), bytes.end(), data.get());
  }
  std::unique_ptr<char[]> data;
  std::string_view view;
};

int64_t RandomInt(Random& random) {
  const auto bits = static_cast<int64_t>(random.Next());
  return random.OneIn(2) ? bits : bits >> random.Below(63);  // small ones, too
}

std::string RandomText(Random& random) {
  std::string text;
  for (uint64_t n = random.Below(6); n > 0; --n)
    text.push_back("\0\1\x08 a\xfe\xff"[random.Below(7)]);
  return text;
}

double RandomDouble(Random& random) {
  if (random.OneIn(8)) return 0;
  const double value = std::bit_cast<double>(random.Next());
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

KeyPart RandomPart(Random& random) {
  switch (random.Below(7)) {
    case 0:
      return std::monostate();
    case 1:
      return random.OneIn(2);
    case 2:
      return RandomInt(random);
    case 3:
      return static_cast<uint64_t>(RandomInt(random));
    case 4:
      return RandomDouble(random);
    case 5:
      return Timestamp{RandomInt(random)};
    default:
      return RandomText(random);
  }
}

// Types in the order of their tags, then values in their own order. The variant's alternatives
// stand in another order than the tags: strings come last.
int Rank(const KeyPart& part) {
  static constexpr int kRanks[] = {0, 1, 2, 3, 4, 6, 5};
  return kRanks[part.index()];
}

bool Less(const std::vector<KeyPart>& a, const std::vector<KeyPart>& b) {
  return std::lexicographical_compare(a.begin(), a.end(), b.begin(), b.end(),
                                      [](const KeyPart& x, const KeyPart& y) {
                                        return Rank(x) != Rank(y) ? Rank(x) < Rank(y) : x < y;
                                      });
}

template <class T>
void ExpectAscending(const std::vector<T>& values) {
  for (size_t i = 1; i < values.size(); ++i) {
    EXPECT_LT(Encode({values[i - 1]}), Encode({values[i]})) << "values " << i - 1 << " and " << i;
    EXPECT_EQ(ParseUserKey(Encode({values[i]})).value(), std::vector<KeyPart>{values[i]});
  }
}

TEST(UserKeyTest, BytesAreAsDocumented) {
  EXPECT_EQ(Hex(Encode({std::monostate()})), "08");
  EXPECT_EQ(Hex(Encode({false})), "1000");
  EXPECT_EQ(Hex(Encode({true})), "1001");
  EXPECT_EQ(Hex(Encode({int64_t{7}})), "188000000000000007");
  EXPECT_EQ(Hex(Encode({int64_t{-1}})), "187fffffffffffffff");
  EXPECT_EQ(Hex(Encode({uint64_t{7}})), "200000000000000007");
  EXPECT_EQ(Hex(Encode({1.0})), "28bff0000000000000");
  EXPECT_EQ(Hex(Encode({-1.0})), "28400fffffffffffff");
  EXPECT_EQ(Hex(Encode({Timestamp{1}})), "308000000000000001");
  EXPECT_EQ(Hex(StringKey("us")), "4075730001");
  EXPECT_EQ(Hex(StringKey("a\0b"s)), "406100ff620001");
  EXPECT_EQ(Hex(StringKey("")), "400001");
  EXPECT_EQ(Hex(Encode({})), "");
}

TEST(UserKeyTest, OrderIsThatOfTheValuesAtTheExtremes) {
  using Int = std::numeric_limits<int64_t>;
  using Double = std::numeric_limits<double>;
  ExpectAscending<int64_t>(
      {Int::min(), Int::min() + 1, -256, -255, -1, 0, 1, 255, 256, Int::max() - 1, Int::max()});
  ExpectAscending<uint64_t>({0, 1, 255, 256, uint64_t{1} << 63, ~uint64_t{0}});
  ExpectAscending<double>({-Double::infinity(), Double::lowest(), -1, -Double::min(),
                           -Double::denorm_min(), 0, Double::denorm_min(), Double::min(), 1,
                           Double::max(), Double::infinity()});
  ExpectAscending<Timestamp>({Timestamp{Int::min()}, Timestamp::Min(), Timestamp{-1}, Timestamp{0},
                              Timestamp::Max(), Timestamp::Never()});
  ExpectAscending<std::string>({"", "\0"s, "\0\0"s, "\0\1"s, "\0\xff"s, "\1", "a", "a\0"s, "a\0b"s,
                                "a\1", "ab", "b", "\xc3\x28", "\xff", "\xff\xff"});
  EXPECT_LT(Encode({Double::infinity()}), Encode({Double::quiet_NaN()}));
}

TEST(UserKeyTest, EqualNumbersHaveEqualBytes) {
  EXPECT_EQ(Encode({-0.0}), Encode({0.0}));
  EXPECT_EQ(Encode({-std::numeric_limits<double>::quiet_NaN()}),
            Encode({std::bit_cast<double>(uint64_t{0xfff8'0000'dead'beef})}));
  EXPECT_FALSE(std::signbit(std::get<double>(ParseUserKey(Encode({-0.0})).value()[0])));
}

TEST(UserKeyTest, RandomKeysSortLikeTheirPartsAndRoundTrip) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::vector<KeyPart> a;
    for (uint64_t n = random.Below(4); n > 0; --n) a.push_back(RandomPart(random));
    // Half of the time a close neighbour, which is where an order goes wrong.
    std::vector<KeyPart> b = random.OneIn(2) ? a : std::vector<KeyPart>();
    if (!b.empty() && random.OneIn(2)) b.pop_back();
    if (random.OneIn(2)) b.push_back(RandomPart(random));
    const std::string a_bytes = Encode(a);
    const std::string b_bytes = Encode(b);
    ASSERT_EQ(a_bytes < b_bytes, Less(a, b)) << Hex(a_bytes) << " and " << Hex(b_bytes);
    ASSERT_EQ(a_bytes == b_bytes, a == b) << Hex(a_bytes) << " and " << Hex(b_bytes);
    ASSERT_EQ(ParseUserKey(a_bytes).value(), a) << Hex(a_bytes);
  }
}

TEST(UserKeyTest, MalformedBytesAreAnError) {
  const std::string malformed[] = {
      "\x00"s,
      "\x01"s,
      "\x07"s,
      "\x09"s,
      "\x41"s,
      "\xff"s,  // no tags
      "\x10"s,
      "\x10\x02"s,  // no bool
      "\x18"s,
      "\x18\x80\0\0\0\0\0\0"s,  // cut off
      "\x40"s,
      "\x40us"s,
      "\x40us\0"s,
      "\x40us\0\x02"s,                          // no end, no escape
      "\x28\x7f\xff\xff\xff\xff\xff\xff\xff"s,  // -0.0
      "\x28\xff\xf8\0\0\0\0\0\1"s,
      "\x28\0\0\0\0\0\0\0\0"s,  // other NaNs
      IntKey(1) + "\x01"s,
      StringKey("a") + "b",
      "a" + StringKey("a"),
  };
  for (const std::string& bytes : malformed) {
    const ExactCopy copy(bytes);
    EXPECT_EQ(ParseUserKey(copy.view).status().code(), absl::StatusCode::kInvalidArgument)
        << Hex(bytes);
    EXPECT_EQ(FormatUserKey(copy.view), "malformed:" + Hex(bytes));
    EXPECT_EQ(UserKeyToJson(copy.view), "{\"malformed\":\"" + Hex(bytes) + "\"}");
  }
}

TEST(UserKeyTest, WhateverParsesHasExactlyTheseBytes) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  int parsed = 0;
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes;
    for (uint64_t n = random.Below(3); n > 0; --n) bytes += Encode({RandomPart(random)});
    if (!bytes.empty()) {
      const size_t at = random.Below(bytes.size());
      if (random.OneIn(2)) bytes[at] = static_cast<char>(random.Next());
      if (random.OneIn(3)) bytes.resize(at);
    }
    const ExactCopy copy(bytes);
    if (const auto parts = ParseUserKey(copy.view); parts.ok()) {
      ASSERT_EQ(Hex(Encode(*parts)), Hex(bytes));
      ++parsed;
    }
  }
  EXPECT_GT(parsed, 5'000);
}

TEST(UserKeyTest, PeopleSeePlainText) {
  EXPECT_EQ(FormatUserKey(StringKey("sensor 7")), "sensor 7");
  EXPECT_EQ(FormatUserKey(IntKey(-7)), "-7");
  for (const char* text : {"5", "-7", "1e3", "null", "true", ""}) {
    EXPECT_EQ(FormatUserKey(StringKey(text)), Cat("\"", text, "\"")) << "not the value";
  }
  for (const char* text : {"5 m", "2022-01-01", "-", "nullable", "Infinity"}) {
    EXPECT_EQ(FormatUserKey(StringKey(text)), text);
  }
  EXPECT_EQ(FormatUserKey(Encode({~uint64_t{0}})), "18446744073709551615");
  EXPECT_EQ(FormatUserKey(Encode({0.1})), "0.1");
  EXPECT_EQ(FormatUserKey(Encode({"us"s, int64_t{7}, true, std::monostate()})),
            "(us, 7, true, null)");
  EXPECT_EQ(FormatUserKey(Encode({Timestamp{1'640'995'200'000'000}})), "2022-01-01T00:00:00Z");
  EXPECT_EQ(FormatUserKey(""), "()");
  EXPECT_EQ(FormatUserKey(StringKey("Zürich")), "Zürich");
  EXPECT_EQ(FormatUserKey(StringKey("a\0\x1b[31m\xff\xc2\x9b"s)), "a\\x00\\x1b[31m\\xff\\xc2\\x9b");
}

TEST(UserKeyTest, MachinesSeeJson) {
  EXPECT_EQ(UserKeyToJson(StringKey("sensor 7")), "\"sensor 7\"");
  EXPECT_EQ(UserKeyToJson(StringKey("\"\\\n\0"s)), "\"\\\"\\\\\\u000a\\u0000\"");
  EXPECT_EQ(UserKeyToJson(StringKey("Zürich")), "\"Zürich\"");
  EXPECT_EQ(UserKeyToJson(StringKey("\xff\0"s)), "{\"hex\":\"ff00\"}");
  EXPECT_EQ(UserKeyToJson(IntKey(std::numeric_limits<int64_t>::min())), "-9223372036854775808");
  EXPECT_EQ(UserKeyToJson(Encode({"us"s, 0.5, false, std::monostate()})),
            "[\"us\",0.5,false,null]");
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_EQ(UserKeyToJson(Encode({infinity, -infinity, std::nan("")})),
            "[\"Infinity\",\"-Infinity\",\"NaN\"]");
  EXPECT_EQ(UserKeyToJson(Encode({Timestamp{500'000}})), "\"1970-01-01T00:00:00.500000Z\"");
  EXPECT_EQ(UserKeyToJson(""), "[]");
}

TEST(UserKeyTest, OnlyWellFormedUtf8IsShownAsText) {
  const auto shown = [](std::string_view text) { return UserKeyToJson(StringKey(text))[0] == '"'; };
  for (const char* text : {"\x7f", "\u0080", "\u07ff", "\u0800", "\ud7ff", "\ue000", "\uffff",
                           "\U00010000", "\U0010ffff"}) {
    EXPECT_TRUE(shown(text)) << Hex(text);
  }
  for (const char* text :
       {"\x80", "\xc0\x80", "\xc1\xbf", "\xc2", "\xe0\x9f\xbf", "\xe2\x82", "\xed\xa0\x80",
        "\xf0\x8f\xbf\xbf", "\xf0\x90\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xff"}) {
    EXPECT_FALSE(shown(text)) << Hex(text);
  }
}

TEST(KeyGroupTest, IsPinned) {
  // Stored rows lie under these: a change here is a change of the format.
  EXPECT_EQ(kKeyGroups, 128);
  EXPECT_EQ(KeyGroupOf(""), 22);
  EXPECT_EQ(KeyGroupOf(StringKey("us")), 79);
  EXPECT_EQ(KeyGroupOf(IntKey(0)), 118);
  EXPECT_EQ(KeyGroupOf(IntKey(7)), 121);
  EXPECT_EQ(KeyGroupOf(StringKey("a\0b"s)), 45);
}

TEST(KeyGroupTest, SpreadsKeysEvenly) {
  std::vector<int> sizes(kKeyGroups, 0);
  for (int i = 0; i < 100 * kKeyGroups; ++i) ++sizes.at(KeyGroupOf(IntKey(i)));
  EXPECT_GT(*std::min_element(sizes.begin(), sizes.end()), 60);
  EXPECT_LT(*std::max_element(sizes.begin(), sizes.end()), 150);
}

// The worked example of docs/formats/state-rows.md.
TEST(RowKeyTest, BytesAreAsDocumented) {
  std::string key = "what was there before is replaced";
  EXPECT_EQ(Hex(MetaRowKey("epoch")), "0165706f6368");
  MainRowKey(StepId{3}, StringKey("us"), key);
  EXPECT_EQ(Hex(key), "104f00000003407573000101");
  SubRowKey(StepId{3}, StringKey("us"), EpochSuffix(Epoch{42}), key);
  EXPECT_EQ(Hex(key), "104f00000003407573000102000000000000002a");
  MainRowKey(StepId{3}, Encode({"us"s, int64_t{-7}}), key);
  EXPECT_EQ(Hex(key), "1076000000034075730001187ffffffffffffff901");
  MainRowKey(StepId{3}, StringKey("a\0b"s), key);
  EXPECT_EQ(Hex(key), "102d00000003406100ff62000101");
  TimerRowKey(StepId{3}, Timestamp{1'640'995'200'000'000}, StringKey("us"), key);
  EXPECT_EQ(Hex(key), "20000000038005d479f7f960004075730001");
}

TEST(RowKeyTest, RandomRowsRoundTrip) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  std::string key;
  for (int i = 0; i < 5'000; ++i) {
    std::string user_key;
    for (uint64_t n = random.Below(3); n > 0; --n) user_key += Encode({RandomPart(random)});
    const StepId step{static_cast<uint32_t>(random.Next())};

    MainRowKey(step, user_key, key);
    StateRowKey row = ParseStateRowKey(key).value();
    ASSERT_EQ(row.group, KeyGroupOf(user_key));
    ASSERT_EQ(row.step, step);
    ASSERT_EQ(row.user_key, user_key);
    ASSERT_EQ(row.kind, RowKind::kMain);
    ASSERT_EQ(row.suffix, "");

    const std::string suffix = RandomText(random);
    SubRowKey(step, user_key, suffix, key);
    row = ParseStateRowKey(key).value();
    ASSERT_EQ(row.step, step);
    ASSERT_EQ(row.user_key, user_key);
    ASSERT_EQ(row.kind, RowKind::kSub);
    ASSERT_EQ(row.suffix, suffix);

    const Timestamp at{RandomInt(random)};
    TimerRowKey(step, at, user_key, key);
    const TimerRow timer = ParseTimerRowKey(key).value();
    ASSERT_EQ(timer.at, at);
    ASSERT_EQ(timer.step, step);
    ASSERT_EQ(timer.user_key, user_key);
  }
}

TEST(RowKeyTest, DamagedRowsAreDataLossOrOtherWholeRows) {
  const uint64_t seed = TestSeed();
  SCOPED_TRACE(HowToRepeat(seed));
  Random random(seed);
  for (int i = 0; i < 20'000; ++i) {
    std::string key;
    if (random.OneIn(2)) {
      SubRowKey(StepId{1}, Encode({RandomPart(random)}), RandomText(random), key);
    } else {
      TimerRowKey(StepId{1}, Timestamp{RandomInt(random)}, Encode({RandomPart(random)}), key);
    }
    const size_t at = random.Below(key.size());
    if (random.OneIn(2)) key[at] = static_cast<char>(random.Next());
    if (random.OneIn(2)) key.resize(at);
    const ExactCopy copy(key);
    std::string again;
    if (const auto row = ParseStateRowKey(copy.view); row.ok()) {
      row->kind == RowKind::kMain ? MainRowKey(row->step, row->user_key, again)
                                  : SubRowKey(row->step, row->user_key, row->suffix, again);
      ASSERT_EQ(Hex(again), Hex(key));
    } else {
      ASSERT_TRUE(absl::IsDataLoss(row.status()));
    }
    if (const auto timer = ParseTimerRowKey(copy.view); timer.ok()) {
      TimerRowKey(timer->step, timer->at, timer->user_key, again);
      ASSERT_EQ(Hex(again), Hex(key));
    } else {
      ASSERT_TRUE(absl::IsDataLoss(timer.status()));
    }
  }
}

TEST(RowKeyTest, RowsInAForeignGroupAreDataLoss) {
  std::string key;
  MainRowKey(StepId{1}, IntKey(5), key);
  key[1] = static_cast<char>(key[1] ^ 1);
  EXPECT_TRUE(absl::IsDataLoss(ParseStateRowKey(key).status()));
}

TEST(RowRangeTest, AStepsRowsOfAGroupAndNoOthers) {
  for (const StepId step : {StepId{0}, StepId{7}, StepId{0xff}, StepId{0xffff'ffff}}) {
    for (int i = 0; i < 300; ++i) {
      std::string key;
      SubRowKey(step, IntKey(i), "\xff\xff", key);
      const int group = KeyGroupOf(IntKey(i));
      const auto contains = [&](int g, StepId s) {
        const RowRange range = StepGroupRange(g, s);
        return range.from <= key && key < range.to;
      };
      EXPECT_TRUE(contains(group, step));
      EXPECT_FALSE(contains(group, StepId{step.value + 1}));
      EXPECT_FALSE(contains((group + 1) % kKeyGroups, step));
    }
  }
}

TEST(RowRangeTest, StartsBehindTheRowsOfAKeyAndBeforeLongerKeys) {
  const std::string us = StringKey("us");
  const std::string from = StepGroupRange(KeyGroupOf(us), StepId{3}, us).from;
  std::string last_row;
  SubRowKey(StepId{3}, us, std::string(40, '\xff'), last_row);
  EXPECT_LT(last_row, from);
  // As if the longer key lay in the same group: the order within the group is what counts.
  std::string longer_key = last_row.substr(0, 6) + us + Encode({std::monostate()}) + "\x01";
  EXPECT_LT(from, longer_key);
}

TEST(RowRangeTest, TimersOfAStepBetweenTwoTimes) {
  const Timestamp times[] = {Timestamp{std::numeric_limits<int64_t>::min()},
                             Timestamp::Min(),
                             Timestamp{-1},
                             Timestamp{0},
                             Timestamp{255},
                             Timestamp::Max(),
                             Timestamp::Never()};
  const std::string keys[] = {"", IntKey(0), StringKey("\xff\xff\xff")};
  for (const StepId step : {StepId{0}, StepId{7}, StepId{0xffff'ffff}}) {
    for (const Timestamp from : times) {
      for (const Timestamp until : times) {
        const RowRange range = TimerRange(step, from, until);
        EXPECT_LE(range.from, range.to);
        for (const Timestamp at : times) {
          for (const std::string& user_key : keys) {
            std::string key;
            TimerRowKey(step, at, user_key, key);
            EXPECT_EQ(range.from <= key && key < range.to, from <= at && at <= until);
            TimerRowKey(StepId{step.value ^ 1}, at, user_key, key);
            EXPECT_FALSE(range.from <= key && key < range.to);
          }
        }
      }
    }
  }
}

}  // namespace
}  // namespace tidemark
