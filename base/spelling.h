// ClosestWord: what somebody who misspelt a word probably meant.
//
//   ClosestWord("max_item", {"name", "max_items"});   // "max_items"
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace tidemark {

// How many letters have to be inserted, removed, replaced or swapped with their neighbour to make
// `b` of `a`. Upper and lower case count as equal; bytes beyond ASCII count one by one.
size_t EditDistance(std::string_view a, std::string_view b);

// The nearest of `words`, the first of several; nothing when none is near enough to be more than a
// guess (about one mistake in three letters).
std::optional<std::string_view> ClosestWord(std::string_view word,
                                            std::span<const std::string_view> words);

// "file, stdin, generator"
std::string ListOf(std::span<const std::string_view> words);

}  // namespace tidemark
