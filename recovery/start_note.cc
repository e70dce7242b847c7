#include "recovery/start_note.h"

#include <string_view>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr size_t kNoteBytesMax = 4096;

std::string NotePath(const std::string& directory) { return JoinPath(directory, "START"); }

}  // namespace

absl::StatusOr<std::optional<StartNote>> ReadStartNote(Files& files, const std::string& directory) {
  const auto text = ReadSmallFile(files, NotePath(directory), kNoteBytesMax);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  TM_RETURN_IF_ERROR(text.status());
  StartNote note;
  bool is_whole = true;
  for (const auto each : absl::StrSplit(*text, '\n', absl::SkipEmpty())) {
    const std::vector<std::string> words = absl::StrSplit(each, ' ');
    const std::string value = words.size() > 1 ? words[1] : "";
    if (words[0] == "line") note.run_line = value;
    if (words[0] == "replaces") note.replaces = value;
    if (words[0] == "discards") note.discards = true;
    if (words[0] != "from") continue;
    note.from_line = value;
    is_whole = words.size() == 3 && absl::SimpleAtoi(words[2], &note.from_epoch);
  }
  if (is_whole && !note.run_line.empty()) return note;
  return absl::DataLossError(
      Cat(NotePath(directory),
          ": is damaged; remove it, and the run continues with the state that ", "is there"));
}

absl::Status WriteStartNote(Files& files, const std::string& directory, const StartNote& note) {
  std::string text = Cat("line ", note.run_line, "\n");
  if (!note.replaces.empty()) text += Cat("replaces ", note.replaces, "\n");
  if (!note.from_line.empty()) text += Cat("from ", note.from_line, " ", note.from_epoch, "\n");
  if (note.discards) text += "discards\n";
  return WriteFileAtomically(files, NotePath(directory), text);
}

absl::Status RemoveStartNote(Files& files, const std::string& directory) {
  const absl::Status removed = files.Remove(NotePath(directory));
  if (absl::IsNotFound(removed)) return absl::OkStatus();
  TM_RETURN_IF_ERROR(removed);
  return files.SyncDirectory(directory);
}

}  // namespace tidemark
