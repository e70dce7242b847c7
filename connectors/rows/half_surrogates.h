// Half of a surrogate pair in JSON: "\ud83d" without the "\ude00" that completes the character.
//
// JSON's grammar allows such an escape, and programs write it when they truncate a text in the
// middle of an emoji. It does not denote a character, so no text can hold it; yet a row that has it
// in an unused field is a good row. The parser refuses the whole row, so it is given another text,
// in which each such escape is replaced by a character that does not occur elsewhere in the row.
#pragma once

#include <string>

namespace tidemark {

// Replaces each escape of half a pair in `json`, which is JSON. Returns the replacement character,
// in UTF-8; empty if there was no such escape, or no character is free.
std::string MarkHalfSurrogates(std::string& json);

}  // namespace tidemark
