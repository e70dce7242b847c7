// The owner file: how it is read and written (docs/formats/output-owner.md).

#include <algorithm>

#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "base/status.h"
#include "connectors/sink_owner.h"

namespace tidemark {
namespace {

constexpr size_t kOwnerBytesMax = 64 << 10;  // a longer owner file is damaged

// A name is one line, whatever is in it.
std::string OneLine(std::string_view text) {
  return absl::StrReplaceAll(ToAbsl(text), {{"\\", "\\\\"}, {"\n", "\\n"}});
}

std::string FromOneLine(std::string_view line) {
  return absl::StrReplaceAll(ToAbsl(line), {{"\\\\", "\\"}, {"\\n", "\n"}});
}

std::string_view TakeLine(std::string_view& rest) {
  const size_t end = std::min(rest.find('\n'), rest.size());
  const std::string_view line = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return line;
}

// False when the line is damaged. Names that are not known are left for later versions.
bool TakeField(std::string_view line, SinkOwner& owner) {
  const size_t space = std::min(line.find(' '), line.size());
  const std::string_view name = line.substr(0, space);
  const std::string_view value = line.substr(std::min(space + 1, line.size()));
  if (name == "from") return absl::SimpleAtoi(ToAbsl(value), &owner.from_bytes);
  if (name == "after") return absl::SimpleAtoi(ToAbsl(value), &owner.after_bytes);
  if (name == "generation") {
    uint64_t generation = 0;
    if (!absl::SimpleAtoi(ToAbsl(value), &generation)) return false;
    owner.generation = generation;
  }
  if (name == "job") owner.job = FromOneLine(value);
  if (name == "state") owner.state_directory = FromOneLine(value);
  if (name == "before") owner.before = FromOneLine(value);
  if (name == "moving") owner.moving = true;
  return true;
}

}  // namespace

std::string OwnerPath(std::string_view path) { return Cat(path, ".tidemark"); }

absl::StatusOr<std::optional<SinkOwner>> ReadOwner(Files& files, const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(files, OwnerPath(path), kOwnerBytesMax);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  TM_RETURN_IF_ERROR(text.status());
  std::string_view rest = *text;
  SinkOwner owner{.run_line = std::string(TakeLine(rest))};
  // Lines may be missing where a person wrote the file: then all of it is that line's. An empty one
  // ends them; what follows is for people.
  while (!rest.empty()) {
    const std::string_view line = TakeLine(rest);
    if (line.empty()) break;
    if (!TakeField(line, owner)) owner.run_line.clear();
  }
  return owner;
}

absl::Status WriteOwner(Files& files, const std::string& path, const SinkOwner& owner) {
  std::string text = Cat(owner.run_line, "\nfrom ", owner.from_bytes, "\n");
  if (!owner.state_directory.empty()) {
    text += Cat("job ", OneLine(owner.job), "\nstate ", OneLine(owner.state_directory), "\n");
  }
  if (owner.generation.has_value()) text += Cat("generation ", *owner.generation, "\n");
  if (owner.generation.value_or(0) > 0) text += Cat("after ", owner.after_bytes, "\n");
  if (!owner.before.empty()) text += Cat("before ", OneLine(owner.before), "\n");
  if (owner.moving) text += "moving\n";
  text +=
      "\nThe file beside this one is the output of the Tidemark job with this id. Keep both "
      "together.\n";
  return WriteFileAtomically(files, OwnerPath(path), text);
}

}  // namespace tidemark
