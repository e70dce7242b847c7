#include "state/value_json.h"

#include <charconv>
#include <cmath>
#include <cstdint>
#include <vector>

#include "absl/time/time.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "state/value_codec_wire.h"

namespace tidemark {
namespace {

template <class T>
void AppendNumber(T value, std::string& out) {
  char digits[32];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value);
  out.append(digits, end.ptr);
}

// float has digits of its own: 0.1f is 0.1 and not 0.10000000149011612.
template <class T>
void AppendFloat(T value, std::string& out) {
  if (std::isnan(value)) {
    out += "\"NaN\"";
  } else if (std::isinf(value)) {
    out += value > 0 ? "\"Infinity\"" : "\"-Infinity\"";
  } else {
    AppendNumber(value, out);
  }
}

std::string TimeText(absl::Time t) {
  if (t == absl::InfiniteFuture()) return "infinite-future";
  if (t == absl::InfinitePast()) return "infinite-past";
  // Whole microseconds look the same as a Timestamp does.
  const absl::StatusOr<Timestamp> whole = Timestamp::FromAbsl(t);
  if (whole.ok() && whole->ToAbsl() == t) return FormatTimestamp(*whole);
  return absl::FormatTime("%E4Y-%m-%dT%H:%M:%E*SZ", t, absl::UTCTimeZone());
}

// Walks schema and bytes together.
class JsonPrinter {
 public:
  JsonPrinter(const TypeSchema& schema, std::string_view bytes, std::string& out)
      : schema_(schema), in_(bytes), out_(out) {}

  absl::Status Run() {
    if (!Print(schema_.root)) return in_.status();
    if (in_.remaining() != 0) in_.Fail("trailing bytes follow its end");
    return in_.status();
  }

 private:
  bool Print(const TypeRef& type) {
    switch (type.kind) {
      case TypeKind::kNull:
        out_ += "null";
        return in_.Zero();
      case TypeKind::kBool:
        return PrintBool();
      case TypeKind::kChar:
        return PrintChar();
      case TypeKind::kI8:
        return PrintInteger<int8_t>();
      case TypeKind::kI16:
        return PrintInteger<int16_t>();
      case TypeKind::kI32:
        return PrintInteger<int32_t>();
      case TypeKind::kI64:
        return PrintInteger<int64_t>();
      case TypeKind::kU8:
        return PrintInteger<uint8_t>();
      case TypeKind::kU16:
        return PrintInteger<uint16_t>();
      case TypeKind::kU32:
        return PrintInteger<uint32_t>();
      case TypeKind::kU64:
        return PrintInteger<uint64_t>();
      case TypeKind::kF32:
        return PrintFloat<float>();
      case TypeKind::kF64:
        return PrintFloat<double>();
      case TypeKind::kString:
      case TypeKind::kBytes:
      case TypeKind::kJson:
        return PrintText(type.kind);
      case TypeKind::kTime:
      case TypeKind::kDuration:
      case TypeKind::kTimestamp:
      case TypeKind::kSpan:
        return PrintTime(type.kind);
      case TypeKind::kEnum:
        return Has(type, 1) && Print(type.args[0]);
      case TypeKind::kOptional:
        return Has(type, 1) && PrintOptional(type.args[0]);
      case TypeKind::kList:
      case TypeKind::kSet:
        return Has(type, 1) && PrintList(type.args[0]);
      case TypeKind::kArray:
        return Has(type, 1) && PrintArray(type.args[0], type.length);
      case TypeKind::kMap:
        return Has(type, 2) && PrintMap(type.args[0], type.args[1]);
      case TypeKind::kTuple:
        return PrintTuple(type.args);
      case TypeKind::kVariant:
        return PrintVariant(type.args);
      case TypeKind::kStruct:
        return PrintStruct(type.def);
    }
    return in_.Fail("its schema has an unknown kind");
  }

  bool Has(const TypeRef& type, size_t args) {
    return type.args.size() == args || in_.Fail("its schema is not valid");
  }

  bool PrintBool() {
    bool value = false;
    if (!in_.Flag(value)) return false;
    out_ += value ? "true" : "false";
    return true;
  }

  bool PrintChar() {
    uint8_t byte = 0;
    if (!in_.Byte(byte)) return false;
    const char c = static_cast<char>(byte);
    AppendJsonString({&c, 1}, out_);
    return true;
  }

  template <class T>
  bool PrintInteger() {
    T value = 0;
    if (!in_.Integer(value)) return false;
    AppendNumber(value, out_);
    return true;
  }

  template <class T>
  bool PrintFloat() {
    T value = 0;
    if (!in_.Fixed(value)) return false;
    AppendFloat(value, out_);
    return true;
  }

  bool PrintText(TypeKind kind) {
    std::string_view text;
    if (!in_.String(text)) return false;
    if (kind == TypeKind::kString) AppendJsonString(text, out_);
    if (kind == TypeKind::kBytes) AppendJsonHex(text, out_);
    if (kind == TypeKind::kJson) out_ += text;
    return true;
  }

