#include "connectors/file/special_file.h"

#include <sys/stat.h>

namespace tidemark {

std::optional<std::string_view> SpecialFile(const std::string& path) {
  struct stat status;
  if (stat(path.c_str(), &status) != 0) return std::nullopt;  // opening it will say what is wrong
  if (S_ISFIFO(status.st_mode)) return "a pipe";
  if (S_ISSOCK(status.st_mode)) return "a socket";
  if (S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode)) return "a device";
  return std::nullopt;
}

}  // namespace tidemark
