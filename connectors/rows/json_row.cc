#include "connectors/rows/json_row.h"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "base/status.h"
#include "connectors/rows/half_surrogates.h"
#include "connectors/rows/input_kind.h"
#include "connectors/rows/json_fault.h"
#include "connectors/rows/json_scan.h"

namespace tidemark {
namespace {

using simdjson::dom::element;
using simdjson::dom::element_type;

constexpr std::string_view kLargestDouble = "1.7976931348623157e308";

std::string_view KindName(element_type type) {
  switch (type) {
    case element_type::ARRAY:
      return "an array";
    case element_type::OBJECT:
      return "an object";
    case element_type::INT64:
    case element_type::UINT64:
    case element_type::DOUBLE:
      return "a number";
    case element_type::STRING:
      return "a string";
    case element_type::BOOL:
      return "a boolean";
    case element_type::NULL_VALUE:
      return "null";
  }
  return "something else";
}

bool IsBlank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

template <class T>
bool Fits(std::string_view integer) {
  T value = 0;
  return std::from_chars(integer.data(), integer.data() + integer.size(), value).ec == std::errc();
}

// `number` in a form that simdjson can read: an integer that fits no machine type gets an exponent,
// and what lies beyond the largest double becomes that.
std::string ReadableNumber(std::string_view number) {
  const bool integer = number.find_first_of(".eE") == std::string_view::npos;
  if (integer && (Fits<int64_t>(number) || Fits<uint64_t>(number))) return std::string(number);
  double value = 0;
  if (!absl::SimpleAtod(ToAbsl(number), &value)) return std::string(number);
  if (std::isinf(value)) return Cat(value < 0 ? "-" : "", kLargestDouble);
  return Cat(number, integer ? "e0" : "");
}

// `json` with all its numbers readable; requires that it is JSON.
std::string WithReadableNumbers(std::string_view json) {
  std::string out;
  bool in_string = false;
  for (size_t i = 0; i < json.size();) {
    const char c = json[i];
    const bool escape = in_string && c == '\\';
    if (c == '"') in_string = !in_string;
    if (!in_string && (c == '-' || (c >= '0' && c <= '9'))) {
      const size_t end = std::min(json.find_first_not_of("+-.0123456789eE", i), json.size());
      out += ReadableNumber(json.substr(i, end - i));
      i = end;
      continue;
    }
    out.append(json, i, escape ? 2 : 1);
    i += escape ? 2 : 1;
  }
  return out;
}

// The field called `name`; false when there is none.
absl::StatusOr<bool> FindField(const simdjson::dom::object& object, std::string_view name,
                               element& found) {
  bool is_there = false;
  for (const auto& field : object) {
    if (field.key != name) continue;
    if (is_there) return absl::InvalidArgumentError(Cat("the field '", name, "' is there twice"));
    found = field.value;
    is_there = true;
  }
  return is_there;
}

// Looks for `path` in `object`, the longest names first. `names` become those on the way to
// `found`; null where nobody wants them. False when it is not there; an error only where no other
// reading of the path leads to a value.
absl::StatusOr<bool> FindPath(const simdjson::dom::object& object, std::string_view path,
                              std::vector<std::string_view>* names, element& found) {
  TM_ASSIGN_OR_RETURN(const bool is_there, FindField(object, path, found));
  if (is_there) {
    if (names != nullptr) names->push_back(path);
    return true;
  }
  absl::Status no_object;
  for (size_t end = path.size(); end > 0;) {
    const size_t dot = path.rfind('.', end - 1);
    if (dot == std::string_view::npos) break;
    end = dot;
    const std::string_view name = path.substr(0, dot);
    element value;
    TM_ASSIGN_OR_RETURN(const bool has_parent, FindField(object, name, value));
    if (!has_parent) continue;
    simdjson::dom::object parent;
    if (value.get_object().get(parent) != simdjson::SUCCESS) {
      no_object = absl::InvalidArgumentError(
          Cat("the field '", name, "' holds ", KindName(value.type()), ", not an object"));
      continue;
    }
    if (names != nullptr) names->push_back(name);
    absl::StatusOr<bool> is_inside = FindPath(parent, path.substr(dot + 1), names, found);
    if (!is_inside.ok() || *is_inside) return is_inside;
    if (names != nullptr) names->pop_back();
  }
  TM_RETURN_IF_ERROR(no_object);
  return false;
}

bool IsName(std::string_view quoted, std::string_view name) {
  if (quoted.find('\\') != std::string_view::npos) return JsonUnquoted(quoted).value_or("") == name;
  return quoted.substr(1, quoted.size() - 2) == name;
}

// The source bytes of the value that FindPath() came to.
std::string_view SourceOf(std::string_view object, const std::vector<std::string_view>& names) {
  std::string_view name, value = object;
  for (const std::string_view wanted : names) {
    JsonFieldScanner fields(value);
    while (fields.Next(name, value)) {
      if (IsName(name, wanted)) break;
    }
  }
  return value;
}

// The parser's double of a number this large may stand for many others: integers beyond 64 bits,
// and all that is beyond the largest double.
JsonScalar LargeNumber(double value, std::string_view text) {
  if (text.find_first_of(".eE") == std::string_view::npos) return JsonNumber{std::string(text)};
  double read = 0;
  if (!absl::SimpleAtod(ToAbsl(text), &read) || !std::isinf(read)) return value;
  return JsonNumber{CanonicalText(ParseDecimal(text))};
}

absl::Status IsHalfACharacter(std::string_view path) {
  return absl::InvalidArgumentError(
      Cat("the field '", path, "' has half of a surrogate pair, which is not a character"));
}

absl::StatusOr<JsonScalar> ToScalar(const element& value, std::string_view path) {
  switch (value.type()) {
    case element_type::NULL_VALUE:
      return JsonScalar();
    case element_type::BOOL:
      return JsonScalar(bool(value));
    case element_type::INT64:
      return JsonScalar(int64_t(value));
    case element_type::UINT64:
      return JsonScalar(uint64_t(value));
    case element_type::DOUBLE:  // Get() has taken it
      return JsonScalar(double(value));
    case element_type::STRING:
      return JsonScalar(std::string(std::string_view(value)));
    case element_type::ARRAY:
    case element_type::OBJECT:
      break;
  }
  return absl::InvalidArgumentError(
      Cat("the field '", path, "' holds ", KindName(value.type()), ", not a single value"));
}

}  // namespace

struct JsonFieldReader::Parsed {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string text;       // the object, and what the parser wants to read after it
  size_t size = 0;        // of the object's text
  std::string half_mark;  // what halves of surrogate pairs became; empty: there are none
  bool loaded = false;

