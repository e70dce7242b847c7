#include "recovery/commit_note.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "base/status.h"
#include "state/rocksdb_store.h"

namespace tidemark {
namespace {

constexpr size_t kNoteBytesMax = 4096;

std::string NotePath(const std::string& directory) { return JoinPath(directory, "COMMITTED"); }

std::string NoteText(const CommitNote& note) {
  std::string text = Cat("line ", note.run_line, "\nepoch ", note.epoch, "\n");
  if (note.went_back_from > 0) text += Cat("went-back-from ", note.went_back_from, "\n");
  const bool is_one_line = note.directory.find('\n') == std::string::npos;
  if (!note.directory.empty() && is_one_line) text += Cat("in ", note.directory, "\n");
  return text;
}

}  // namespace

// What is no whole line says nothing: the process may have died while it was written.
absl::StatusOr<CommitNote> ReadCommitNote(Files& files, const std::string& directory) {
  CommitNote note;
  const auto text = ReadSmallFile(files, NotePath(directory), kNoteBytesMax);
  if (absl::IsNotFound(text.status())) return note;
  TM_RETURN_IF_ERROR(text.status());
  const size_t end = text->rfind('\n');
  if (end == std::string::npos) return note;
  for (const auto line : absl::StrSplit(text->substr(0, end), '\n')) {
    const std::vector<std::string> words = absl::StrSplit(line, absl::MaxSplits(' ', 1));
    if (words.size() != 2) continue;
    if (words[0] == "in") note.directory = words[1];
    if (words[0] == "line") note.run_line = words[1];
    uint64_t* const field = words[0] == "epoch"            ? &note.epoch
                            : words[0] == "went-back-from" ? &note.went_back_from
                                                           : nullptr;
    if (field != nullptr && !absl::SimpleAtoi(words[1], field)) *field = 0;
  }
  return note;
}

absl::Status WriteCommitNote(Files& files, const std::string& directory, const CommitNote& note) {
  return WriteFileAtomically(files, NotePath(directory), NoteText(note));
}

absl::Status PutBackCommitNote(Files& files, const std::string& directory, const CommitNote& note) {
  if (note != CommitNote()) return WriteCommitNote(files, directory, note);
  const absl::Status removed = files.Remove(NotePath(directory));
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

absl::Status CheckCommitNote(const CommitNote& note, const std::string& store_path,
                             const std::string& store_line, uint64_t store_epoch) {
  const bool is_of_store = store_line.empty() || note.run_line == store_line;
  if (!is_of_store || note.epoch <= store_epoch) return absl::OkStatus();
  const std::string stands =
      store_line.empty() ? std::string("holds nothing") : Cat("is at epoch ", store_epoch);
  return absl::DataLossError(Cat(store_path, ": ", stands, ", but epoch ", note.epoch,
                                 " was committed: the end of its log is lost; ",
                                 kDamagedStoreAdvice));
}

absl::Status NoteCommitted(Files& files, const std::string& directory, const CommitNote& note) {
  TM_ASSIGN_OR_RETURN(const auto file, files.OpenAppend(NotePath(directory)));
  TM_RETURN_IF_ERROR(file->Truncate(0));
  return file->Append(NoteText(note));
}

absl::StatusOr<std::string> OriginalOf(Files& files, const std::string& directory,
                                       const std::string& run_line) {
  TM_ASSIGN_OR_RETURN(const CommitNote note, ReadCommitNote(files, directory));
  if (note.run_line != run_line || note.directory.empty()) return std::string();
  // Under its old name it may be this very directory, by a link or a mount.
  const auto here = files.Stat(directory);
  const auto there = files.Stat(note.directory);
  if (!here.ok() || !there.ok()) return std::string();
  if (here->device == there->device && here->inode == there->inode) return std::string();
  const auto original = ReadCommitNote(files, note.directory);
  return original.ok() && original->run_line == run_line ? note.directory : std::string();
}

}  // namespace tidemark
