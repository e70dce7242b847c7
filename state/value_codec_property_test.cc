// Random values of deeply nested types, and what random damage does to their bytes.
//
// A failure names its seed; it is repeated alone by TM_SEED=<seed> (bazel:
// --test_env=TM_SEED=<seed>).
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/flat_hash_map.h"
#include "absl/strings/escaping.h"
#include "base/random.h"
#include "base/status.h"
#include "state/memory_size.h"
#include "state/type_schema.h"
#include "state/value_codec.h"
#include "state/value_codec_random.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

enum class Color : int8_t {};

struct Point {
  double x, y;
  std::optional<std::string> label;
  bool operator==(const Point&) const = default;
};

struct Flat {
  std::monostate none;
  bool flag;
  char letter;
  int8_t i8;
  int16_t i16;
  int32_t i32;
  int64_t i64;
  uint8_t u8;
  uint16_t u16;
  uint32_t u32;
  uint64_t u64;
  float f;
  double d;
  std::string text;
  absl::Time time;
  absl::Duration duration;
  Timestamp timestamp;
  Span span;
  Color color;
  bool operator==(const Flat&) const = default;
};

struct Nested {
  Flat flat;
  std::vector<Point> points;
  std::deque<std::vector<bool>> bits;
  std::array<std::optional<float>, 3> floats;
  std::map<std::string, std::vector<Nested>> tree;
  std::set<std::pair<int, std::string>> ordered;
  std::unordered_map<std::string, std::vector<uint8_t>> hashed;
  std::unordered_set<int64_t> numbers;
  absl::flat_hash_map<std::tuple<int16_t, bool>, Point> flat_hashed;
  absl::btree_map<Timestamp, std::variant<std::monostate, int, Point, std::string>> timeline;
  std::tuple<> unit;
  std::variant<std::vector<Nested>, double> either;
  bool operator==(const Nested&) const = default;
};

struct Tree {
  Nested value;
  std::unique_ptr<Tree> left, right;
};

// Well-formed JSON: a value, and where it ends. Strict enough to find a missing comma or quote.
class JsonChecker {
 public:
  static bool IsJson(std::string_view text) {
    JsonChecker checker(text);
    return checker.Value() && checker.at_ == text.size();
  }

 private:
  explicit JsonChecker(std::string_view text) : text_(text) {}

  bool Take(char c) {
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool Word(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  bool String() {
    if (!Take('"')) return false;
    for (; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (static_cast<unsigned char>(text_[at_]) < 0x20) return false;
      if (text_[at_] == '\\') ++at_;
    }
    return Take('"');
  }
  bool Number() {
    const size_t start = at_;
    while (at_ < text_.size() &&
           std::string_view("+-.0123456789e").find(text_[at_]) != text_.npos) {
      ++at_;
    }
    return at_ > start;
  }
  bool Members(char close, bool named) {
    if (Take(close)) return true;
    do {
      if (named && !(String() && Take(':'))) return false;
      if (!Value()) return false;
    } while (Take(','));
    return Take(close);
  }
  bool Value() {
    if (Take('{')) return Members('}', true);
    if (Take('[')) return Members(']', false);
    return Word("null") || Word("true") || Word("false") || String() || Number();
  }

  std::string_view text_;
  size_t at_ = 0;
};

// Calls check(random) once per seed.
template <class Check>
void ForSeeds(uint64_t count, Check&& check) {
  const char* only = std::getenv("TM_SEED");
  const uint64_t first = only == nullptr ? 1 : std::strtoull(only, nullptr, 10);
  const uint64_t last = only == nullptr ? count : first;
  for (uint64_t seed = first; seed <= last; ++seed) {
    SCOPED_TRACE(Cat("repeat with TM_SEED=", seed));
    Random random(seed);
    check(random);
    if (testing::Test::HasFatalFailure()) return;
  }
}

template <class T>
void ExpectSurvives(const T& value) {
  const std::string bytes = EncodeToString(value);
  T read{};
  const absl::Status status = DecodeAll(bytes, read);
  ASSERT_TRUE(status.ok()) << status;
  if constexpr (requires { read == value; }) {
    ASSERT_TRUE(read == value);
  }
  ASSERT_EQ(EncodeToString(read), bytes);
  ASSERT_GE(MemoryBytes(read), sizeof(T));
}

// Reads damaged bytes by type and by schema: both agree on whether they are whole, but for values
// of which only the type knows that keys are unique.
template <class T>
void ReadHostile(const TypeSchema& schema, std::string_view bytes) {
  // A copy of its own size, so that ASAN sees a read past the end.
  const auto exact = std::make_unique<char[]>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), exact.get());
  const std::string_view view(exact.get(), bytes.size());
  T value{};
  const absl::Status status = DecodeAll(view, value);
  const absl::StatusOr<std::string> json = ValueToJson(schema, view);
  if (status.ok()) {
    ASSERT_TRUE(json.ok()) << json.status();
    ASSERT_TRUE(JsonChecker::IsJson(*json)) << *json;
  } else {
    ASSERT_EQ(status.code(), absl::StatusCode::kDataLoss) << status;
    const bool only_the_type_knows = ToStd(status.message()).find("twice") != std::string::npos;
    ASSERT_TRUE(!json.ok() || only_the_type_knows) << status << *json;
  }
}

