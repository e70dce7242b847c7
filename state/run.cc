#include "state/run.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>
#include <utility>

#include "base/check.h"

namespace tidemark {
namespace {

// One operation while it is being sorted. Everything that a comparison or the result needs is here,
// so that sorting walks this array and goes to the chunks only where prefixes are equal.
struct Entry {
  uint64_t prefix;  // eight bytes of the key from the depth being sorted, big endian
  const char* key;  // in a builder's chunk; the value follows it
  uint32_t key_bytes;
  uint32_t value_bytes;
  uint64_t order;  // twice the place among all operations, plus one for a delete

  std::string_view Key() const { return {key, key_bytes}; }
  bool IsDelete() const { return (order & 1) != 0; }
};

constexpr size_t kChunkBytesMin = size_t{4} << 10;
constexpr size_t kChunkBytesMax = size_t{1} << 20;
constexpr size_t kBuckets = 1 << 16;
// Below this many rows, counting into kBuckets costs more than it saves.
constexpr size_t kRowsForBuckets = 4096;
// Below this many rows, finding the shared bytes costs more than comparing keys.
constexpr ptrdiff_t kRowsForPrefixes = 24;
// Bounds the recursion for keys made to be slow: behind it keys are compared as a whole.
constexpr int kPrefixRounds = 6;

// The first two bytes: of a state row its kind and its key group (state/state_key.h), so that a
// large run falls into 128 parts of about equal size, each of which fits the processor's cache.
size_t BucketOf(std::string_view key) {
  const auto byte = [&](size_t i) -> size_t {
    return i < key.size() ? static_cast<unsigned char>(key[i]) : 0;
  };
  return byte(0) << 8 | byte(1);
}

std::string_view Rest(const Entry& entry, size_t depth) {
  return entry.Key().substr(std::min<size_t>(depth, entry.key_bytes));
}

// Padded with zeros, so equal prefixes do not mean equal bytes: "a" and "a\0" have the same.
uint64_t PrefixAt(const Entry& entry, size_t depth) {
  const std::string_view rest = Rest(entry, depth);
  uint64_t prefix = 0;
  std::memcpy(&prefix, rest.data(), std::min<size_t>(rest.size(), sizeof(prefix)));
  if constexpr (std::endian::native == std::endian::little) prefix = __builtin_bswap64(prefix);
  return prefix;
}

// How many bytes from `depth` on all keys have in common.
size_t SharedBytes(const Entry* begin, const Entry* end, size_t depth) {
  std::string_view shared = Rest(*begin, depth);
  for (const Entry* e = begin + 1; e != end && !shared.empty(); ++e) {
    const std::string_view rest = Rest(*e, depth);
    const size_t limit = std::min(shared.size(), rest.size());
    size_t same = 0;
    while (same < limit && shared[same] == rest[same]) ++same;
    shared = shared.substr(0, same);
  }
  return shared.size();
}

// Sorts by key, and operations on one key by their order. Requires that the keys agree in their
// first `depth` bytes, where a key that ends earlier counts as going on with zeros.
void SortEntries(Entry* begin, Entry* end, size_t depth, int rounds) {
  if (end - begin < kRowsForPrefixes || rounds == 0) {
    std::sort(begin, end, [depth](const Entry& a, const Entry& b) {
      if (const int c = Rest(a, depth).compare(Rest(b, depth)); c != 0) return c < 0;
      // Without a rest a key may still differ from another by the zeros that its padding has taken
      // the place of: then the shorter one is the smaller.
      if (a.key_bytes != b.key_bytes) return a.key_bytes < b.key_bytes;
      return a.order < b.order;
    });
    return;
  }
  depth += SharedBytes(begin, end, depth);
  for (Entry* e = begin; e != end; ++e) e->prefix = PrefixAt(*e, depth);
  std::sort(begin, end, [](const Entry& a, const Entry& b) { return a.prefix < b.prefix; });
  for (Entry* first = begin; first != end;) {
    Entry* last = first + 1;
    while (last != end && last->prefix == first->prefix) ++last;
    if (last - first > 1) SortEntries(first, last, depth + sizeof(uint64_t), rounds - 1);
    first = last;
  }
}

// Sorted by start, and none touches the next: a reader meets as few of them as possible.
std::vector<SortedRun::Range> JoinRanges(std::vector<SortedRun::Range> ranges) {
  std::sort(ranges.begin(), ranges.end(),
            [](const auto& a, const auto& b) { return a.from < b.from; });
  std::vector<SortedRun::Range> joined;
  for (SortedRun::Range& range : ranges) {
    if (!joined.empty() && range.from <= joined.back().to) {
      if (joined.back().to < range.to) joined.back().to = std::move(range.to);
    } else {
      joined.push_back(std::move(range));
    }
  }
  return joined;
}

}  // namespace

// For a row of so many bytes, in one piece.
char* RunBuilder::Room(size_t bytes) {
  if (chunks_.empty() || chunk_bytes_ - chunk_used_ < bytes) {  // empty: moved from
    chunk_bytes_ = std::max(bytes, std::clamp(2 * chunk_bytes_, kChunkBytesMin, kChunkBytesMax));
    chunk_used_ = 0;
    chunks_.push_back(std::make_unique_for_overwrite<char[]>(chunk_bytes_));
  }
  char* const room = chunks_.back().get() + chunk_used_;
  chunk_used_ += bytes;
  bytes_ += bytes;
  return room;
}

void RunBuilder::Put(std::string_view key, std::string_view value) {
  TM_CHECK(key.size() <= std::numeric_limits<uint32_t>::max(), "a row key fits 4 GiB");
  TM_CHECK(value.size() <= std::numeric_limits<uint32_t>::max(), "a row fits 4 GiB");
  char* const room = Room(key.size() + value.size());
  std::copy(key.begin(), key.end(), room);
  std::copy(value.begin(), value.end(), room + key.size());
  ops_.push_back({.key = room,
                  .key_bytes = static_cast<uint32_t>(key.size()),
                  .value_bytes = static_cast<uint32_t>(value.size()),
                  .is_delete = false});
}

void RunBuilder::Delete(std::string_view key) {
  Put(key, {});
  ops_.back().is_delete = true;
}

void RunBuilder::DeleteRange(std::string_view from, std::string_view to) {
  // Also catches an empty `to`, which means "to the end" elsewhere and nothing here.
  TM_CHECK(from <= to, "a range to delete runs from the smaller key to the greater");
  if (from < to) ranges_.push_back({std::string(from), std::string(to)});
}

SortedRun SortedRun::Merge(std::vector<RunBuilder> builders) {
  SortedRun run;
  run.builders_ = std::move(builders);
  size_t total = 0;
  std::vector<Range> ranges;
  for (RunBuilder& builder : run.builders_) {
    total += builder.ops_.size();
    for (RunBuilder::Range& range : builder.ranges_) {
      ranges.push_back({std::move(range.from), std::move(range.to)});
    }
    builder.ranges_.clear();
  }

  // Where each bucket begins; a small run is one bucket.
  const bool use_buckets = total >= kRowsForBuckets;
  const auto key_of = [](const RunBuilder::Op& op) {
    return std::string_view(op.key, op.key_bytes);
  };
  std::vector<size_t> starts(use_buckets ? kBuckets + 1 : 2, 0);
  if (use_buckets) {
    for (const RunBuilder& builder : run.builders_) {
      for (const RunBuilder::Op& op : builder.ops_) ++starts[BucketOf(key_of(op)) + 1];
    }
    for (size_t i = 1; i < starts.size(); ++i) starts[i] += starts[i - 1];
  } else {
    starts[1] = total;
  }

  std::vector<Entry> entries(total);
  std::vector<size_t> next(starts.begin(), starts.end() - 1);
  uint64_t order = 0;
  for (RunBuilder& builder : run.builders_) {
    for (const RunBuilder::Op& op : builder.ops_) {
      const std::string_view key = key_of(op);
      entries[next[use_buckets ? BucketOf(key) : 0]++] = {.prefix = 0,
                                                          .key = key.data(),
                                                          .key_bytes = op.key_bytes,
                                                          .value_bytes = op.value_bytes,
                                                          .order = order | op.is_delete};
      order += 2;
    }
    builder.ops_ = {};  // the rows say it from here on
  }

  run.rows_.reserve(total);
  for (size_t bucket = 0; bucket + 1 < starts.size(); ++bucket) {
    Entry* const begin = entries.data() + starts[bucket];
    Entry* const end = entries.data() + starts[bucket + 1];
    if (begin == end) continue;
    SortEntries(begin, end, 0, kPrefixRounds);
    for (const Entry* e = begin; e != end; ++e) {
      if (e + 1 != end && e[1].Key() == e->Key()) continue;  // a later operation on this key wins
      run.rows_.push_back({.key = e->Key(),
                           .value = {e->key + e->key_bytes, e->value_bytes},
                           .is_delete = e->IsDelete()});
      run.bytes_ += size_t{e->key_bytes} + e->value_bytes;
    }
  }
  run.ranges_ = JoinRanges(std::move(ranges));
  for (const Range& range : run.ranges_) run.bytes_ += range.from.size() + range.to.size();
  return run;
}

}  // namespace tidemark