  bool PrintTime(TypeKind kind) {
    std::string text;
    if (kind == TypeKind::kTime) {
      absl::Time time;
      if (!in_.Time(time)) return false;
      text = TimeText(time);
    } else if (kind == TypeKind::kDuration) {
      absl::Duration duration;
      if (!in_.Duration(duration)) return false;
      text = absl::FormatDuration(duration);
    } else if (kind == TypeKind::kTimestamp) {
      Timestamp time;
      if (!in_.Fixed(time.us)) return false;
      text = FormatTimestamp(time);
    } else {
      Span span;
      if (!in_.Signed(span.us)) return false;
      text = FormatSpan(span);
    }
    AppendJsonString(text, out_);
    return true;
  }

  bool PrintOptional(const TypeRef& type) {
    bool present = false;
    if (!in_.Flag(present)) return false;
    if (present) return Print(type);
    out_ += "null";
    return true;
  }

  bool PrintElements(const TypeRef& type, uint64_t count) {
    out_ += '[';
    for (uint64_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      if (!Print(type)) return false;
    }
    out_ += ']';
    return true;
  }

  bool PrintList(const TypeRef& type) {
    size_t count = 0;
    return in_.Count(count) && PrintElements(type, count);
  }

  bool PrintArray(const TypeRef& type, uint64_t length) {
    if (length == 0 && !in_.Zero()) return false;
    return PrintElements(type, length);
  }

  bool PrintTuple(const std::vector<TypeRef>& types) {
    if (types.empty() && !in_.Zero()) return false;
    out_ += '[';
    for (size_t i = 0; i < types.size(); ++i) {
      if (i > 0) out_ += ',';
      if (!Print(types[i])) return false;
    }
    out_ += ']';
    return true;
  }

  bool PrintVariant(const std::vector<TypeRef>& types) {
    uint64_t index = 0;
    if (!in_.Varint(index)) return false;
    if (index >= types.size()) return in_.Fail("an alternative is not known");
    out_ += '{';
    AppendKey(DescribeType(schema_, types[index]));
    if (!Print(types[index])) return false;
    out_ += '}';
    return true;
  }

  bool PrintStruct(uint32_t row) {
    if (row >= schema_.structs.size()) return in_.Fail("its schema is not valid");
    const StructDef& def = schema_.structs[row];
    if (!in_.Enter()) return false;
    if (def.fields.empty() && !in_.Zero()) return false;
    out_ += '{';
    for (size_t i = 0; i < def.fields.size(); ++i) {
      if (i > 0) out_ += ',';
      AppendKey(def.fields[i].name);
      if (!Print(def.fields[i].type)) return false;
    }
    out_ += '}';
    in_.Leave();
    return true;
  }

  void AppendKey(std::string_view name) {
    AppendJsonString(name, out_);
    out_ += ':';
  }

  // Written as an object; where a key turns out not to be text, turned into pairs in place.
  // (Printing it a second time instead would double the work with each level of maps in maps.)
  bool PrintMap(const TypeRef& key, const TypeRef& value) {
    struct Place {
      size_t key, value, end;
    };
    size_t count = 0;
    if (!in_.Count(count)) return false;
    const size_t start = out_.size();
    std::vector<Place> places;
    bool keys_are_text = true;
    for (size_t i = 0; i < count; ++i) {
      Place place{};
      out_ += i == 0 ? '{' : ',';
      place.key = out_.size();
      if (!Print(key)) return false;
      keys_are_text = keys_are_text && IsText(key.kind) && out_[place.key] == '"';
      out_ += ':';
      place.value = out_.size();
      if (!Print(value)) return false;
      place.end = out_.size();
      places.push_back(place);
    }
    if (count == 0) {
      out_ += IsText(key.kind) ? "{}" : "[]";
    } else if (keys_are_text) {
      out_ += '}';
    } else {
      const std::string object = out_.substr(start);
      out_.resize(start);
      for (const Place& place : places) {
        out_ += out_.size() == start ? "[[" : ",[";
        out_.append(object, place.key - start, place.value - 1 - place.key);
        out_ += ',';
        out_.append(object, place.value - start, place.end - place.value);
        out_ += ']';
      }
      out_ += ']';
    }
    return true;
  }

  static bool IsText(TypeKind kind) { return kind == TypeKind::kString || kind == TypeKind::kChar; }

  const TypeSchema& schema_;
  internal::ValueReader in_;
  std::string& out_;
};

}  // namespace

absl::StatusOr<std::string> ValueToJson(const TypeSchema& schema, std::string_view bytes) {
  std::string json;
  TM_RETURN_IF_ERROR(JsonPrinter(schema, bytes, json).Run());
  return json;
}

void AppendJsonDouble(double value, std::string& out) { AppendFloat(value, out); }

}  // namespace tidemark
