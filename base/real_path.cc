#include "base/real_path.h"

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "absl/strings/ascii.h"

namespace tidemark {
namespace fs = std::filesystem;

std::string RealPath(const std::string& path) {
  std::error_code error;
  const fs::path absolute = fs::absolute(path, error);
  if (error) return path;
  const fs::path real = fs::weakly_canonical(absolute, error);
  std::string text = (error ? absolute : real).string();
  while (text.size() > 1 && text.back() == '/') text.pop_back();
  return text;
}

std::string FollowLinks(const std::string& path) {
  constexpr int kLinksMax = 40;  // as Linux has it
  fs::path at = path;
  std::error_code error;
  for (int i = 0; i < kLinksMax && fs::is_symlink(fs::symlink_status(at, error)); ++i) {
    const fs::path target = fs::read_symlink(at, error);
    if (error) return path;
    at = at.parent_path() / target;  // which an absolute target replaces
  }
  return at.string();
}

std::string ShellWord(std::string_view word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](char c) {
    return absl::ascii_isalnum(static_cast<unsigned char>(c)) ||
           std::string_view("_-./=+:@%,").find(c) != std::string_view::npos;
  });
  if (plain) return std::string(word);
  std::string quoted = "'";
  for (const char c : word) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

}  // namespace tidemark
