// CommandLine: words of a command, checked against the flags a verb knows.
//
//   const CommandLine line({"run"}, {{.name = "state", .value = "DIR", .help = "…"}}, words);
//   TM_RETURN_IF_ERROR(line.status());          // unknown flag '--sate'; did you mean '--state'?
//   line.Text("state").value_or("")
//
// Flags are `--name value`, `--name=value` or, without a value, `--name`; they may stand anywhere.
// `--` ends them.
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
  std::string value;  // what the value is called in the help; empty: a switch
  std::string help;
};

class CommandLine {
 public:
  // `positionals`: how many words besides flags are wanted, by name.
  CommandLine(std::vector<std::string> positionals, std::vector<FlagSpec> flags,
              const std::vector<std::string>& words);

  // InvalidArgument, one line that says what is wrong.
  const absl::Status& status() const { return status_; }
  // In the order of `positionals`.
  const std::string& Word(size_t i) const { return words_[i]; }
  bool Has(std::string_view flag) const { return values_.contains(flag); }
  std::optional<std::string> Text(std::string_view flag) const;
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
  std::map<std::string, std::string, std::less<>> values_;
};

// "  --state DIR     where state lives …" for each flag, in lines of 80 columns.
std::vector<std::string> DescribeFlags(const std::vector<FlagSpec>& flags);
// "  name            text that may go on below": the name in `width` columns, alone on its line
// where it is longer.
std::vector<std::string> InColumns(std::string_view name, std::string_view text, size_t width,
                                   size_t columns);
// Text in lines, broken between words.
std::vector<std::string> Wrapped(std::string_view text, size_t columns);

}  // namespace tidemark
