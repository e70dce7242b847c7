// CommandLine: the arguments of a command, checked against the flags of a verb.
//
//   const CommandLine line({"run"}, {{.name = "state", .value = "DIR", .help = "…"}}, words);
//   TM_RETURN_IF_ERROR(line.status());          // unknown flag '--sate'; did you mean '--state'?
//   line.Text("state").value_or("")
//
// Flags are `--name value`, `--name=value` or, without a value, `--name`, in any position. `--`
// ends them.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/timestamp.h"

namespace tidemark {

struct FlagSpec {
  std::string name;
  std::string value;  // the name of the value in the help; empty: a switch
  std::string help;
  bool repeats = false;  // it may be given several times
};

class CommandLine {
 public:
  // `positionals`: the names of the arguments required besides flags.
  CommandLine(std::vector<std::string> positionals, std::vector<FlagSpec> flags,
              const std::vector<std::string>& words);

  // InvalidArgument, with one line that describes the mistake.
  const absl::Status& status() const { return status_; }
  // In the order of `positionals`.
  const std::string& Word(size_t i) const { return words_[i]; }
  bool Has(std::string_view flag) const { return values_.contains(flag); }
  std::optional<std::string> Text(std::string_view flag) const;
  // Of a flag that may be given several times, in their order.
  std::vector<std::string> Texts(std::string_view flag) const;
  absl::StatusOr<std::optional<Span>> Duration(std::string_view flag) const;
  absl::StatusOr<std::optional<uint64_t>> Number(std::string_view flag) const;
  absl::StatusOr<std::optional<double>> Decimal(std::string_view flag) const;
  absl::StatusOr<std::optional<uint64_t>> Bytes(std::string_view flag) const;

 private:
  void Parse(const std::vector<std::string>& words);
  void Fail(std::string message);

  const std::vector<std::string> positionals_;
  const std::vector<FlagSpec> flags_;
  absl::Status status_;
  std::vector<std::string> words_;
  std::map<std::string, std::vector<std::string>, std::less<>> values_;
};

// "  --state DIR     where state lives …" for each flag, in lines of 80 columns.
std::vector<std::string> DescribeFlags(const std::vector<FlagSpec>& flags);
// "  name            text that may continue on the next line": the name in `width` columns, on a
// line of its own if it is longer.
std::vector<std::string> InColumns(std::string_view name, std::string_view text, size_t width,
                                   size_t columns);
// Text in lines, broken between words.
std::vector<std::string> Wrapped(std::string_view text, size_t columns);

}  // namespace tidemark
