#include "recovery/requests.h"

#include <sys/stat.h>

#include <map>
#include <string_view>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "base/random.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr char kRequest[] = ".request";
constexpr char kAnswer[] = ".answer";
constexpr size_t kBytesMax = 16 << 10;

std::string PathOf(const std::string& state_directory, const std::string& id, const char* ending) {
  return JoinPath(RequestsPath(state_directory), Cat(id, ending));
}

// "name: value" lines. A value has no line ends.
using Fields = std::map<std::string, std::string, std::less<>>;

absl::StatusOr<Fields> ParseFields(const std::string& text) {
  Fields fields;
  for (const absl::string_view line : absl::StrSplit(text, '\n')) {
    if (line.empty()) continue;
    const size_t colon = line.find(": ");
    if (colon == absl::string_view::npos) return absl::InvalidArgumentError("it has no fields");
    fields.emplace(line.substr(0, colon), line.substr(colon + 2));
  }
  return fields;
}

std::string FieldOr(const Fields& fields, std::string_view name) {
  const auto found = fields.find(name);
  return found == fields.end() ? std::string() : found->second;
}

std::string OneLine(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';
  }
  return text;
}

absl::StatusOr<SnapshotRequest> Parse(const std::string& id, const std::string& text) {
  TM_ASSIGN_OR_RETURN(const Fields fields, ParseFields(text));
  for (const auto& [name, value] : fields) {
    if (name != "name" && name != "copy") {
      return absl::UnimplementedError(Cat("this build does not know '", name, "'"));
    }
  }
  return SnapshotRequest{
      .id = id, .name = FieldOr(fields, "name"), .copy = FieldOr(fields, "copy") == "yes"};
}

absl::StatusOr<std::vector<std::string>> Ids(Files& files, const std::string& state_directory,
                                             const char* ending) {
  const auto names = files.List(RequestsPath(state_directory));
  std::vector<std::string> ids;
  if (absl::IsNotFound(names.status())) return ids;
  TM_RETURN_IF_ERROR(names.status());
  for (const std::string& name : *names) {
    if (absl::EndsWith(name, ending)) {
      ids.emplace_back(absl::StripSuffix(name, ending));
    }
  }
  return ids;
}

absl::Status RemoveIfThere(Files& files, const std::string& path) {
  absl::Status removed = files.Remove(path);
  return absl::IsNotFound(removed) ? absl::OkStatus() : removed;
}

}  // namespace

std::string RequestsPath(const std::string& state_directory) {
  return JoinPath(state_directory, "requests");
}

std::string NewRequestId() { return absl::StrFormat("%016x", Random(FreshSeed()).Next()); }

absl::Status PutRequest(Files& files, const std::string& state_directory,
                        const SnapshotRequest& request) {
  TM_RETURN_IF_ERROR(files.CreateDirectories(RequestsPath(state_directory)));
  std::string text = Cat("copy: ", request.copy ? "yes" : "no", "\n");
  if (!request.name.empty()) text += Cat("name: ", request.name, "\n");
  return WriteFileAtomically(files, PathOf(state_directory, request.id, kRequest), text);
}

absl::StatusOr<std::optional<SnapshotAnswer>> TakeAnswer(Files& files,
                                                         const std::string& state_directory,
                                                         const std::string& id) {
  const std::string path = PathOf(state_directory, id, kAnswer);
  const auto text = ReadSmallFile(files, path, kBytesMax);
  if (absl::IsNotFound(text.status())) return std::optional<SnapshotAnswer>();
  TM_RETURN_IF_ERROR(text.status());
  auto fields = ParseFields(*text);
  if (!fields.ok()) return Annotate(fields.status(), path);
  SnapshotAnswer answer;
  if (const std::string error = FieldOr(*fields, "error"); !error.empty()) {
    answer.status = absl::FailedPreconditionError(error);
  }
  answer.path = FieldOr(*fields, "path");
  const bool numbers = absl::SimpleAtoi(FieldOr(*fields, "epoch"), &answer.epoch) &&
                       absl::SimpleAtoi(FieldOr(*fields, "bytes"), &answer.bytes);
  if (!numbers && answer.status.ok()) {
    return absl::InternalError(Cat(path, ": is not an answer to a request"));
  }
  TM_RETURN_IF_ERROR(RemoveIfThere(files, path));
  return std::optional<SnapshotAnswer>(std::move(answer));
}

absl::Status Withdraw(Files& files, const std::string& state_directory, const std::string& id) {
  TM_RETURN_IF_ERROR(RemoveIfThere(files, PathOf(state_directory, id, kRequest)));
  return RemoveIfThere(files, PathOf(state_directory, id, kAnswer));
}

absl::StatusOr<std::vector<std::string>> RequestIds(Files& files,
                                                    const std::string& state_directory) {
  return Ids(files, state_directory, kRequest);
}

absl::Status CheckIsFile(const std::string& state_directory, const std::string& id) {
  const std::string path = PathOf(state_directory, id, kRequest);
  struct stat status;
  // What only a simulated file system has is a file.
  if (lstat(path.c_str(), &status) != 0 || S_ISREG(status.st_mode)) return absl::OkStatus();
  const std::string_view kind = S_ISDIR(status.st_mode)    ? "a directory"
                                : S_ISLNK(status.st_mode)  ? "a link"
                                : S_ISFIFO(status.st_mode) ? "a pipe"
                                                           : "a device or a socket";
  return absl::FailedPreconditionError(Cat(path, ": is ", kind, " and not a file"));
}

absl::StatusOr<SnapshotRequest> ReadRequest(Files& files, const std::string& state_directory,
                                            const std::string& id) {
  TM_ASSIGN_OR_RETURN(const std::string text,
                      ReadSmallFile(files, PathOf(state_directory, id, kRequest), kBytesMax));
  return Parse(id, text);
}

absl::Status AnswerRequest(Files& files, const std::string& state_directory, const std::string& id,
                           const SnapshotAnswer& answer) {
  const std::string text =
      answer.status.ok() ? Cat("path: ", OneLine(answer.path), "\nepoch: ", answer.epoch,
                               "\nbytes: ", answer.bytes, "\n")
                         : Cat("error: ", OneLine(std::string(answer.status.message())), "\n");
  // The answer first: whoever waits sees the one or the other.
  TM_RETURN_IF_ERROR(WriteFileAtomically(files, PathOf(state_directory, id, kAnswer), text));
  return RemoveIfThere(files, PathOf(state_directory, id, kRequest));
}

std::vector<absl::Status> RemoveOldAnswers(Files& files, const std::string& state_directory) {
  const auto ids = Ids(files, state_directory, kAnswer);
  if (!ids.ok()) return {ids.status()};
  std::vector<absl::Status> left;
  for (const std::string& id : *ids) {
    const absl::Status removed = RemoveIfThere(files, PathOf(state_directory, id, kAnswer));
    if (!removed.ok()) left.push_back(removed);
  }
  return left;
}

}  // namespace tidemark
