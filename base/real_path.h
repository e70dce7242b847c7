// Names of files as the machine has them, for what must be the same whoever writes it: the record
// of whose output a file is. What exists in a simulated file system only has no links.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

// Absolute, without links, "." and "..", as far as it exists.
std::string RealPath(const std::string& path);

// What a path is a link to, however many links follow one another; `path` itself where it is none.
// What it leads to need not exist.
std::string FollowLinks(const std::string& path);

// A word of a shell command: "out/a.jsonl", "'two words'".
std::string ShellWord(std::string_view word);

}  // namespace tidemark
