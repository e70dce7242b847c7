#include "state/value_codec.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "base/status.h"
#include "state/type_schema.h"

namespace tidemark {

struct Row {
  std::string text;
  bool operator==(const Row&) const = default;
};
template <>
struct ValueTraits<Row> {
  static constexpr std::string_view kName = "Row";
  static constexpr TypeKind kKind = TypeKind::kJson;
  static void Encode(const Row& row, std::string& out) { EncodeBytes(row.text, out); }
  static absl::Status Decode(std::string_view& in, Row& row) {
    std::string_view text;
    TM_RETURN_IF_ERROR(DecodeBytes(in, text));
    if (text.empty()) return absl::DataLossError("a row without text");
    row.text = std::string(text);
    return absl::OkStatus();
  }
};

namespace {

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(ToAbsl(bytes)); }
std::string FromHex(std::string_view hex) { return absl::HexStringToBytes(ToAbsl(hex)); }

template <class T>
std::string EncodedHex(const T& value) {
  return Hex(EncodeToString(value));
}

// Starts from `start`, so that leftovers of an old value are noticed.
template <class T>
T RoundTrip(const T& value, T start = T()) {
  const std::string bytes = EncodeToString(value);
  const absl::Status status = DecodeAll(bytes, start);
  EXPECT_TRUE(status.ok()) << status << " " << Hex(bytes);
  EXPECT_EQ(Hex(EncodeToString(start)), Hex(bytes));
  return start;
}

template <class T>
void ExpectSurvives(const std::vector<T>& values) {
  for (const T& value : values) {
    EXPECT_TRUE(RoundTrip(value) == value) << EncodedHex(value);
    EXPECT_TRUE(RoundTrip(value, values[0]) == value) << EncodedHex(value);
  }
}

template <class T>
void ExpectLimitsSurvive() {
  using L = std::numeric_limits<T>;
  ExpectSurvives<T>({0, 1, 63, 64, 127, L::min(), L::max(), L::max() - 1, L::max() / 2});
}

template <class T>
std::string DecodeError(std::string_view hex) {
  T value{};
  const absl::Status status = DecodeAll(FromHex(hex), value);
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
  return std::string(status.message());
}

enum class Color : int16_t { kRed, kBlue = -300 };
struct Nothing {
  bool operator==(const Nothing&) const = default;
};

TEST(ValueCodecTest, NumbersSurvive) {
  ExpectLimitsSurvive<int8_t>();
  ExpectLimitsSurvive<int16_t>();
  ExpectLimitsSurvive<int32_t>();
  ExpectLimitsSurvive<int64_t>();
  ExpectLimitsSurvive<uint8_t>();
  ExpectLimitsSurvive<uint16_t>();
  ExpectLimitsSurvive<uint32_t>();
  ExpectLimitsSurvive<uint64_t>();
  ExpectLimitsSurvive<char>();
  ExpectLimitsSurvive<char32_t>();
  ExpectLimitsSurvive<wchar_t>();
  ExpectSurvives<float>({0, 1.5, std::numeric_limits<float>::infinity()});
  ExpectSurvives<double>({0, 1e300, -std::numeric_limits<double>::infinity()});
  EXPECT_TRUE(RoundTrip(true));
  EXPECT_FALSE(RoundTrip(false, true));
  ExpectSurvives<Color>({Color::kRed, Color::kBlue});
}

TEST(ValueCodecTest, NanPayloadsAndMinusZeroSurvive) {
  for (const uint64_t bits :
       {0x7ff8000000000000u, 0xfff8000000000123u, 0x7ff0000000000001u, 0x8000000000000000u}) {
    double value = 0;
    ASSERT_TRUE(DecodeAll(EncodeToString(std::bit_cast<double>(bits)), value).ok());
    EXPECT_EQ(std::bit_cast<uint64_t>(value), bits);
  }
}

TEST(ValueCodecTest, TimesSurviveExactly) {
  const absl::Duration tick = absl::Nanoseconds(1) / 4;
  const absl::Duration longest = absl::Seconds(std::numeric_limits<int64_t>::max());
  std::vector<absl::Duration> durations = {absl::ZeroDuration(), absl::InfiniteDuration()};
  for (const absl::Duration d :
       {tick, absl::Nanoseconds(1), absl::Microseconds(1), absl::Seconds(1), absl::Hours(24),
        longest, longest + absl::Seconds(1) - tick}) {
    for (const absl::Duration near : {d - tick, d, d + tick}) {
      durations.push_back(near);
      durations.push_back(-near);
    }
  }
  ExpectSurvives(durations);
  ExpectSurvives(std::vector<absl::Duration>{absl::Seconds(std::numeric_limits<int64_t>::min())});
  std::vector<absl::Time> times = {absl::InfiniteFuture(), absl::InfinitePast()};
  for (const absl::Duration d : durations) times.push_back(absl::UnixEpoch() + d);
  ExpectSurvives(times);
  ExpectSurvives<Timestamp>({Timestamp(), Timestamp::Min(), Timestamp::Max(), Timestamp::Never()});
  ExpectSurvives<Span>({Span(), Span::Seconds(-3), Span::Infinite()});
}

TEST(ValueCodecTest, StringsSurvive) {
  std::vector<std::string> strings = {"", std::string("\0\xff", 2), "text"};
  for (const size_t size : {127, 128, 200, 253, 254, 255, 256, 257, 1000, 100'000}) {
    strings.emplace_back(size, 'x');
  }
  ExpectSurvives(strings);
  // Every way in which pieces can fall into the writer's buffer.
  for (size_t size = 0; size < 300; ++size) {
    const std::vector<std::string> pieces = {std::string(size, 'a'), std::string(size / 2, 'b'),
                                             "c"};
    EXPECT_EQ(RoundTrip(pieces), pieces);
  }
}

TEST(ValueCodecTest, ContainersSurvive) {
  ExpectSurvives<std::vector<bool>>({{}, {true, false, true}});
  ExpectSurvives<std::vector<double>>({{1.5, -0.0}, {}});
  ExpectSurvives<std::vector<char>>({{'a', 'b'}, {}});
  ExpectSurvives<std::deque<std::string>>({{"a", "b"}, {}});
  ExpectSurvives<std::vector<Nothing>>({{{}, {}}, {}});
  ExpectSurvives<std::vector<std::monostate>>({{{}, {}}, {}});
  ExpectSurvives<std::array<int, 3>>({{1, 2, 3}, {}});
  ExpectSurvives<std::array<std::string, 0>>({{}});
  ExpectSurvives<std::pair<int, std::string>>({{1, "a"}, {}});
  ExpectSurvives<std::tuple<>>({{}});
  ExpectSurvives<std::tuple<int, std::tuple<bool>>>({{3, {true}}});
  ExpectSurvives<std::optional<std::optional<int>>>({3, std::nullopt, {{std::nullopt}}});
  ExpectSurvives<std::variant<std::monostate, int, int, std::string>>(
      {"text",
       decltype(std::variant<std::monostate, int, int, std::string>())(std::in_place_index<2>, 5),
       {}});
  ExpectSurvives<std::map<std::string, int, std::greater<>>>({{{"a", 1}, {"b", 2}}, {}});
  ExpectSurvives<std::set<std::vector<int>>>({{{1}, {1, 2}}, {}});
  ExpectSurvives<absl::btree_map<int, int>>({{{1, 1}, {5, 2}}, {}});
  ExpectSurvives<std::unordered_map<std::string, int>>({{{"a", 1}, {"b", 2}}, {}});
  ExpectSurvives<absl::flat_hash_map<int, std::vector<int>>>({{{1, {1}}, {5, {}}}, {}});
  ExpectSurvives<absl::flat_hash_set<std::pair<int, std::string>>>({{{1, "b"}, {1, "a"}}, {}});
}

TEST(ValueCodecTest, HashOrderIsNotVisible) {
  std::unordered_map<int, int> up, down;
  absl::flat_hash_set<std::string> one, two;
  for (int i = 0; i < 1000; ++i) {
    up[i] = down[999 - i] = 0;
    one.insert(std::to_string(i));
    two.insert(std::to_string(999 - i));
  }
  EXPECT_EQ(EncodeToString(up), EncodeToString(down));
  EXPECT_EQ(EncodeToString(up), EncodeToString(std::map<int, int>(up.begin(), up.end())));
  EXPECT_EQ(EncodeToString(one), EncodeToString(two));
  EXPECT_EQ(EncodeToString(one), EncodeToString(std::set<std::string>(one.begin(), one.end())));
}

// Doubles have no total order, so their bytes decide; two NaNs are two keys.
TEST(ValueCodecTest, KeysWithoutATotalOrderAreSortedByTheirBytes) {
  std::unordered_map<double, int> map = {{1.5, 1}, {-1, 2}, {NAN, 3}, {0, 4}};
  map.emplace(NAN, 2);
  std::unordered_map<double, int> other(1000);
  other.emplace(NAN, 2);
  other.emplace(NAN, 3);
  other.insert({{0, 4}, {-1, 2}, {1.5, 1}});
  EXPECT_EQ(EncodeToString(map), EncodeToString(other));
  std::unordered_map<double, int> read;
  ASSERT_TRUE(DecodeAll(EncodeToString(map), read).ok());
  EXPECT_EQ(read.size(), 5u);
}

struct Node {
  int id = 0;
  std::vector<Node> children;
  std::unique_ptr<Node> next;
};

TEST(ValueCodecTest, RecursiveTypesSurvive) {
  Node root;
  root.children.resize(3);
  root.children[1].id = 7;
  root.children[1].next = std::make_unique<Node>();
  Node read;
  ASSERT_TRUE(DecodeAll(EncodeToString(root), read).ok());
  ASSERT_EQ(read.children.size(), 3u);
  EXPECT_EQ(read.children[1].id, 7);
  EXPECT_NE(read.children[1].next, nullptr);
  EXPECT_EQ(read.next, nullptr);
  EXPECT_EQ(EncodedHex(root), EncodedHex(read));
}

TEST(ValueCodecTest, CustomTypesSpeakForThemselves) {
  ExpectSurvives<std::vector<Row>>({{{"{}"}, {"[1]"}}});
  EXPECT_EQ(EncodedHex(std::optional<Row>(Row{"{}"})), "01027b7d");
  EXPECT_EQ(DecodeError<std::vector<Row>>("0100"),
            "at byte 1 of a stored value: a row without text");
}

struct Reading {
  std::string sensor;
  double celsius;
  absl::Time at;
};
struct State {
  std::optional<Reading> best;
  uint32_t count;
  std::map<std::string, int> per_day;
  std::variant<std::monostate, bool, Span> last;
};

// The worked example of docs/formats/values.md.
TEST(ValueCodecTest, TheDocumentedExampleHolds) {
  const State state{.best = Reading{"s1", 21.5, absl::FromUnixMillis(1'640'995'200'500)},
                    .count = 300,
                    .per_day = {{"a", -1}, {"b", 2}},
                    .last = Span::Seconds(1)};
  EXPECT_EQ(EncodedHex(state),
            "01"
            "027331"
            "0000000000803540"
            "80e6fc9c0c"
            "80a8d6b907"
            "ac02"
            "02"
            "016101"
            "016204"
            "02"
            "80897a");
}

TEST(ValueCodecTest, FormatsArePinned) {
  EXPECT_EQ(EncodedHex(std::monostate()), "00");
  EXPECT_EQ(EncodedHex(Nothing()), "00");
  EXPECT_EQ(EncodedHex(int8_t{-1}), "ff");
  EXPECT_EQ(EncodedHex(int16_t{-1}), "01");
  EXPECT_EQ(EncodedHex(uint16_t{300}), "ac02");
  EXPECT_EQ(EncodedHex(std::numeric_limits<uint64_t>::max()), "ffffffffffffffffff01");
  EXPECT_EQ(EncodedHex(1.0f), "0000803f");
  EXPECT_EQ(EncodedHex(Color::kBlue), "d704");
  EXPECT_EQ(EncodedHex('x'), "78");
  EXPECT_EQ(EncodedHex(Timestamp{1}), "0100000000000000");
  EXPECT_EQ(EncodedHex(absl::InfiniteDuration()), "0280d0acf30e");
  EXPECT_EQ(EncodedHex(absl::InfinitePast()), "0180d0acf30e");
  EXPECT_EQ(EncodedHex(absl::Nanoseconds(-1)), "01fccfacf30e");
  EXPECT_EQ(EncodedHex(std::unordered_set<int>{64, -1, 0}),
            "030100"
            "8001");
}

TEST(ValueCodecTest, EncodeAppendsAndDecodeConsumes) {
  std::string bytes = "before";
  EncodeValue(std::string("one"), bytes);
  EncodeValue(2, bytes);
  std::string_view in = bytes;
  in.remove_prefix(6);
  std::string one;
  int two = 0;
  ASSERT_TRUE(DecodeValue(in, one).ok());
  EXPECT_FALSE(DecodeAll(in.substr(0, 0), two).ok());
  ASSERT_TRUE(DecodeValue(in, two).ok());
  EXPECT_EQ(one, "one");
  EXPECT_EQ(two, 2);
  EXPECT_TRUE(in.empty());
}

TEST(ValueCodecTest, DamageIsNamed) {
  const auto at = [](std::string_view where, std::string_view why) {
    return Cat("a stored value is damaged at byte ", where, ": ", why);
  };
  EXPECT_EQ(DecodeError<int>(""), at("0", "it is cut off"));
  EXPECT_EQ(DecodeError<double>("00"), at("0", "it is cut off"));
  EXPECT_EQ(DecodeError<int>("0202"), at("1", "trailing bytes follow its end"));
  EXPECT_EQ(DecodeError<bool>("02"), at("1", "a flag is neither 0 nor 1"));
  EXPECT_EQ(DecodeError<std::optional<int>>("02"), at("1", "a flag is neither 0 nor 1"));
  EXPECT_EQ(DecodeError<Nothing>("01"), at("1", "an empty value is not a zero byte"));
  EXPECT_EQ(DecodeError<uint16_t>("808004"), at("3", "a number does not fit its type"));
  EXPECT_EQ(DecodeError<int16_t>("808004"), at("3", "a number does not fit its type"));
  EXPECT_EQ(DecodeError<uint64_t>("8000"), at("2", "a number is longer than it need be"));
  EXPECT_EQ(DecodeError<uint64_t>("ffffffffffffffffff02"),
            at("10", "a number has more than 64 bits"));
  EXPECT_EQ(DecodeError<std::string>("0361"), at("1", "a length exceeds what follows"));
  EXPECT_EQ(DecodeError<std::vector<double>>("010000"), at("1", "a length exceeds what follows"));
  EXPECT_EQ(DecodeError<std::vector<Nothing>>("ffffffff0f00"),
            at("5", "a length exceeds what follows"));
  EXPECT_EQ((DecodeError<std::variant<int, bool>>("0200")), at("1", "an alternative is not known"));
  EXPECT_EQ(DecodeError<std::set<int>>("020202"), at("3", "a key appears twice"));
  EXPECT_EQ((DecodeError<absl::flat_hash_map<int, bool>>("0202000201")),
            at("5", "a key appears twice"));
  EXPECT_EQ(DecodeError<absl::Time>("0081d0acf30e"), at("6", "a time or duration is out of range"));
  EXPECT_EQ(DecodeError<absl::Time>("0080d0acf30e"), at("6", "a time or duration is out of range"));
}

struct Chain {
  std::unique_ptr<Chain> next;
};

Chain ChainOf(int structs) {
  Chain chain;
  for (int i = 1; i < structs; ++i) chain = Chain{std::make_unique<Chain>(std::move(chain))};
  return chain;
}

TEST(ValueCodecTest, DepthIsBoundedOnBothSides) {
  Chain chain = ChainOf(kMaxValueDepth);
  const std::string deepest = EncodeToString(chain);
  EXPECT_TRUE(DecodeAll(deepest, chain).ok());
  EXPECT_EQ(DecodeError<Chain>(Hex("\1" + deepest)),
            "a stored value is damaged at byte 100: it nests deeper than 100 structs");
  EXPECT_DEATH(EncodeToString(ChainOf(kMaxValueDepth + 1)), "deeper than 100");
  // Hostile depth costs no stack either.
  EXPECT_FALSE(DecodeAll(std::string(1'000'000, '\1'), chain).ok());
}

// A count that cannot be trusted must not become an allocation.
TEST(ValueCodecTest, AHugeCountAllocatesLittle) {
  struct Wide {
    std::array<uint64_t, 1000> words;
  };
  std::string bytes;
  EncodeValue(uint64_t{1'000'000}, bytes);
  bytes.append(1'000'000, '\x7f');
  std::vector<std::vector<Wide>> wide;
  EXPECT_FALSE(DecodeAll(bytes, wide).ok());
  EXPECT_LT(wide.capacity(), 10'000u);
}

}  // namespace
}  // namespace tidemark
