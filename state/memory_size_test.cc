#include "state/memory_size.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "absl/status/status.h"
#include "state/type_schema.h"

namespace tidemark {

struct Blob {
  explicit Blob(size_t bytes) : bytes(bytes) {}
  Blob() = default;
  size_t bytes = 0;
};
template <>
struct ValueTraits<Blob> {
  static constexpr std::string_view kName = "Blob";
  static constexpr TypeKind kKind = TypeKind::kBytes;
  static size_t MemoryBytes(const Blob& blob) { return sizeof(Blob) + blob.bytes; }
};

namespace {

constexpr size_t kOverhead = 8;

struct Point {
  int64_t x = 0, y = 0;
  std::optional<double> z;
};
struct Named {
  Point point;
  std::string name;
  std::vector<Point> path;
};

TEST(MemoryBytesTest, FlatValuesAreTheirSize) {
  EXPECT_EQ(MemoryBytes(Point{}), sizeof(Point));
  EXPECT_EQ(MemoryBytes(std::string("short")), sizeof(std::string));
  EXPECT_EQ(MemoryBytes(std::vector<int>()), sizeof(std::vector<int>));
  EXPECT_EQ(MemoryBytes(std::variant<int, std::string>(3)), sizeof(std::variant<int, std::string>));
}

TEST(MemoryBytesTest, CountsCapacityAndWhatElementsOwn) {
  Named named;
  named.path.reserve(10);
  named.name.reserve(99);
  EXPECT_EQ(MemoryBytes(named),
            sizeof(Named) + 10 * sizeof(Point) + kOverhead + named.name.capacity() + 1 + kOverhead);
  const std::vector<std::string> strings(3, std::string(100, 'x'));
  EXPECT_EQ(MemoryBytes(strings), sizeof(std::vector<std::string>) + 3 * sizeof(std::string) +
                                      kOverhead + 3 * (101 + kOverhead));
  const std::tuple<int, std::optional<std::string>> tuple{1, std::string(100, 'x')};
  EXPECT_EQ(MemoryBytes(tuple), sizeof(tuple) + 101 + kOverhead);
  const std::array<std::unique_ptr<Point>, 2> pointers{std::make_unique<Point>(), nullptr};
  EXPECT_EQ(MemoryBytes(pointers), sizeof(pointers) + sizeof(Point) + kOverhead);
}

TEST(MemoryBytesTest, MapsCountNodesAndSlots) {
  std::map<int, std::string> tree{{1, std::string(100, 'x')}, {2, ""}};
  EXPECT_GE(MemoryBytes(tree), sizeof(std::map<int, std::string>) +
                                   2 * (sizeof(std::pair<const int, std::string>) + 32) + 101);
  absl::flat_hash_map<int64_t, int64_t> flat;
  flat.reserve(1000);
  EXPECT_GE(MemoryBytes(flat), 1000 * (16 + 1u));
  EXPECT_LE(MemoryBytes(flat), 4000 * (16 + 1u));
  std::unordered_map<int64_t, int64_t> hash;
  for (int i = 0; i < 1000; ++i) hash[i] = i;
  EXPECT_GE(MemoryBytes(hash), 1000 * 32u);
  EXPECT_LE(MemoryBytes(hash), 1000 * 80u);
}

TEST(MemoryBytesTest, ACustomTypeTellsItsOwn) {
  EXPECT_EQ(MemoryBytes(Blob(1000)), sizeof(Blob) + 1000);
  std::vector<Blob> blobs;
  blobs.reserve(2);
  blobs.emplace_back(5);
  blobs.emplace_back(7);
  EXPECT_EQ(MemoryBytes(blobs), sizeof(std::vector<Blob>) + 2 * sizeof(Blob) + kOverhead + 12);
}

struct Node {
  std::vector<Node> children;
  std::unique_ptr<Node> next;
};

TEST(MemoryBytesTest, RecursiveTypesAreCountedThrough) {
  Node node;
  node.children.resize(1);
  node.children[0].next = std::make_unique<Node>();
  EXPECT_EQ(MemoryBytes(node), 3 * sizeof(Node) + 2 * kOverhead);
}

}  // namespace
}  // namespace tidemark
