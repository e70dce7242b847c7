#include "connectors/file/followed_log.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <memory>
#include <system_error>

#include "base/stable_hash.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr std::array<std::string_view, 4> kCompressed = {".gz", ".bz2", ".xz", ".zst"};

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

std::string_view WithoutCompression(std::string_view name) {
  for (const std::string_view ending : kCompressed) {
    if (name.size() > ending.size() && name.substr(name.size() - ending.size()) == ending) {
      return name.substr(0, name.size() - ending.size());
    }
  }
  return name;
}

// After the separator; empty if it is not a rotated file of the log.
std::string_view SuffixOf(std::string_view name, std::string_view base) {
  constexpr std::string_view kSeparators = ".-_";
  constexpr std::string_view kInSuffix = "0123456789.-_:TZ";
  if (name.size() < base.size() + 2 || name.substr(0, base.size()) != base) return {};
  if (kSeparators.find(name[base.size()]) == std::string_view::npos) return {};
  const std::string_view suffix = name.substr(base.size() + 1);
  const bool is_suffix =
      IsDigit(suffix[0]) && suffix.find_first_not_of(kInSuffix) == std::string_view::npos;
  return is_suffix ? suffix : std::string_view();
}

// More digits than this are a date.
constexpr size_t kNumberDigitsMax = 5;

bool IsNumber(std::string_view suffix) {
  return suffix.size() <= kNumberDigitsMax && std::all_of(suffix.begin(), suffix.end(), IsDigit);
}

bool IsOlder(std::string_view a, std::string_view b) {
  if (IsNumber(a) != IsNumber(b)) return IsNumber(b);  // dates were numbered files once, if at all
  if (!IsNumber(a)) return a < b;
  return std::stoi(std::string(a)) > std::stoi(std::string(b));
}

// True if each numbered file was written later than the one with the next lower number. `chain`
// has them in descending order of their numbers.
bool NumbersAscend(const std::vector<std::string>& chain, std::string_view base,
                   const WrittenAt& written_at) {
  std::optional<int64_t> higher;
  int compared = 0;
  for (const std::string& name : chain) {
    if (!IsNumber(SuffixOf(name, base))) continue;
    const std::optional<int64_t> at = written_at(name);
    if (!at.has_value() || (higher.has_value() && *at >= *higher)) return false;
    if (higher.has_value()) ++compared;
    higher = at;
  }
  return compared > 0;
}

// By the system's own call: the order of a log that is rotated by others is a question about real
// files only.
std::optional<int64_t> LastWritten(const std::string& path) {
  std::error_code error;
  const auto at = std::filesystem::last_write_time(path, error);
  if (error) return std::nullopt;
  return static_cast<int64_t>(at.time_since_epoch().count());
}

}  // namespace

bool IsRotationOf(std::string_view name, std::string_view base) {
  return !SuffixOf(WithoutCompression(name), base).empty();
}

std::vector<std::string> RotationOrder(const std::vector<std::string>& names, std::string_view base,
                                       const WrittenAt& written_at) {
  std::vector<std::string> chain;
  bool has_base = false;
  for (const std::string& name : names) {
    has_base |= name == base;
    if (!SuffixOf(name, base).empty()) chain.push_back(name);
  }
  std::sort(chain.begin(), chain.end(), [base](const std::string& a, const std::string& b) {
    return IsOlder(SuffixOf(a, base), SuffixOf(b, base));
  });
  if (NumbersAscend(chain, base, written_at)) {
    const auto first = std::find_if(chain.begin(), chain.end(), [base](const std::string& name) {
      return IsNumber(SuffixOf(name, base));
    });
    const auto end = std::find_if(first, chain.end(), [base](const std::string& name) {
      return !IsNumber(SuffixOf(name, base));
    });
    std::reverse(first, end);
  }
  if (has_base) chain.emplace_back(base);
  return chain;
}

absl::StatusOr<std::vector<FollowedLog::Place>> FollowedLog::Chain() const {
  const std::string directory = ParentDirectory(path_);
  const size_t slash = path_.rfind('/');
  const std::string base = slash == std::string::npos ? path_ : path_.substr(slash + 1);
  std::vector<Place> chain;
  const absl::StatusOr<std::vector<std::string>> names = files_.List(directory);
  if (absl::IsNotFound(names.status())) return chain;
  TM_RETURN_IF_ERROR(names.status());
  const auto path_of = [&](const std::string& name) {
    return slash == std::string::npos ? name : path_.substr(0, slash + 1) + name;
  };
  const auto written_at = [&](const std::string& name) { return LastWritten(path_of(name)); };
  for (const std::string& name : RotationOrder(*names, base, written_at)) {
    const std::string path = path_of(name);
    const absl::StatusOr<FileInfo> info = files_.Stat(path);
    if (absl::IsNotFound(info.status())) continue;  // moved on since it was listed
    TM_RETURN_IF_ERROR(info.status());
    if (!info->is_directory) chain.push_back({.path = path, .info = *info});
  }
  return chain;
}

