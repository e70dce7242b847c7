#include "connectors/file/csv_source.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/check.h"
#include "base/status.h"
#include "connectors/rows/input_kind.h"

namespace tidemark {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // spreadsheets put it in front

absl::Status PassOverByteOrderMark(ByteInput& input) {
  while (input.window().size() < kByteOrderMark.size()) {
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input.Grow());
    if (more != ByteInput::More::kGrew) return absl::OkStatus();
  }
  if (input.window().substr(0, kByteOrderMark.size()) == kByteOrderMark) {
    input.Consume(kByteOrderMark.size(), 0);
  }
  return absl::OkStatus();
}

// The first line of `text`, all of which was read as one field for want of a closing quote.
CsvRecord UnclosedQuote(std::string_view text) {
  const size_t newline = text.find('\n');
  return {.complete = true,
          .bytes = newline == std::string_view::npos ? text.size() : newline + 1,
          .lines = 1,
          .problem = "a quote is opened and never closed"};
}

// Reads the field at `at`, where a quote opens it, up to behind the closing quote. False when
// `text` ends first.
bool ReadQuoted(std::string_view text, size_t& at, std::string& field, uint64_t& lines) {
  ++at;
  while (true) {
    const size_t quote = text.find('"', at);
    if (quote == std::string_view::npos) return false;
    const std::string_view piece = text.substr(at, quote - at);
    field += piece;
    lines += static_cast<uint64_t>(std::count(piece.begin(), piece.end(), '\n'));
    at = quote + 1;
    if (at == text.size() || text[at] != '"') return true;
    field += '"';
    ++at;
  }
}

size_t FindFieldEnd(std::string_view text, char delimiter, size_t at) {
  while (at < text.size() && text[at] != delimiter && text[at] != '\n') ++at;
  return at;
}

}  // namespace

CsvRow::CsvRow(Columns columns, std::vector<std::string> values)
    : columns_(std::move(columns)), values_(std::move(values)) {
  TM_CHECK(this->columns().size() == values_.size(), "a row has one value per column");
}

std::optional<std::string_view> CsvRow::Get(std::string_view column) const {
  const std::vector<std::string>& names = columns();
  const auto it = std::find(names.begin(), names.end(), column);
  if (it == names.end()) return std::nullopt;
  return values_[static_cast<size_t>(it - names.begin())];
}

const std::vector<std::string>& CsvRow::columns() const {
  static const std::vector<std::string> kNone;
  return columns_ == nullptr ? kNone : *columns_;
}

CsvRecord ParseCsvRecord(std::string_view text, char delimiter, bool at_end,
                         std::vector<std::string>& fields) {
  fields.clear();
  CsvRecord record;
  size_t at = 0;
  while (true) {
    std::string& field = fields.emplace_back();
    const bool quoted = at < text.size() && text[at] == '"';
    if (quoted && !ReadQuoted(text, at, field, record.lines)) {
      return at_end ? UnclosedQuote(text) : CsvRecord{};
    }
    const size_t end = FindFieldEnd(text, delimiter, at);
    // Also where the text ends with a quote, which may be the first of two.
    if (end == text.size() && !at_end) return CsvRecord{};
    const bool more_fields = end < text.size() && text[end] == delimiter;
    std::string_view rest = text.substr(at, end - at);
    if (!more_fields && !rest.empty() && rest.back() == '\r') rest.remove_suffix(1);
    if (quoted && !rest.empty() && record.problem.empty()) {
      record.problem = Cat("field ", fields.size(), " continues after its closing quote");
    }
    field += rest;
    at = std::min(end + 1, text.size());
    if (more_fields) continue;
    record.complete = true;
    record.blank = fields.size() == 1 && !quoted && field.empty();
    record.bytes = at;
    ++record.lines;
    return record;
  }
}

CsvReader::CsvReader(std::unique_ptr<ByteInput> input, BadLines bad_lines, char delimiter,
                     const LineRules& rules)
    : input_(std::move(input)),
      bad_lines_(std::move(bad_lines)),
      delimiter_(delimiter),
      rules_(rules),
      origin_(input_->origin()) {}

absl::StatusOr<Took> CsvReader::NextRecord() {
  if (left_) return Took::kEnd;
  origin_.offset = input_->origin().offset;
  origin_.line = input_->origin().line;
  bool at_end = false;
  while (true) {
    const std::string_view window = input_->window();
    CsvRecord record = ParseCsvRecord(window, delimiter_, at_end, fields_);
    const size_t known_bytes = record.complete ? record.bytes : window.size();
    if (known_bytes > rules_.line_bytes_max) return TooLong();
    if (at_end) return LastRecord(std::move(record));
    if (record.complete) {
      input_->Consume(record.bytes, record.lines);
      problem_ = std::move(record.problem);
      return record.blank || !problem_.empty() ? Took::kSkipped : Took::kItem;
    }
    TM_ASSIGN_OR_RETURN(const ByteInput::More more, input_->Grow());
    if (more == ByteInput::More::kLater) return Took::kLater;
    at_end = more == ByteInput::More::kEnd;
  }
}

