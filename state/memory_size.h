// MemoryBytes: about how much memory a value holds, for the budget of hot state.
//
// An estimate from sizes and capacities, and by the usual layouts of the containers; the
// allocator's own overhead is a constant per block. Good to some 20 %, which is enough to decide
// when clean state is evicted. A value without heap parts costs nothing to measure.
//
//   budget.Charge(MemoryBytes(state));
#pragma once

#include <cstddef>
#include <deque>
#include <string>
#include <tuple>
#include <type_traits>
#include <variant>
#include <vector>

#include "state/reflect.h"
#include "state/reflect_recoverable.h"
#include "state/reflect_types.h"

namespace tidemark {

// Inline and heap.
template <class T>
size_t MemoryBytes(const T& value);

namespace internal {

inline constexpr size_t kBlockOverhead = 8;      // malloc's, per allocation
inline constexpr size_t kTreeNodeOverhead = 32;  // colour and three pointers
inline constexpr size_t kHashNodeOverhead = 16;  // next pointer and cached hash

// False for types all of whose bytes are inline, so that a vector of them needs no loop.
template <class... T>
constexpr bool MayOwnHeap(TypeList<T...>);
template <class T>
constexpr bool MayOwnHeap() {
  switch (ShapeOf<T>()) {
    case Shape::kCustom:
    case Shape::kString:
    case Shape::kPointer:
    case Shape::kList:
    case Shape::kSet:
    case Shape::kMap:
      return true;
    default:
      return MayOwnHeap(Parts<T>());
  }
}
template <class... T>
constexpr bool MayOwnHeap(TypeList<T...>) {
  return (MayOwnHeap<T>() || ...);
}

inline size_t Block(size_t bytes) { return bytes == 0 ? 0 : bytes + kBlockOverhead; }

template <class T>
size_t HeapBytes(const T& value);

template <class C>
size_t HeapOfElements(const C& container) {
  size_t bytes = 0;
  if constexpr (MayOwnHeap<typename C::value_type>()) {
    for (const auto& element : container) bytes += HeapBytes(element);
  }
  return bytes;
}

template <class C>
size_t HeapOfKeyed(const C& container) {
  using Element = typename C::value_type;
  size_t bytes = 0;
  if constexpr (Ordered<C>) {
    bytes = container.size() * (sizeof(Element) + kTreeNodeOverhead + kBlockOverhead);
  } else if constexpr (requires { container.capacity(); }) {
    bytes = Block(container.capacity() * (sizeof(Element) + 1));  // absl's: slots and control bytes
  } else {
    bytes = Block(container.bucket_count() * sizeof(void*)) +
            container.size() * (sizeof(Element) + kHashNodeOverhead + kBlockOverhead);
  }
  if constexpr (MapLike<C>) {
    using Key = typename C::key_type;
    using Mapped = typename C::mapped_type;
    if constexpr (MayOwnHeap<Key>() || MayOwnHeap<Mapped>()) {
      for (const auto& [key, mapped] : container) bytes += HeapBytes(key) + HeapBytes(mapped);
    }
    return bytes;
  } else {
    return bytes + HeapOfElements(container);
  }
}

// What `value` owns outside its own sizeof.
template <class T>
size_t HeapBytes(const T& value) {
  constexpr Shape kShape = ShapeOf<T>();
  if constexpr (!MayOwnHeap<T>()) {
    return 0;
  } else if constexpr (InPieces<T>) {
    return value.heap_bytes();
  } else if constexpr (kShape == Shape::kString) {
    constexpr size_t kInlineChars = 15;
    return value.capacity() > kInlineChars ? Block(value.capacity() + 1) : 0;
  } else if constexpr (kShape == Shape::kOptional) {
    return value ? HeapBytes(*value) : 0;
  } else if constexpr (kShape == Shape::kPointer) {
    return value ? Block(sizeof(*value)) + HeapBytes(*value) : 0;
  } else if constexpr (kShape == Shape::kList) {
    using Element = typename T::value_type;
    if constexpr (std::is_same_v<T, std::vector<bool>>) {
      return Block(value.capacity() / 8);
    } else if constexpr (kIsA<T, std::vector>) {
      return Block(value.capacity() * sizeof(Element)) + HeapOfElements(value);
    } else {
      constexpr size_t kChunk = 512;  // a deque holds at least one, also when it is empty
      return 2 * Block(kChunk) + value.size() * sizeof(Element) + HeapOfElements(value);
    }
  } else if constexpr (kShape == Shape::kArray) {
    return HeapOfElements(value);
  } else if constexpr (kShape == Shape::kTuple) {
    return std::apply([](const auto&... part) { return (HeapBytes(part) + ... + 0); }, value);
  } else if constexpr (kShape == Shape::kVariant) {
    if (value.valueless_by_exception()) return 0;
    return std::visit([](const auto& alternative) { return HeapBytes(alternative); }, value);
  } else if constexpr (kShape == Shape::kSet || kShape == Shape::kMap) {
    return HeapOfKeyed(value);
  } else if constexpr (kShape == Shape::kStruct) {
    return WithFields(value, [](const auto&... field) { return (HeapBytes(field) + ... + 0); });
  } else {
    static_assert(kShape == Shape::kCustom);
    const size_t bytes = ValueTraits<T>::MemoryBytes(value);
    return bytes > sizeof(T) ? bytes - sizeof(T) : 0;
  }
}

}  // namespace internal

template <class T>
size_t MemoryBytes(const T& value) {
  (void)internal::RequireRecoverable<T>();
  if constexpr (RecoverableState<T>) {
    return sizeof(T) + internal::HeapBytes(value);
  } else {
    return sizeof(T);
  }
}

}  // namespace tidemark
