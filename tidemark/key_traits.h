// KeyTraits: how a key type becomes bytes that sort like the key.
//
// Keys may be std::string, bool, integers, enums, double, absl::Time, std::optional of these, and
// std::pair or std::tuple of all of them. For a type of your own, specialise:
//
//   template <> struct tidemark::KeyTraits<Isin> {
//     static void Append(const Isin& key, std::string& out) { AppendKeyString(key.text, out); }
//     static absl::StatusOr<Isin> FromParts(std::span<const KeyPart>& parts);   // takes its parts
//   };
#pragma once

#include <concepts>
#include <optional>
#include <span>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "base/status.h"
#include "state/state_key.h"

namespace tidemark {

template <class K>
struct KeyTraits;

namespace internal {

inline absl::Status WrongKey() { return absl::DataLossError("a stored key has another type"); }

template <class Part>
absl::StatusOr<Part> TakePart(std::span<const KeyPart>& parts) {
  if (parts.empty() || !std::holds_alternative<Part>(parts[0])) return WrongKey();
  Part part = std::get<Part>(parts[0]);
  parts = parts.subspan(1);
  return part;
}

}  // namespace internal

template <>
struct KeyTraits<std::string> {
  static void Append(const std::string& key, std::string& out) { AppendKeyString(key, out); }
  static absl::StatusOr<std::string> FromParts(std::span<const KeyPart>& parts) {
    return internal::TakePart<std::string>(parts);
  }
};

template <>
struct KeyTraits<bool> {
  static void Append(bool key, std::string& out) { AppendKeyBool(key, out); }
  static absl::StatusOr<bool> FromParts(std::span<const KeyPart>& parts) {
    return internal::TakePart<bool>(parts);
  }
};

template <>
struct KeyTraits<double> {
  static void Append(double key, std::string& out) { AppendKeyDouble(key, out); }
  static absl::StatusOr<double> FromParts(std::span<const KeyPart>& parts) {
    return internal::TakePart<double>(parts);
  }
};

template <class K>
requires std::signed_integral<K>
struct KeyTraits<K> {
  static void Append(K key, std::string& out) { AppendKeyInt(key, out); }
  static absl::StatusOr<K> FromParts(std::span<const KeyPart>& parts) {
    TM_ASSIGN_OR_RETURN(const int64_t wide, internal::TakePart<int64_t>(parts));
    if (!std::in_range<K>(wide)) return internal::WrongKey();
    return static_cast<K>(wide);
  }
};

template <class K>
requires std::unsigned_integral<K>
struct KeyTraits<K> {
  static void Append(K key, std::string& out) { AppendKeyUint(key, out); }
  static absl::StatusOr<K> FromParts(std::span<const KeyPart>& parts) {
    TM_ASSIGN_OR_RETURN(const uint64_t wide, internal::TakePart<uint64_t>(parts));
    if (!std::in_range<K>(wide)) return internal::WrongKey();
    return static_cast<K>(wide);
  }
};

template <class K>
requires std::is_enum_v<K>
struct KeyTraits<K> {
  static void Append(K key, std::string& out) { AppendKeyInt(static_cast<int64_t>(key), out); }
  static absl::StatusOr<K> FromParts(std::span<const KeyPart>& parts) {
    TM_ASSIGN_OR_RETURN(const int64_t number, internal::TakePart<int64_t>(parts));
    return static_cast<K>(number);
  }
};

// Microseconds; a time outside the years 1 to 9999 is clamped to the nearer end.
template <>
struct KeyTraits<absl::Time> {
  static void Append(absl::Time key, std::string& out) {
    const auto at = Timestamp::FromAbsl(key);
    AppendKeyTime(at.ok()                   ? *at
                  : key < absl::UnixEpoch() ? Timestamp::Min()
                                            : Timestamp::Max(),
                  out);
  }
  static absl::StatusOr<absl::Time> FromParts(std::span<const KeyPart>& parts) {
    TM_ASSIGN_OR_RETURN(const Timestamp at, internal::TakePart<Timestamp>(parts));
    return at.ToAbsl();
  }
};

template <class K>
struct KeyTraits<std::optional<K>> {
  static void Append(const std::optional<K>& key, std::string& out) {
    key ? KeyTraits<K>::Append(*key, out) : AppendKeyNull(out);
  }
  static absl::StatusOr<std::optional<K>> FromParts(std::span<const KeyPart>& parts) {
    if (!parts.empty() && std::holds_alternative<std::monostate>(parts[0])) {
      parts = parts.subspan(1);
      return std::optional<K>();
    }
    TM_ASSIGN_OR_RETURN(K key, KeyTraits<K>::FromParts(parts));
    return std::optional<K>(std::move(key));
  }
};

template <class... Ks>
struct KeyTraits<std::tuple<Ks...>> {
  static void Append(const std::tuple<Ks...>& key, std::string& out) {
    std::apply([&](const Ks&... part) { (KeyTraits<Ks>::Append(part, out), ...); }, key);
  }
  static absl::StatusOr<std::tuple<Ks...>> FromParts(std::span<const KeyPart>& parts) {
    absl::Status status;
    // Braced initialisers are evaluated from left to right.
    std::tuple<std::optional<Ks>...> taken{[&]() -> std::optional<Ks> {
      auto part = status.ok() ? KeyTraits<Ks>::FromParts(parts) : absl::StatusOr<Ks>(status);
      if (!part.ok()) {
        status = part.status();
        return {};
      }
      return *std::move(part);
    }()...};
    TM_RETURN_IF_ERROR(status);
    return std::apply([](auto&... part) { return std::tuple<Ks...>(*std::move(part)...); }, taken);
  }
};

template <class A, class B>
struct KeyTraits<std::pair<A, B>> {
  static void Append(const std::pair<A, B>& key, std::string& out) {
    KeyTraits<A>::Append(key.first, out);
    KeyTraits<B>::Append(key.second, out);
  }
  static absl::StatusOr<std::pair<A, B>> FromParts(std::span<const KeyPart>& parts) {
    TM_ASSIGN_OR_RETURN(A a, KeyTraits<A>::FromParts(parts));
    TM_ASSIGN_OR_RETURN(B b, KeyTraits<B>::FromParts(parts));
    return std::pair<A, B>(std::move(a), std::move(b));
  }
};

template <class K>
concept KeyType = requires(const K& key, std::string& out, std::span<const KeyPart>& parts) {
  KeyTraits<K>::Append(key, out);
  { KeyTraits<K>::FromParts(parts) } -> std::same_as<absl::StatusOr<K>>;
};

// Replaces `out`.
template <KeyType K>
void EncodeKey(const K& key, std::string& out) {
  out.clear();
  KeyTraits<K>::Append(key, out);
}

template <KeyType K>
absl::StatusOr<K> DecodeKey(std::string_view bytes) {
  TM_ASSIGN_OR_RETURN(const std::vector<KeyPart> parts, ParseUserKey(bytes));
  std::span<const KeyPart> rest(parts);
  TM_ASSIGN_OR_RETURN(K key, KeyTraits<K>::FromParts(rest));
  if (!rest.empty()) return internal::WrongKey();
  return key;
}

}  // namespace tidemark
