// Reflection on plain structs: how many fields, how they are called, and a visit to each.
//
// C++20 has no reflection, and state must be recoverable without the user writing anything. So the
// field count is found by asking how many `{}` a type can be initialised from, fields are reached
// by a structured binding per count, and names are read off __PRETTY_FUNCTION__, in the one form
// that both compilers accept (see kGhost below). Everything here is evaluated by the compiler; at
// run time a visit is the same code as one written by hand.
//
// Requires: T is an aggregate without bases, C arrays, references, bit-fields or anonymous unions,
// of at most kMaxFields fields. state/reflect_types.h tells which types qualify, with a readable
// error; bit-fields and anonymous unions cannot be detected and end in the compiler's own message.
//
//   struct Reading { std::string sensor; double celsius = 0; };
//   FieldCount<Reading>();                                       // 2
//   FieldNames<Reading>();                                       // {"sensor", "celsius"}
//   TypeName<Reading>();                                         // "Reading"
//   ForEachField(reading, [](std::string_view name, auto& field) { ... });
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace tidemark {

inline constexpr int kMaxFields = 24;

namespace internal {

// `x` n times, separated by commas. Written out because `{}` cannot be the pattern of a pack.
#define TM_REPEAT_1_(x) x
#define TM_REPEAT_2_(x) TM_REPEAT_1_(x), x
#define TM_REPEAT_3_(x) TM_REPEAT_2_(x), x
#define TM_REPEAT_4_(x) TM_REPEAT_3_(x), x
#define TM_REPEAT_5_(x) TM_REPEAT_4_(x), x
#define TM_REPEAT_6_(x) TM_REPEAT_5_(x), x
#define TM_REPEAT_7_(x) TM_REPEAT_6_(x), x
#define TM_REPEAT_8_(x) TM_REPEAT_7_(x), x
#define TM_REPEAT_9_(x) TM_REPEAT_8_(x), x
#define TM_REPEAT_10_(x) TM_REPEAT_9_(x), x
#define TM_REPEAT_11_(x) TM_REPEAT_10_(x), x
#define TM_REPEAT_12_(x) TM_REPEAT_11_(x), x
#define TM_REPEAT_13_(x) TM_REPEAT_12_(x), x
#define TM_REPEAT_14_(x) TM_REPEAT_13_(x), x
#define TM_REPEAT_15_(x) TM_REPEAT_14_(x), x
#define TM_REPEAT_16_(x) TM_REPEAT_15_(x), x
#define TM_REPEAT_17_(x) TM_REPEAT_16_(x), x
#define TM_REPEAT_18_(x) TM_REPEAT_17_(x), x
#define TM_REPEAT_19_(x) TM_REPEAT_18_(x), x
#define TM_REPEAT_20_(x) TM_REPEAT_19_(x), x
#define TM_REPEAT_21_(x) TM_REPEAT_20_(x), x
#define TM_REPEAT_22_(x) TM_REPEAT_21_(x), x
#define TM_REPEAT_23_(x) TM_REPEAT_22_(x), x
#define TM_REPEAT_24_(x) TM_REPEAT_23_(x), x
#define TM_REPEAT_25_(x) TM_REPEAT_24_(x), x

// V(count, names of so many bindings...)
#define TM_FIELD_COUNTS_(V)                                                  \
  V(1, a)                                                                    \
  V(2, a, b)                                                                 \
  V(3, a, b, c)                                                              \
  V(4, a, b, c, d)                                                           \
  V(5, a, b, c, d, e)                                                        \
  V(6, a, b, c, d, e, f)                                                     \
  V(7, a, b, c, d, e, f, g)                                                  \
  V(8, a, b, c, d, e, f, g, h)                                               \
  V(9, a, b, c, d, e, f, g, h, i)                                            \
  V(10, a, b, c, d, e, f, g, h, i, j)                                        \
  V(11, a, b, c, d, e, f, g, h, i, j, k)                                     \
  V(12, a, b, c, d, e, f, g, h, i, j, k, l)                                  \
  V(13, a, b, c, d, e, f, g, h, i, j, k, l, m)                               \
  V(14, a, b, c, d, e, f, g, h, i, j, k, l, m, n)                            \
  V(15, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o)                         \
  V(16, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p)                      \
  V(17, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q)                   \
  V(18, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r)                \
  V(19, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s)             \
  V(20, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t)          \
  V(21, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u)       \
  V(22, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v)    \
  V(23, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w) \
  V(24, a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x)

// Counts direct elements: an explicit `{}` initialises a whole nested struct or array, where a
// value would trickle into it (brace elision) and be counted wrongly. kMaxFields + 1 is "too many".
template <class T>
constexpr int CountElements() {
  int count = 0;
#define TM_COUNT_(n, ...) \
  if constexpr (requires { T{TM_REPEAT_##n##_({})}; }) count = n;
  TM_FIELD_COUNTS_(TM_COUNT_)
#undef TM_COUNT_
  if constexpr (requires { T{TM_REPEAT_25_({})}; }) count = kMaxFields + 1;
  return count;
}

template <class T>
inline constexpr int kElements = CountElements<T>();

struct Anything {
  template <class U>
  constexpr operator U() const;
};

// A field whose type has an explicit default constructor cannot be initialised from `{}`, which
// ends the count too early. Without this test such a struct could pass for an empty one.
template <class T>
constexpr bool HasExplicitElement() {
  if constexpr (kElements<T> == 0) return !std::is_empty_v<T>;
#define TM_PROBE_(n, ...)                                 \
  else if constexpr (kElements<T> == n) return requires { \
    T{TM_REPEAT_##n##_({}), Anything()};                  \
  };
  TM_FIELD_COUNTS_(TM_PROBE_)
#undef TM_PROBE_
  else return false;
}

template <class T>
inline constexpr bool kHasExplicitElement = HasExplicitElement<T>();

// Converts to the bases of T only, so T can be initialised from it only where T has one.
template <class T>
struct BaseOf {
  template <class B>
  requires(std::is_base_of_v<B, T> && !std::is_same_v<B, T>) constexpr operator B() const;
};

template <class T>
inline constexpr bool kHasBase = requires {
  T{BaseOf<T>{}};
};

// Calls visit(fields...) with all fields of `value` at once.
template <class T, class Visit>
constexpr decltype(auto) WithFields(T& value, Visit&& visit) {
  constexpr int kCount = kElements<std::remove_const_t<T>>;
  static_assert(kCount <= kMaxFields, "Tidemark: a struct of more than 24 fields");
  if constexpr (kCount == 0) {
    return visit();
  }
#define TM_BIND_(n, ...)            \
  else if constexpr (kCount == n) { \
    auto& [__VA_ARGS__] = value;    \
    return visit(__VA_ARGS__);      \
  }
  TM_FIELD_COUNTS_(TM_BIND_)
#undef TM_BIND_
}

// A T that is never constructed. The address of a field of it is a constant, and the compiler
// spells that constant with the field's name. An undeclared `extern T` would do for most types, but
// not for local ones, which cannot have a definition elsewhere.
template <class T>
union Ghost {
  char unused;
  T value;
  constexpr Ghost() : unused() {}
  ~Ghost() {}
};
template <class T>
inline constinit Ghost<T> kGhost{};

// Clang 14 does not take a bare pointer to a subobject as template argument, but a class around it.
template <class Pointer>
struct Box {
  Pointer pointer;
};
template <class Pointer>
Box(Pointer) -> Box<Pointer>;

// `auto` as return type keeps GCC from explaining the alias std::string_view in the text.
template <auto kBox>
constexpr auto SpellBox() {
  return std::string_view(__PRETTY_FUNCTION__);
}
template <class T>
constexpr auto SpellType() {
  return std::string_view(__PRETTY_FUNCTION__);
}

constexpr bool IsIdentifierByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '$' || static_cast<unsigned char>(c) >= 0x80;
}

// The identifier that `text` ends with; empty when it ends otherwise.
constexpr std::string_view LastIdentifier(std::string_view text) {
  size_t start = text.size();
  while (start > 0 && IsIdentifierByte(text[start - 1])) --start;
  return text.substr(start);
}

// GCC:   "... [with auto kBox = Box<double*>{(& kGhost<Reading>. ... ::Reading::celsius)}]"
// Clang: "... [kBox = {&kGhost.value.celsius}]"
constexpr std::string_view FieldNameIn(std::string_view spelled) {
  while (!spelled.empty() && !IsIdentifierByte(spelled.back())) spelled.remove_suffix(1);
  return LastIdentifier(spelled);
}

// GCC:   "... [with T = {anonymous}::Window<int>]", "... [with T = Test()::Local]"
// Clang: "... [T = (anonymous namespace)::Window<int>]", "... [T = Local]"
constexpr std::string_view TypeNameIn(std::string_view spelled) {
  if (!spelled.empty() && spelled.back() == ']') spelled.remove_suffix(1);
  if (!spelled.empty() && spelled.back() == '>') {
    int open = 0;
    while (!spelled.empty()) {
      const char c = spelled.back();
      spelled.remove_suffix(1);
      open += c == '>' ? 1 : c == '<' ? -1 : 0;
      if (open == 0) break;
    }
  }
  const std::string_view name = LastIdentifier(spelled);
  return name.empty() ? std::string_view("unnamed") : name;
}

template <class T>
constexpr auto FieldNamesOf() {
  constexpr size_t kCount = kElements<T>;
  return []<size_t... I>(std::index_sequence<I...>) {
    [[maybe_unused]] constexpr auto kFields =
        WithFields(kGhost<T>.value, [](auto&... field) { return std::make_tuple(&field...); });
    return std::array<std::string_view, kCount>{
        FieldNameIn(SpellBox<Box{std::get<I>(kFields)}>())...};
  }
  (std::make_index_sequence<kCount>());
}

template <class T>
inline constexpr auto kFieldNames = FieldNamesOf<T>();

}  // namespace internal

template <class T>
constexpr int FieldCount() {
  return internal::kElements<T>;
}

// In the order of declaration. The views live as long as the program.
template <class T>
constexpr const std::array<std::string_view, internal::kElements<T>>& FieldNames() {
  return internal::kFieldNames<T>;
}

// Short and the same on both compilers: without namespaces, enclosing functions and template
// arguments ("Window" for `Window<int>`), so it is for people and not an identity.
template <class T>
constexpr std::string_view TypeName() {
  return internal::TypeNameIn(internal::SpellType<T>());
}

// Calls visit(name, field) for each field in the order of declaration; const where `value` is.
template <class T, class Visit>
constexpr void ForEachField(T& value, Visit&& visit) {
  internal::WithFields(value, [&visit](auto&... field) {
    [[maybe_unused]] size_t index = 0;
    (visit(internal::kFieldNames<std::remove_const_t<T>>[index++], field), ...);
  });
}

}  // namespace tidemark
