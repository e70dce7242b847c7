#include "connectors/sqlite/sqlite_rows.h"

#include <bit>
#include <optional>
#include <utility>

#include "base/status.h"

namespace tidemark {
namespace {

constexpr char kVersion = 1;
constexpr char kShape = 's', kPlace = 'p', kRow = 'r';
constexpr char kNull = 'n', kInteger = 'i', kReal = 'd', kText = 't', kBlob = 'b';
constexpr size_t kDescribedBytesMax = 160;
// A piece ends with the row that reaches this.
constexpr size_t kPieceBytes = size_t{128} << 10;

// ---- writing -------------------------------------------

// Little-endian, whatever the machine is.
template <class T>
void PutNumber(T number, std::string& out) {
  for (size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i));
}

void PutBytes(std::string_view bytes, std::string& out) {
  PutNumber(static_cast<uint32_t>(bytes.size()), out);
  out += bytes;
}

struct ValueWriter {
  std::string& out;

  void operator()(std::monostate) const { out += kNull; }
  void operator()(int64_t number) const {
    out += kInteger;
    PutNumber(static_cast<uint64_t>(number), out);
  }
  void operator()(double number) const {
    out += kReal;
    PutNumber(std::bit_cast<uint64_t>(number), out);
  }
  void operator()(const std::string& text) const {
    out += kText;
    PutBytes(text, out);
  }
  void operator()(const SqliteBlob& blob) const {
    out += kBlob;
    PutBytes(blob.bytes, out);
  }
};

// ---- reading -------------------------------------------

absl::Status Damaged() {
  return absl::DataLossError("the rows stored for a table are damaged; resume from a snapshot");
}

template <class T>
std::optional<T> TakeNumber(std::string_view& rest) {
  if (rest.size() < sizeof(T)) return std::nullopt;
  T number = 0;
  for (size_t i = 0; i < sizeof(T); ++i) {
    number |= static_cast<T>(static_cast<unsigned char>(rest[i])) << (8 * i);
  }
  rest.remove_prefix(sizeof(T));
  return number;
}

std::optional<std::string> TakeBytes(std::string_view& rest) {
  const auto size = TakeNumber<uint32_t>(rest);
  if (!size.has_value() || rest.size() < *size) return std::nullopt;
  std::string bytes(rest.substr(0, *size));
  rest.remove_prefix(*size);
  return bytes;
}

std::optional<SqliteValue> TakeValue(std::string_view& rest) {
  if (rest.empty()) return std::nullopt;
  const char kind = rest.front();
  rest.remove_prefix(1);
  if (kind == kNull) return SqliteValue();
  if (kind == kInteger || kind == kReal) {
    const auto bits = TakeNumber<uint64_t>(rest);
    if (!bits.has_value()) return std::nullopt;
    if (kind == kReal) return SqliteValue(std::bit_cast<double>(*bits));
    return SqliteValue(static_cast<int64_t>(*bits));
  }
  if (kind != kText && kind != kBlob) return std::nullopt;
  auto bytes = TakeBytes(rest);
  if (!bytes.has_value()) return std::nullopt;
  if (kind == kText) return SqliteValue(*std::move(bytes));
  return SqliteValue(SqliteBlob{*std::move(bytes)});
}

struct ValueDescriber {
  std::string operator()(std::monostate) const { return "null"; }
  std::string operator()(int64_t number) const { return Cat(number); }
  std::string operator()(double number) const { return Cat(number); }
  std::string operator()(const std::string& text) const {
    return Cat("'", std::string_view(text).substr(0, kDescribedBytesMax), "'");
  }
  std::string operator()(const SqliteBlob& blob) const { return Cat(blob.bytes.size(), " bytes"); }
};

}  // namespace

std::string DescribeRow(const SqliteRow& row) {
  std::string text = "(";
  for (const SqliteColumn& column : row) {
    if (text.size() > 1) text += ", ";
    if (text.size() > kDescribedBytesMax) return text + "…)";
    text += Cat(column.name, ": ", std::visit(ValueDescriber(), column.value));
  }
  return text + ")";
}

void SqliteRowsWriter::Add(const SqliteRow& row, std::string_view place) {
  if (bytes_.empty()) bytes_ += kVersion;
  std::vector<std::string> columns;
  columns.reserve(row.size());
  for (const SqliteColumn& column : row) columns.push_back(column.name);
  const auto [shape, is_new] =
      shapes_.try_emplace(std::move(columns), static_cast<uint32_t>(shapes_.size()));
  if (is_new) {
    bytes_ += kShape;
    PutNumber(static_cast<uint32_t>(row.size()), bytes_);
    for (const SqliteColumn& column : row) PutBytes(column.name, bytes_);
  }
  if (!place.empty()) {
    bytes_ += kPlace;
    PutBytes(place, bytes_);
  }
  bytes_ += kRow;
  PutNumber(shape->second, bytes_);
  for (const SqliteColumn& column : row) std::visit(ValueWriter{bytes_}, column.value);
  if (bytes_.size() >= kPieceBytes) EndPiece();
}

void SqliteRowsWriter::EndPiece() {
  if (bytes_.empty()) return;
  shapes_.clear();
  pieces_.push_back(std::exchange(bytes_, {}));
}

std::vector<std::string> SqliteRowsWriter::Take() {
  EndPiece();
  return std::exchange(pieces_, {});
}

absl::StatusOr<bool> SqliteRowsReader::Next() {
  if (!began_ && !rest_.empty()) {
    if (rest_.front() != kVersion) return Damaged();
    rest_.remove_prefix(1);
    began_ = true;
  }
  place_.clear();
  while (!rest_.empty()) {
    const char kind = rest_.front();
    rest_.remove_prefix(1);
    if (kind == kPlace) {
      auto place = TakeBytes(rest_);
      if (!place.has_value()) return Damaged();
      place_ = *std::move(place);
      continue;
    }
    if (kind == kRow) {
      TM_RETURN_IF_ERROR(ReadRow());
      return true;
    }
    if (kind != kShape) return Damaged();
    TM_RETURN_IF_ERROR(ReadShape());
  }
  return false;
}

absl::Status SqliteRowsReader::ReadShape() {
  const auto count = TakeNumber<uint32_t>(rest_);
  if (!count.has_value() || *count > rest_.size()) return Damaged();
  std::vector<std::string> columns;
  for (uint32_t i = 0; i < *count; ++i) {
    auto name = TakeBytes(rest_);
    if (!name.has_value()) return Damaged();
    columns.push_back(*std::move(name));
  }
  shapes_.push_back(std::move(columns));
  return absl::OkStatus();
}

absl::Status SqliteRowsReader::ReadRow() {
  const auto shape = TakeNumber<uint32_t>(rest_);
  if (!shape.has_value() || *shape >= shapes_.size()) return Damaged();
  shape_ = *shape;
  values_.clear();
  for (size_t i = 0; i < columns().size(); ++i) {
    auto value = TakeValue(rest_);
    if (!value.has_value()) return Damaged();
    values_.push_back(*std::move(value));
  }
  return absl::OkStatus();
}

SqliteRow SqliteRowsReader::row() const {
  SqliteRow row;
  for (size_t i = 0; i < values_.size(); ++i) row.push_back({columns()[i], values_[i]});
  return row;
}

}  // namespace tidemark