TEST(ValueCodecPropertyTest, RandomValuesSurvive) {
  ForSeeds(2000, [](Random& random) {
    ExpectSurvives(RandomValue<Flat>(random));
    ExpectSurvives(RandomValue<Nested>(random));
    ExpectSurvives(RandomValue<Tree>(random, 4));
    ExpectSurvives(RandomValue<std::vector<std::variant<Point, std::vector<Color>>>>(random, 20));
  });
}

TEST(ValueCodecPropertyTest, RandomValuesAreJson) {
  const TypeSchema schema = SchemaOf<Tree>();
  ForSeeds(1000, [&](Random& random) {
    const absl::StatusOr<std::string> json =
        ValueToJson(schema, EncodeToString(RandomValue<Tree>(random, 5)));
    ASSERT_TRUE(json.ok()) << json.status();
    ASSERT_TRUE(JsonChecker::IsJson(*json)) << *json;
  });
}

TEST(ValueCodecPropertyTest, EveryTruncationIsDataLoss) {
  const TypeSchema schema = SchemaOf<Nested>();
  ForSeeds(60, [&](Random& random) {
    const std::string bytes = EncodeToString(RandomValue<Nested>(random, 4));
    for (size_t size = 0; size < bytes.size(); ++size) {
      Nested value;
      ASSERT_FALSE(DecodeAll(std::string_view(bytes).substr(0, size), value).ok()) << size;
      ReadHostile<Nested>(schema, std::string_view(bytes).substr(0, size));
    }
  });
}

TEST(ValueCodecPropertyTest, FlippedBitsNeverCrash) {
  const TypeSchema schema = SchemaOf<Tree>();
  ForSeeds(1500, [&](Random& random) {
    std::string bytes = EncodeToString(RandomValue<Tree>(random, 4));
    for (int i = 0; i < 8; ++i) {
      for (uint64_t flips = 1 + random.Below(4); flips > 0; --flips) {
        char& byte = bytes[random.Below(bytes.size())];
        byte = static_cast<char>(byte ^ (1 << random.Below(8)));
      }
      ReadHostile<Tree>(schema, bytes);
    }
  });
}

TEST(ValueCodecPropertyTest, RandomBytesNeverCrash) {
  const TypeSchema schema = SchemaOf<Nested>();
  ForSeeds(20'000, [&](Random& random) {
    std::string bytes(random.Below(400), '\0');
    // Small bytes are likely, so that flags and counts pass and reading goes on.
    const bool small = random.OneIn(2);
    for (char& c : bytes) c = static_cast<char>(small ? random.Below(4) : random.Next());
    ReadHostile<Nested>(schema, bytes);
  });
}

}  // namespace
}  // namespace tidemark
