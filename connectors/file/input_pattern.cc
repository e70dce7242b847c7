#include "connectors/file/input_pattern.h"

#include <filesystem>
#include <string_view>
#include <system_error>

#include "connectors/file/dir_source.h"

namespace tidemark {
namespace {

namespace fs = std::filesystem;

bool IsPattern(std::string_view name) {
  return name.find_first_of("*?[") != std::string_view::npos;
}

bool IsFile(const std::string& path) {
  std::error_code error;
  return fs::is_regular_file(path, error);
}

std::string DirectoryOf(const fs::path& path) {
  const std::string directory = path.parent_path().lexically_normal().string();
  return directory.empty() ? "." : directory;
}

}  // namespace

std::optional<InputPattern> InputPattern::Of(const std::string& path) {
  const std::string name = fs::path(path).filename().string();
  if (!IsPattern(name) || IsFile(path)) return std::nullopt;
  return InputPattern{.directory = DirectoryOf(path), .glob = name};
}

bool InputPattern::Matches(const std::string& path) const {
  return DirectoryOf(path) == directory && MatchesGlob(glob, fs::path(path).filename().string());
}

bool HasPatternOfDirectories(const std::string& path) {
  return IsPattern(fs::path(path).parent_path().string()) && !IsFile(path);
}

}  // namespace tidemark
