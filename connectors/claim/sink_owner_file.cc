// The owner file: how it is read and written (docs/formats/output-owner.md).

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "connectors/claim/sink_owner.h"

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

// Names of SinkOwner::Undo in the file.
constexpr std::pair<SinkOwner::Undo, const char*> kUndoNames[] = {
    {SinkOwner::Undo::kReplaced, "replaced"},
    {SinkOwner::Undo::kAside, "aside"},
    {SinkOwner::Undo::kTail, "tail"}};

// "committed 42 1024": whole, or nothing is known.
void TakeCommitted(std::string_view line, SinkOwner& owner) {
  const std::vector<std::string> words = absl::StrSplit(ToAbsl(line), ' ');
  SinkOwner::Committed committed;
  if (words.size() == 3 && words[0] == "committed" &&
      absl::SimpleAtoi(words[1], &committed.epoch) &&
      absl::SimpleAtoi(words[2], &committed.bytes)) {
    owner.committed = committed;
  }
}

std::string CommittedLine(const SinkOwner::Committed& committed) {
  return Cat("committed ", committed.epoch, " ", committed.bytes, "\n");
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
  for (const auto& [kind, kind_name] : kUndoNames) {
    if (name != kind_name) continue;
    owner.undo_kind = kind;
    owner.undo = FromOneLine(value);
  }
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
  // A last line without its end is half of one.
  const size_t end = rest.rfind('\n');
  rest = rest.substr(0, end == std::string_view::npos ? 0 : end + 1);
  while (!rest.empty()) TakeCommitted(TakeLine(rest), owner);
  return owner;
}

namespace {

std::string OwnerText(const SinkOwner& owner) {
  std::string text = Cat(owner.run_line, "\nfrom ", owner.from_bytes, "\n");
  if (!owner.state_directory.empty()) {
    text += Cat("job ", OneLine(owner.job), "\nstate ", OneLine(owner.state_directory), "\n");
  }
  if (owner.generation.has_value()) text += Cat("generation ", *owner.generation, "\n");
  if (owner.generation.value_or(0) > 0) text += Cat("after ", owner.after_bytes, "\n");
  if (!owner.before.empty()) text += Cat("before ", OneLine(owner.before), "\n");
  if (owner.moving) text += "moving\n";
  for (const auto& [kind, name] : kUndoNames) {
    if (kind == owner.undo_kind) text += Cat(name, " ", OneLine(owner.undo), "\n");
  }
  return text +
         (owner.run_line == SinkOwner::kStateless
              ? "\nThe file beside this one was written by a Tidemark job without a state, and is "
                "overwritten when such a job runs again.\n"
              : "\nThe file beside this one is the output of the Tidemark job with this id. Keep "
                "both together.\n");
}

}  // namespace

bool SinkOwner::operator==(const SinkOwner& other) const {
  return OwnerText(*this) == OwnerText(other);
}

absl::Status WriteOwner(Files& files, const std::string& path, const SinkOwner& owner) {
  const std::string committed = owner.committed.has_value() ? CommittedLine(*owner.committed) : "";
  return WriteFileAtomically(files, OwnerPath(path), OwnerText(owner) + committed);
}

std::string UndoPath(const std::string& path, const SinkOwner& owner) {
  return JoinPath(ParentDirectory(path), owner.undo);
}

absl::Status RemoveUndo(Files& files, const std::string& path, const SinkOwner& owner) {
  using Undo = SinkOwner::Undo;
  if (owner.undo_kind == Undo::kNone || owner.undo_kind == Undo::kAside) return absl::OkStatus();
  // The file first: its owner file alone is in nobody's way.
  for (const std::string& gone : {UndoPath(path, owner), OwnerPath(UndoPath(path, owner))}) {
    const absl::Status removed = files.Remove(gone);
    if (!removed.ok() && !absl::IsNotFound(removed)) return removed;
  }
  return absl::OkStatus();
}

absl::Status OwnerNote::EndUndo() {
  if (owner_.undo_kind == SinkOwner::Undo::kNone) return absl::OkStatus();
  SinkOwner final_owner = owner_;
  final_owner.undo_kind = SinkOwner::Undo::kNone;
  final_owner.undo.clear();
  TM_RETURN_IF_ERROR(WriteOwner(files_, path_, final_owner));
  TM_RETURN_IF_ERROR(RemoveUndo(files_, path_, owner_));
  owner_ = std::move(final_owner);
  return absl::OkStatus();
}

absl::Status OwnerNote::Committed(Epoch epoch, uint64_t bytes) {
  TM_RETURN_IF_ERROR(EndUndo());
  owner_.committed = SinkOwner::Committed{.epoch = epoch.value, .bytes = bytes};
  const std::string path = OwnerPath(path_);
  const std::string header = OwnerText(owner_);
  // Where the file is not as this version writes it, or somebody has removed it, all of it is
  // written; else only its last line.
  const auto there = ReadSmallFile(files_, path, kOwnerBytesMax);
  if (!there.ok() || !absl::StartsWith(*there, header)) return WriteOwner(files_, path_, owner_);
  TM_ASSIGN_OR_RETURN(const auto file, files_.OpenAppend(path));
  TM_RETURN_IF_ERROR(file->Truncate(header.size()));
  return file->Append(CommittedLine(*owner_.committed));
}

}  // namespace tidemark