absl::StatusOr<bool> FollowedLog::HasBytesOf(const FileIdentity& then, const Place& place) const {
  if (place.info.size_bytes < then.offset) return false;
  auto file = files_.OpenRead(place.path);
  if (absl::IsNotFound(file.status())) return false;
  TM_RETURN_IF_ERROR(file.status());
  const uint64_t hashed = std::min(then.offset, FileIdentity::kHashedBytesMax);
  std::string bytes;
  TM_RETURN_IF_ERROR((*file)->Read(then.offset - hashed, hashed, bytes));
  FileIdentity now{.size_bytes = then.offset - hashed + bytes.size(), .hash = StableHash(bytes)};
  TM_RETURN_IF_ERROR((*file)->Read(0, hashed, bytes));
  now.head_hash = StableHash(bytes);
  return HasSameBytes(then, now);
}

absl::StatusOr<std::optional<FollowedLog::Place>> FollowedLog::Find(
    const FileIdentity& then) const {
  TM_ASSIGN_OR_RETURN(const std::vector<Place> chain, Chain());
  const auto is_same_file = [&](const Place& place) {
    return place.info.device == then.device && place.info.inode == then.inode;
  };
  for (const bool same_file : {true, false}) {
    // Before the first byte nothing but the inode identifies a file.
    if (!same_file && then.offset == 0) break;
    for (auto place = chain.rbegin(); place != chain.rend(); ++place) {  // the newest first
      if (is_same_file(*place) != same_file) continue;
      TM_ASSIGN_OR_RETURN(const bool found, HasBytesOf(then, *place));
      if (found) return *place;
    }
  }
  return std::nullopt;
}

absl::Status FollowedLog::Enter(const FileInfo& file) {
  present_ = IdOf(file);
  older_.clear();
  TM_ASSIGN_OR_RETURN(const std::vector<Place> chain, Chain());
  for (const Place& place : chain) {
    if (IdOf(place.info) == present_) break;
    older_.insert(IdOf(place.info));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<FollowedLog::Place>> FollowedLog::Newer(bool& is_in_chain,
                                                                   bool& is_alone) const {
  TM_ASSIGN_OR_RETURN(const std::vector<Place> chain, Chain());
  is_alone = chain.empty();
  const auto present = std::find_if(
      chain.begin(), chain.end(), [&](const Place& place) { return IdOf(place.info) == present_; });
  is_in_chain = present != chain.end();
  // Otherwise it was removed or compressed. What was there before it has been read, or was not to
  // be read, whatever its name is now.
  std::vector<Place> newer;
  for (auto place = is_in_chain ? present + 1 : chain.begin(); place != chain.end(); ++place) {
    if (older_.count(IdOf(place->info)) == 0) newer.push_back(*place);
  }
  return newer;
}

absl::StatusOr<FollowedLog::Present> FollowedLog::Look() const {
  const absl::StatusOr<FileInfo> at_path = files_.Stat(path_);
  if (at_path.ok() && IdOf(*at_path) == present_) return Present::kGrows;
  if (!at_path.ok() && !absl::IsNotFound(at_path.status())) return at_path.status();
  bool is_in_chain = false, is_alone = false;
  TM_ASSIGN_OR_RETURN(const std::vector<Place> newer, Newer(is_in_chain, is_alone));
  const bool has_begun = std::any_of(newer.begin(), newer.end(),
                                     [](const Place& place) { return place.info.size_bytes > 0; });
  if (has_begun) return Present::kComplete;
  return is_alone ? Present::kGone : Present::kGrows;
}

absl::StatusOr<std::optional<FollowedLog::Place>> FollowedLog::Next() const {
  bool is_in_chain = false, is_alone = false;
  TM_ASSIGN_OR_RETURN(std::vector<Place> newer, Newer(is_in_chain, is_alone));
  if (newer.empty()) return std::nullopt;
  return std::move(newer.front());
}

}  // namespace tidemark
