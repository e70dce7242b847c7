#include "connectors/kafka/kafka_note.h"

#include <array>
#include <optional>

#include "absl/strings/numbers.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr std::string_view kBegin = "tidemark/1 ";
constexpr size_t kNameBytesMax = 1'000;

// Without what ends a field or a path; so two names never become one.
std::string Escaped(std::string_view name, std::string_view special) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte > 0x20 && c != '%' && special.find(c) == special.npos) {
      out += c;
      continue;
    }
    out += '%';
    out += kDigits[byte >> 4];
    out += kDigits[byte & 15];
  }
  return out;
}

std::string Unescaped(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    uint32_t byte = 0;
    const bool is_escape = text[i] == '%' && i + 2 < text.size() &&
                           absl::SimpleHexAtoi(ToAbsl(text.substr(i + 1, 2)), &byte);
    out += is_escape ? static_cast<char>(byte) : text[i];
    if (is_escape) i += 2;
  }
  return out;
}

// The value of "name=value" in a text of such fields.
std::optional<std::string> FieldOf(std::string_view text, std::string_view name) {
  while (!text.empty()) {
    const std::string_view field = text.substr(0, text.find(' '));
    text.remove_prefix(field.size() < text.size() ? field.size() + 1 : field.size());
    if (field.size() > name.size() && field.starts_with(name) && field[name.size()] == '=') {
      return Unescaped(field.substr(name.size() + 1));
    }
  }
  return std::nullopt;
}

}  // namespace

std::string NoteText(const KafkaNote& note) {
  const auto named = [](std::string_view value) {
    return Escaped(value.substr(0, kNameBytesMax), "");
  };
  return Cat(kBegin, "line=", note.line, " session=", note.session, " epoch=", note.epoch,
             " job=", named(note.job), " state=", named(note.state_directory));
}

absl::StatusOr<KafkaNote> ParseNote(std::string_view text) {
  KafkaNote note;
  const auto line = FieldOf(text, "line"), session = FieldOf(text, "session");
  const auto epoch = FieldOf(text, "epoch");
  if (!text.starts_with(kBegin) || !line || !session || !epoch ||
      !absl::SimpleAtoi(*epoch, &note.epoch)) {
    return absl::FailedPreconditionError(
        Cat("the offset committed for its partition 0 is not one of Tidemark's: '",
            text.substr(0, kBegin.size() * 4), "'"));
  }
  note.line = *line;
  note.session = *session;
  note.job = FieldOf(text, "job").value_or("");
  note.state_directory = FieldOf(text, "state").value_or("");
  return note;
}

std::string KafkaSinkId(std::string_view job, std::string_view sink, std::string_view topic) {
  return Cat("tidemark/", Escaped(job, "/"), "/", Escaped(sink, "/"), "/", topic);
}

}  // namespace tidemark
