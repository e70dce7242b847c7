// SpecialFile: is a path something else than a file: a pipe, a device, a socket?
//
// Such a path has no length that could be part of a commit and no offset to go back to, and opening
// a pipe may block for ever, so file connectors ask first. Paths that exist in a simulated file
// system only are not special.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

// "a pipe", "a device", "a socket"; nothing for files, directories and what is not there.
std::optional<std::string_view> SpecialFile(const std::string& path);

}  // namespace tidemark
