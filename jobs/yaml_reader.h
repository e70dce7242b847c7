// YamlMap and the Read… functions: what a key of a map must hold, with every mistake reported.
//
//   YamlMap map(value, "a batch", {"name", "max_items"}, problems);   // reports unknown keys
//   if (const YamlEntry* entry = map.Find("max_items")) {
//     batch.max_items = ReadWholeNumber(*entry, {.min = 1}, problems);  // nothing: was reported
//   }
//
// Messages name the key, say what it must be and what was found: "max_items must be a whole
// number, found 'many'". They stand at the value's place, those about a key at the key's.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/timestamp.h"
#include "jobs/problems.h"
#include "jobs/yaml_tree.h"

namespace tidemark {

// A map whose keys are known. Used by one function; neither outlives the value nor the problems.
class YamlMap {
 public:
  // Reports keys that are not in `keys`, with the one that was probably meant, and keys that are
  // there twice. "x-…" among them stands for all keys that begin so. Requires value.is_map().
  // `what` it is: "a batch".
  YamlMap(const YamlValue& value, std::string_view what, std::vector<std::string_view> keys,
          Problems& problems);

  // Null when the key is not there.
  const YamlEntry* Find(std::string_view key) const;
  // As Find, but that it is missing is a problem, at the map's place: "a batch needs a <key>".
  const YamlEntry* Require(std::string_view key, std::string_view what_is_missing) const;
  // Those of `keys` that are there, in the order of the text.
  std::vector<const YamlEntry*> FindAll(std::span<const std::string_view> keys) const;
  // Whether an unknown key was probably meant to be one of `keys`: that those are missing is then
  // no mistake of its own.
  bool Misspells(std::span<const std::string_view> keys) const;

  Place place() const { return value_.place; }

 private:
  const YamlValue& value_;
  Problems& problems_;
  std::map<std::string_view, const YamlEntry*> found_;
  std::set<std::string_view> misspelt_;
};

// Reports that `key` must be something else than what `value` is: "<key> must be <what>, found …".
void ReportWrong(std::string_view key, std::string_view what, const YamlValue& value,
                 Problems& problems);

struct WholeRange {
  int64_t min = std::numeric_limits<int64_t>::min();
  int64_t max = std::numeric_limits<int64_t>::max();
};
enum class SpanRange {
  kZeroOrMore,       // and finite
  kZeroOrMoreOrInf,  // `inf` included
  kMoreThanZero,     // `inf` included
  kMoreThanZeroFinite,
};

// Each gives nothing when it has reported why.
std::optional<int64_t> ReadWholeNumber(const YamlEntry& entry, WholeRange range,
                                       Problems& problems);
// Finite, zero or more.
std::optional<double> ReadAmount(const YamlEntry& entry, Problems& problems);
// Not empty, and in quotes where YAML would take it for a number or a boolean.
std::optional<std::string> ReadText(const YamlEntry& entry, Problems& problems);
std::optional<Span> ReadSpan(const YamlEntry& entry, SpanRange range, Problems& problems);
std::optional<Timestamp> ReadTimestamp(const YamlEntry& entry, Problems& problems);
std::optional<uint64_t> ReadByteSize(const YamlEntry& entry, uint64_t min, Problems& problems);
// The index of the word.
std::optional<size_t> ReadWord(const YamlEntry& entry, std::span<const std::string_view> words,
                               Problems& problems);
// Whether the word under `key`, where there is one, is the second of two.
std::optional<bool> ReadChoice(const YamlMap& map, std::string_view key,
                               const std::array<std::string_view, 2>& words, Problems& problems);

}  // namespace tidemark
