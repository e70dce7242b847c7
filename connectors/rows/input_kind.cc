#include "connectors/rows/input_kind.h"

#include <algorithm>
#include <array>

#include "base/quantity.h"
#include "base/status.h"
#include "connectors/rows/json_fault.h"

namespace tidemark {
namespace {

constexpr size_t kLookedAtBytes = 4096;
constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::string_view kLineIsObject = "each line must be one JSON object";

struct Magic {
  std::string_view bytes;
  std::string_view name;
  std::string_view unpacked_by;  // empty: nothing makes text of it
};

using namespace std::string_view_literals;
constexpr std::array<Magic, 9> kMagics = {{
    {"\x1f\x8b"sv, "gzip", "gunzip"},
    {"\x28\xb5\x2f\xfd"sv, "zstd", "zstd -d"},
    {"\xfd\x37zXZ\x00"sv, "xz", "xz -d"},
    {"BZh"sv, "bzip2", "bunzip2"},
    {"PK\x03\x04"sv, "zip", "unzip"},
    {"PAR1"sv, "Parquet", ""},
    {"Obj\x01"sv, "Avro", ""},
    {"SQLite format 3\x00"sv, "a SQLite database", ""},
    {"\x7f\x45LF"sv, "a program", ""},
}};

// As RFC 4627 tells them apart: the first characters of any text in question are ASCII.
std::optional<std::string_view> WideEncodingOf(std::string_view bytes) {
  const auto nul = [&](size_t i) { return i < bytes.size() && bytes[i] == '\0'; };
  const auto set = [&](size_t i) { return i < bytes.size() && bytes[i] != '\0'; };
  const auto begins = [&](std::string_view mark) { return bytes.substr(0, mark.size()) == mark; };
  if (begins("\xff\xfe\x00\x00"sv) || begins("\x00\x00\xfe\xff"sv)) return "UTF-32";
  if (begins("\xff\xfe"sv) || begins("\xfe\xff"sv)) return "UTF-16";
  // Without a mark, iconv has to be told the order of bytes.
  const bool words = bytes.size() >= 8;
  if (words && set(0) && nul(1) && nul(2) && nul(3) && set(4) && nul(5)) return "UTF-32LE";
  if (words && nul(0) && nul(1) && nul(2) && set(3) && nul(4) && nul(5)) return "UTF-32BE";
  if (set(0) && nul(1) && set(2) && nul(3)) return "UTF-16LE";
  if (nul(0) && set(1) && nul(2) && set(3)) return "UTF-16BE";
  return std::nullopt;
}

std::string_view Trimmed(std::string_view text) {
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlanks) - first + 1);
}

// Up to so many bytes from the input's beginning; nothing where it is read from elsewhere.
absl::StatusOr<std::string_view> BeginningOf(ByteInput& input) {
  if (input.origin().offset != 0) return std::string_view();
  while (input.window().size() < kLookedAtBytes) {
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input.Grow());
    if (more != ByteInput::More::kGrew) break;
  }
  return input.window().substr(0, kLookedAtBytes);
}

absl::Status Refuse(const ByteInput& input, const std::optional<std::string>& kind) {
  if (!kind) return absl::OkStatus();
  return absl::UnimplementedError(Cat(*input.origin().path, ": is ", *kind));
}

}  // namespace

std::optional<std::string> ForeignKindOf(std::string_view bytes) {
  for (const Magic& magic : kMagics) {
    if (bytes.substr(0, magic.bytes.size()) != magic.bytes) continue;
    if (magic.unpacked_by.empty()) return Cat(magic.name, ", not lines of text");
    return Cat(magic.name, "; unpack it first (", magic.unpacked_by,
               "), compressed input is not read yet");
  }
  if (const auto wide = WideEncodingOf(bytes)) {
    return Cat(*wide, ", and text must be UTF-8; convert it first (iconv -f ", *wide, " -t UTF-8)");
  }
  return std::nullopt;
}

std::optional<std::string> JsonShapeOf(std::string_view beginning) {
  const std::string_view text = RowText(beginning);
  const size_t first = text.find_first_not_of(kBlanks);
  if (first == std::string_view::npos) return std::nullopt;
  const size_t second = text.find_first_not_of(kBlanks, first + 1);
  if (second == std::string_view::npos) return std::nullopt;
  const size_t line_end = std::min(text.find('\n', first), text.size());
  const std::string_view line = text.substr(first, line_end - first);
  // A line that is whole may be one bad row among good ones.
  const bool is_whole = !FindJsonFault(line).has_value();
  const bool is_only_line = Trimmed(text.substr(line_end)).empty();
  if (text[first] == '[' && (text[second] == '{' || text[second] == '[') &&
      (is_only_line || !is_whole)) {
    return Cat("one JSON array, and ", kLineIsObject, "; jq -c '.[]' makes lines of it");
  }
  const size_t next = text.find_first_not_of(kBlanks, line_end);
  if (text[first] == '{' && !is_whole && next != std::string_view::npos && text[next] == '"') {
    return Cat("JSON over several lines, and ", kLineIsObject, "; jq -c . makes lines of it");
  }
  return std::nullopt;
}

absl::Status CheckTextBeginning(ByteInput& input) {
  TM_ASSIGN_OR_RETURN(const std::string_view beginning, BeginningOf(input));
  return Refuse(input, ForeignKindOf(beginning));
}

absl::Status CheckJsonBeginning(ByteInput& input) {
  TM_RETURN_IF_ERROR(CheckTextBeginning(input));
  TM_ASSIGN_OR_RETURN(const std::string_view beginning, BeginningOf(input));
  return Refuse(input, JsonShapeOf(beginning));
}

std::string_view RowText(std::string_view line) {
  line.remove_prefix(std::min(line.find_first_not_of('\0'), line.size()));
  if (line.substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    line.remove_prefix(kByteOrderMark.size());
  }
  return line;
}

std::string DescribeBadRow(std::string_view line, std::string_view fault) {
  if (const auto kind = ForeignKindOf(line)) return Cat("this is ", *kind);
  const std::string_view row = Trimmed(RowText(line));
  if (row.empty()) {
    return Cat(FormatCount(line.size()),
               line.size() == 1 ? " NUL byte and no row" : " NUL bytes and no row",
               "; was the file cut while it was written?");
  }
  if (row.front() == '[')
    return Cat(fault, "; ", kLineIsObject, " (jq -c '.[]' makes lines of an array)");
  if (row == "{") return Cat(fault, "; ", kLineIsObject, " (jq -c . makes such lines)");
  if (row.back() == '\0') return Cat(fault, "; NUL bytes follow the row");
  if (row.find('\0') != std::string_view::npos) return Cat(fault, "; there is a NUL byte in it");
  return std::string(fault);
}

}  // namespace tidemark
