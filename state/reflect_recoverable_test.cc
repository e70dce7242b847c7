#include "state/reflect_recoverable.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "absl/container/btree_map.h"
#include "absl/container/btree_set.h"
#include "absl/container/flat_hash_map.h"
#include "absl/container/flat_hash_set.h"
#include "absl/container/node_hash_map.h"
#include "state/type_schema.h"

namespace tidemark {

// Not a plain struct, and its default constructor is explicit.
class Money {
 public:
  explicit Money(int64_t cents = 0) : cents_(cents) {}
  int64_t cents() const { return cents_; }

 private:
  int64_t cents_;
};
template <>
struct ValueTraits<Money> {
  static constexpr TypeKind kKind = TypeKind::kI64;
};

namespace {

using internal::Obstacle;

template <class T>
constexpr Obstacle ObstacleOf() {
  return internal::Judgement<T>::kObstacle;
}
template <class T>
using CulpritOf = typename internal::Judgement<T>::Culprit;

struct Empty {};
enum class Color : uint8_t { kRed };

struct Tree {
  std::vector<Tree> children;
  std::unique_ptr<Tree> next;
  std::map<std::string, Tree> by_name;
  std::variant<std::monostate, std::vector<std::optional<Tree>>> more;
};

TEST(RecoverableStateTest, HoldsForWhatIsSupported) {
  static_assert(RecoverableState<int8_t> && RecoverableState<uint64_t> &&
                RecoverableState<char16_t>);
  static_assert(RecoverableState<bool> && RecoverableState<char> && RecoverableState<Color>);
  static_assert(RecoverableState<float> && RecoverableState<double>);
  static_assert(RecoverableState<std::string> && RecoverableState<std::monostate>);
  static_assert(RecoverableState<absl::Time> && RecoverableState<absl::Duration>);
  static_assert(RecoverableState<Timestamp> && RecoverableState<Span>);
  static_assert(RecoverableState<std::optional<std::vector<bool>>>);
  static_assert(RecoverableState<std::unique_ptr<int>>);
  static_assert(RecoverableState<std::deque<std::array<std::string, 0>>>);
  static_assert(RecoverableState<std::pair<int, std::tuple<>>>);
  static_assert(RecoverableState<std::variant<int, std::set<int>>>);
  static_assert(RecoverableState<std::unordered_map<std::string, std::unordered_set<int>>>);
  static_assert(RecoverableState<absl::flat_hash_map<int, absl::flat_hash_set<int>>>);
  static_assert(RecoverableState<absl::btree_map<int, absl::btree_set<int>>>);
  static_assert(RecoverableState<absl::node_hash_map<int, int>>);
  static_assert(RecoverableState<std::map<std::string, int, std::greater<>>>);
  static_assert(RecoverableState<Empty> && RecoverableState<Tree> && RecoverableState<Money>);
}

struct HoldsPointer {
  int a;
  int* b;
};
struct HoldsReference {
  int& a;
};
struct HoldsConstReference {
  int b;
  const int& a;
};
struct HoldsArray {
  int a[3];
  int b;
};
struct HoldsShortArray {
  std::string a[1];
};
struct HoldsView {
  std::string_view text;
};
struct HoldsConst {
  const int a = 3;
};
struct Derived : HoldsConst {
  int b;
};
struct DerivedFromEmpty : Empty {
  int b;
};
struct HoldsExplicit {
  Money price;
};
struct HoldsExplicitLater {
  int a;
  Money price = Money(3);
  int b = 1;
};
struct HoldsOnlyExplicit {
  Money price = Money(3);
};
class Closed {
 public:
  int value() const { return value_; }

 private:
  int value_ = 0;
};
union Either {
  int a;
  float b;
};
struct TooMany {
  int a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16, a17, a18, a19, a20,
      a21, a22, a23, a24, a25;
};
template <int kLevels>
struct NestedOptional {
  using Type = std::optional<typename NestedOptional<kLevels - 1>::Type>;
};
template <>
struct NestedOptional<0> {
  using Type = int;
};

TEST(RecoverableStateTest, NamesTheObstacle) {
  static_assert(ObstacleOf<HoldsPointer>() == Obstacle::kPointer);
  static_assert(std::is_same_v<CulpritOf<HoldsPointer>, int*>);
  static_assert(ObstacleOf<std::shared_ptr<int>>() == Obstacle::kPointer);
  static_assert(ObstacleOf<int&>() == Obstacle::kPointer);
  static_assert(ObstacleOf<HoldsReference>() == Obstacle::kNoDefault);
  static_assert(ObstacleOf<HoldsConstReference>() == Obstacle::kNoDefault);
  static_assert(ObstacleOf<HoldsArray>() == Obstacle::kCArray);
  static_assert(ObstacleOf<HoldsShortArray>() == Obstacle::kCArray);
  static_assert(ObstacleOf<HoldsView>() == Obstacle::kView);
  static_assert(ObstacleOf<HoldsConst>() == Obstacle::kConst);
  static_assert(ObstacleOf<Derived>() == Obstacle::kBase);
  static_assert(ObstacleOf<DerivedFromEmpty>() == Obstacle::kBase);
  static_assert(ObstacleOf<HoldsExplicit>() == Obstacle::kNoDefault);
  static_assert(ObstacleOf<HoldsExplicitLater>() == Obstacle::kNoDefault);
  static_assert(ObstacleOf<HoldsOnlyExplicit>() == Obstacle::kNoDefault);
  static_assert(ObstacleOf<Closed>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<Either>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<long double>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<void>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<std::multimap<int, int>>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<std::unique_ptr<int[]>>() == Obstacle::kNotPlain);
  static_assert(ObstacleOf<TooMany>() == Obstacle::kTooManyFields);
  static_assert(ObstacleOf<NestedOptional<kMaxTypeNesting>::Type>() == Obstacle::kNone);
  static_assert(ObstacleOf<NestedOptional<kMaxTypeNesting + 1>::Type>() == Obstacle::kTooDeep);
}

struct Outer {
  Tree fine;
  std::map<int, std::vector<std::pair<Empty, HoldsPointer>>> deep;
};

TEST(RecoverableStateTest, FindsTheCulpritDeepInside) {
  static_assert(!RecoverableState<Outer>);
  static_assert(ObstacleOf<Outer>() == Obstacle::kPointer);
  static_assert(std::is_same_v<CulpritOf<Outer>, int*>);
  static_assert(std::is_same_v<CulpritOf<std::vector<Derived>>, Derived>);
}

}  // namespace
}  // namespace tidemark
