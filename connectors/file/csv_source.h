// CsvFile: a CSV file (RFC 4180) as a source, one row per record, with the columns of its header.
//
//   flow.From("sales", CsvFile({.path = "sales.csv"}, ';'))
//       .FilterMap([](const CsvRow& row) { return row.Get("price"); });
//
// Fields may be quoted; inside quotes a doubled quote is a quote, and delimiters and line ends are
// text. A quote inside an unquoted field is an ordinary character. Blank lines are not records. The
// header is read again on resume. A record whose number of fields differs from the header, text
// after a closing quote, or a quote that is never closed is a bad line; when skipping, reading
// continues at the next line. With a state, a last record (or header) without a line end, or with
// an open quote, is left unread until it is finished, as lines are. Positions and refusals are
// those of files: file_input.h.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "connectors/file/file_input.h"
#include "connectors/file/line_file_source.h"
#include "connectors/rows/byte_input.h"
#include "connectors/rows/lines.h"
#include "connectors/rows/record_partition.h"
#include "tidemark/source.h"

namespace tidemark {

// The fields of one record in the order of the columns. Copies share the names.
class CsvRow {
 public:
  using Columns = std::shared_ptr<const std::vector<std::string>>;

  CsvRow() = default;
  // Requires: as many values as columns.
  CsvRow(Columns columns, std::vector<std::string> values);

  // Nothing if there is no such column.
  std::optional<std::string_view> Get(std::string_view column) const;
  const std::vector<std::string>& columns() const;
  const std::vector<std::string>& values() const { return values_; }

  bool operator==(const CsvRow& other) const {
    return columns() == other.columns() && values_ == other.values_;
  }

 private:
  Columns columns_;
  std::vector<std::string> values_;
};

// The result of ParseCsvRecord at the beginning of a text.
struct CsvRecord {
  bool complete = false;  // false: the text ends inside the record; the rest is not set
  bool blank = false;     // an empty line
  size_t bytes = 0;       // with the line end; 0 at the end of the input
  uint64_t lines = 0;
  std::string problem;  // why it is a bad record; empty if it is good
};
// `at_end`: nothing follows `text`. A quote that is never closed makes a bad record of the first
// line alone, so that the lines after it can still be read.
CsvRecord ParseCsvRecord(std::string_view text, char delimiter, bool at_end,
                         std::vector<std::string>& fields);

// Takes records from any ByteInput.
class CsvReader {
 public:
  // Of `rules`, a CSV file uses the bound and the end.
  CsvReader(std::unique_ptr<ByteInput> input, BadLines bad_lines, char delimiter,
            const LineRules& rules);

  // Reads the column names at the current place of `input`. Without any record there are no
  // columns, and no rows either.
  absl::Status ReadHeader();
  // From another reader of the same file.
  void set_columns(CsvRow::Columns columns) { columns_ = std::move(columns); }
  const CsvRow::Columns& columns() const { return columns_; }

  absl::StatusOr<Took> Next(CsvRow& row);
  ByteInput& input() const { return *input_; }

 private:
  // The next record that is not blank into fields_; with kSkipped, problem_ describes the fault.
  absl::StatusOr<Took> NextRecord();
  // Decides about a record that ends with the input.
  absl::StatusOr<Took> LastRecord(CsvRecord record);
  absl::StatusOr<Took> TooLong();
  Took Leave(uint64_t bytes, std::string_view why);

  std::unique_ptr<ByteInput> input_;
  BadLines bad_lines_;
  char delimiter_;
  LineRules rules_;
  bool left_ = false;  // the rest of the input stays unread
  CsvRow::Columns columns_;
  // Of the last record read.
  LineOrigin origin_;
  std::vector<std::string> fields_;
  std::string problem_;
};

// One file as one partition. `context` outlives the partition.
absl::StatusOr<std::unique_ptr<SourcePartition<CsvRow>>> OpenCsv(
    const FileSourceOptions& file, char delimiter, const std::optional<Position>& resume,
    const SourceContext& context);
FileSource<CsvRow>::Opener CsvOpener(char delimiter);

Source<CsvRow> CsvFile(FileSourceOptions file, char delimiter = ',');

}  // namespace tidemark