  std::string_view source() const { return std::string_view(text).substr(0, size); }
  bool IsHalf(const element& value) const {
    std::string_view text;
    return !half_mark.empty() && value.get_string().get(text) == simdjson::SUCCESS &&
           text.find(half_mark) != std::string_view::npos;
  }
};

JsonFieldReader::JsonFieldReader() : parsed_(std::make_unique<Parsed>()) {}
JsonFieldReader::JsonFieldReader(const JsonFieldReader&) : JsonFieldReader() {}
JsonFieldReader& JsonFieldReader::operator=(const JsonFieldReader&) {
  parsed_ = std::make_unique<Parsed>();
  return *this;
}
JsonFieldReader::JsonFieldReader(JsonFieldReader&&) noexcept = default;
JsonFieldReader& JsonFieldReader::operator=(JsonFieldReader&&) noexcept = default;
JsonFieldReader::~JsonFieldReader() = default;

absl::Status JsonFieldReader::Load(std::string_view raw) {
  parsed_->loaded = false;
  if (IsBlank(raw)) {
    return absl::InvalidArgumentError("a JSON object is expected, found a blank line");
  }
  // As the parser would copy it; here it stays, for those who want to see digits.
  parsed_->text.assign(raw);
  parsed_->text.append(simdjson::SIMDJSON_PADDING, ' ');
  parsed_->size = raw.size();
  element root;
  parsed_->half_mark.clear();
  simdjson::error_code error =
      parsed_->parser.parse(parsed_->text.data(), raw.size(), /*realloc_if_needed=*/false)
          .get(root);
  if ((error == simdjson::NUMBER_ERROR || error == simdjson::STRING_ERROR) &&
      !FindJsonFault(raw).has_value()) {
    std::string readable = WithReadableNumbers(raw);
    parsed_->half_mark = MarkHalfSurrogates(readable);
    error = parsed_->parser.parse(readable).get(root);
  }
  if (error != simdjson::SUCCESS) {
    if (const auto fault = FindJsonFault(raw)) {
      return absl::InvalidArgumentError(Cat("not JSON at byte ", fault->byte, ": ", fault->what));
    }
    return absl::InvalidArgumentError(Cat("not JSON: ", simdjson::error_message(error)));
  }
  if (root.get_object().get(parsed_->object) != simdjson::SUCCESS) {
    return absl::InvalidArgumentError(
        Cat("a JSON object is expected, found ", KindName(root.type())));
  }
  parsed_->loaded = true;
  return absl::OkStatus();
}

absl::StatusOr<JsonScalar> JsonFieldReader::Get(std::string_view path) {
  if (!parsed_->loaded) return absl::FailedPreconditionError("no JSON object is loaded");
  element value;
  TM_ASSIGN_OR_RETURN(const bool found, FindPath(parsed_->object, path, nullptr, value));
  if (!found) return absl::NotFoundError(Cat("there is no field '", path, "'"));
  if (parsed_->IsHalf(value)) return IsHalfACharacter(path);
  constexpr double kBeyondIntegers = 9.2e18;
  if (value.type() == element_type::DOUBLE && std::abs(double(value)) > kBeyondIntegers) {
    return LargeNumber(double(value), NumberText(path));
  }
  return ToScalar(value, path);
}

std::string_view JsonFieldReader::NumberText(std::string_view path) const {
  element value;
  std::vector<std::string_view> names;
  if (!parsed_->loaded || !FindPath(parsed_->object, path, &names, value).value_or(false)) {
    return {};
  }
  return value.is_number() ? SourceOf(parsed_->source(), names) : std::string_view();
}

std::string JsonRow::Where() const { return file == nullptr ? "a row" : Cat(*file, ":", line); }

absl::Status ValidateJsonObject(std::string_view line) { return JsonFieldReader().Load(line); }

absl::StatusOr<JsonScalar> Field(const JsonRow& row, std::string_view path) {
  JsonFieldReader reader;
  if (const absl::Status loaded = reader.Load(row.raw); !loaded.ok()) {
    return Annotate(loaded, row.Where());
  }
  absl::StatusOr<JsonScalar> value = reader.Get(path);
  if (!value.ok()) return Annotate(value.status(), row.Where());
  return value;
}

absl::Status LineTraits<JsonRow>::CheckBeginning(ByteInput& input) {
  return CheckJsonBeginning(input);
}

LineDecoder<JsonRow> JsonLineDecoder() {
  return [reader = JsonFieldReader()](std::string_view line, const LineOrigin& origin,
                                      JsonRow& out) mutable {
    const std::string_view row = RowText(line);
    if (const absl::Status loaded = reader.Load(row); !loaded.ok()) {
      return absl::InvalidArgumentError(DescribeBadRow(line, ToStd(loaded.message())));
    }
    out.raw.assign(row);
    out.file = origin.path;
    out.line = origin.line;
    return absl::OkStatus();
  };
}

LineEncoder<JsonRow> JsonLineEncoder() {
  return [](const JsonRow& row, std::string& out) { out += row.raw; };
}

}  // namespace tidemark
