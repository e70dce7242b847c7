// SpecialFile: whether a path is something other than a file: a pipe, a device, a socket.
//
// Such a path has no length that could be part of a commit and no offset to return to, and opening
// a pipe may block forever, so file connectors check first. Paths that exist only in a simulated
// file system are not special.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tidemark {

// "a pipe", "a device", "a socket"; nothing for files, directories and missing paths.
std::optional<std::string_view> SpecialFile(const std::string& path);

}  // namespace tidemark
