// KeyValue: an item of a keyed stream.
#pragma once

namespace tidemark {

template <class K, class V>
struct KeyValue {
  using Key = K;
  using Value = V;
  K key{};
  V value{};
  bool operator==(const KeyValue&) const = default;
};

}  // namespace tidemark
