// Half of a surrogate pair in JSON: "\ud83d" without the "\ude00" that makes a character of it.
//
// JSON's grammar allows such an escape, and programs write it where they cut a text in the middle
// of an emoji. It stands for no character, so no text can hold it; a row that has it in a field
// that nobody reads is nevertheless a good row. The parser refuses the whole row, therefore it is
// given another text, in which each such escape is a character that the row does not have
// elsewhere.
#pragma once

#include <string>

namespace tidemark {

// Replaces each escape of half a pair in `json`, which is JSON. Returns the character that stands
// there now, in UTF-8; empty when there was none, or no character is free.
std::string MarkHalfSurrogates(std::string& json);

}  // namespace tidemark