// Its writer may be in the middle of it, between two quotes as well.
absl::StatusOr<Took> CsvReader::LastRecord(CsvRecord record) {
  if (record.bytes == 0) return Took::kEnd;
  const std::string_view last = input_->window();
  if (rules_.final_line == FinalLine::kLeave) return Leave(last.size(), record.problem);
  if (record.bytes == last.size() && last.back() != '\n') {
    input_->ConsumeUnended(origin_.offset, record.bytes, record.lines);
  } else {
    input_->Consume(record.bytes, record.lines);
  }
  problem_ = std::move(record.problem);
  return record.blank || !problem_.empty() ? Took::kSkipped : Took::kItem;
}

Took CsvReader::Leave(uint64_t bytes, std::string_view why) {
  bad_lines_.Leave(origin_, bytes,
                   Cat("the last record is not finished", why.empty() ? "" : ": ", why));
  left_ = true;
  input_->LeaveRest();
  return Took::kEnd;
}

// It is passed over by its first line, as if its quote were never closed.
absl::StatusOr<Took> CsvReader::TooLong() {
  problem_ =
      Cat("the record is longer than ", rules_.line_bytes_max, " bytes; is a quote missing?");
  TM_ASSIGN_OR_RETURN(const Took took, PassOverLine(*input_));
  if (took != Took::kEnd) return took;
  if (rules_.final_line == FinalLine::kLeave) {
    const uint64_t bytes = input_->origin().offset - origin_.offset;
    TM_RETURN_IF_ERROR(input_->ReturnTo(origin_));
    const std::string why = std::exchange(problem_, {});
    return Leave(bytes, why);
  }
  input_->ConsumeUnended(origin_.offset, 0, 1);
  return Took::kSkipped;
}

absl::Status CsvReader::ReadHeader() {
  TM_RETURN_IF_ERROR(PassOverByteOrderMark(*input_));
  while (true) {
    TM_ASSIGN_OR_RETURN(const Took took, NextRecord());
    if (took == Took::kItem) break;
    if (took == Took::kEnd) return absl::OkStatus();
    if (!problem_.empty()) {
      return absl::InvalidArgumentError(Cat(origin_.Text(), ": in the header: ", problem_));
    }
  }
  std::set<std::string> seen;
  for (const std::string& column : fields_) {
    if (!seen.insert(column).second) {
      return absl::InvalidArgumentError(
          Cat(origin_.Text(), ": the header names the column '", column, "' twice"));
    }
  }
  columns_ = std::make_shared<const std::vector<std::string>>(std::move(fields_));
  return absl::OkStatus();
}

absl::StatusOr<Took> CsvReader::Next(CsvRow& row) {
  if (columns_ == nullptr) TM_RETURN_IF_ERROR(ReadHeader());  // the file may have grown one
  if (columns_ == nullptr) return Took::kEnd;
  problem_.clear();
  TM_ASSIGN_OR_RETURN(const Took took, NextRecord());
  if (took == Took::kItem) {
    if (fields_.size() == columns_->size()) {
      row = CsvRow(columns_, std::move(fields_));
      return Took::kItem;
    }
    problem_ = Cat("the record has ", fields_.size(), " fields, the header ", columns_->size());
  }
  if (!problem_.empty()) {
    TM_RETURN_IF_ERROR(bad_lines_.Report(origin_, problem_));
    return Took::kSkipped;
  }
  return took;
}

absl::StatusOr<std::unique_ptr<SourcePartition<CsvRow>>> OpenCsv(
    const FileSourceOptions& file, char delimiter, const std::optional<Position>& resume,
    const SourceContext& context) {
  if (delimiter == '"' || delimiter == '\n' || delimiter == '\r') {
    return absl::InvalidArgumentError(
        Cat(file.path, ": a quote or a line end cannot be the delimiter of a CSV file"));
  }
  const LineRules rules = LineRulesOf<CsvRow>(file, context.skips);
  const auto reader_from = [&](const std::optional<Position>& position,
                               SkipLog* skips) -> absl::StatusOr<CsvReader> {
    TM_ASSIGN_OR_RETURN(auto input, FileInput::Open(file, position, *context.files, skips));
    TM_RETURN_IF_ERROR(CheckTextBeginning(*input));
    return CsvReader(std::move(input), BadLines(file.on_error, Cat("file ", file.path), skips),
                     delimiter, rules);
  };
  TM_ASSIGN_OR_RETURN(CsvReader rows, reader_from(resume, context.skips));
  // The same header a second time, which is not said twice.
  TM_ASSIGN_OR_RETURN(CsvReader beginning, reader_from(std::nullopt, nullptr));
  TM_RETURN_IF_ERROR(beginning.ReadHeader());
  if (beginning.input().origin().offset > rows.input().origin().offset) {
    TM_RETURN_IF_ERROR(rows.ReadHeader());
  } else {
    rows.set_columns(beginning.columns());
  }
  return std::make_unique<RecordPartition<CsvRow, CsvReader>>(std::move(rows));
}

FileSource<CsvRow>::Opener CsvOpener(char delimiter) {
  return [delimiter](const FileSourceOptions& file, const std::optional<Position>& resume,
                     const SourceContext& context) {
    return OpenCsv(file, delimiter, resume, context);
  };
}

Source<CsvRow> CsvFile(FileSourceOptions file, char delimiter) {
  return Source<CsvRow>(
      std::make_shared<FileSource<CsvRow>>(std::move(file), CsvOpener(delimiter)));
}

}  // namespace tidemark
