// How windows of a key look, for people and for machines.

#include "base/quantity.h"
#include "base/readable_time.h"
#include "base/status.h"
#include "state/value_json.h"
#include "command/window_look.h"

namespace tidemark {
namespace {

// A name as it is, where it can be told from what stands around it; else in quotes.
std::string NameText(const std::string& name) {
  bool plain = !name.empty();
  for (const char c : name) plain = plain && c > ' ' && c != '"' && c != ',' && c != ':';
  if (plain) return name;
  std::string quoted;
  AppendJsonString(name, quoted);
  return quoted;
}

std::string RowsText(uint64_t rows) { return Cat(FormatCount(rows), rows == 1 ? " row" : " rows"); }

// "open, 1,238 rows, closes at 11:05:30"
std::string StateText(const OpenWindowLook& window) {
  std::string text = window.is_due ? "due" : "open";
  if (window.rows) text += Cat(", ", RowsText(*window.rows));
  if (window.is_due) return text;
  const Timestamp near = window.close;
  if (window.closes_by_watermark) {
    return Cat(text, ", closes at watermark ", ReadableTime(window.closes, near));
  }
  return Cat(text, ", closes at ", ReadableTime(NextSecond(window.closes), near));
}

std::vector<std::string> WindowLines(const OpenWindowLook& window) {
  std::string line =
      Cat("[", ReadableRange(window.open, window.close), window.is_session ? "] " : ") ",
          window.is_session ? "session " : "", StateText(window));
  const char* separator = ": ";
  for (const auto& [name, value] : window.fields) {
    line += Cat(separator, NameText(name), " ", value);
    separator = ", ";
  }
  if (window.parts.size() == 1 && window.items.empty()) {
    return {Cat(line, ": ", window.parts[0])};
  }
  std::vector<std::string> lines = {line};
  for (const std::string& part : window.parts) lines.push_back(Cat("  part ", part));
  for (const std::string& item : window.items) lines.push_back(Cat("  ", item));
  return lines;
}

std::string TimeJson(Timestamp t) { return Cat("\"", FormatTimestamp(t), "\""); }

std::string ListJson(const char* name, const std::vector<std::string>& values) {
  std::string json = Cat(", \"", name, "\": [");
  for (size_t i = 0; i < values.size(); ++i) json += Cat(i == 0 ? "" : ", ", values[i]);
  return json + "]";
}

std::string WindowJson(const OpenWindowLook& window) {
  std::string json =
      Cat("{\"open\": ", TimeJson(window.open), ", \"close\": ", TimeJson(window.close),
          ", \"state\": \"", window.is_due ? "due" : "open", "\", \"",
          window.closes_by_watermark ? "closes_at_watermark" : "closes_at",
          "\": ", TimeJson(window.closes));
  if (window.rows) json += Cat(", \"rows\": ", *window.rows);
  if (!window.fields.empty()) {
    json += ", \"values\": {";
    for (size_t i = 0; i < window.fields.size(); ++i) {
      json += i == 0 ? "" : ", ";
      AppendJsonString(window.fields[i].first, json);
      json += Cat(": ", window.fields[i].second);
    }
    json += "}";
  }
  if (!window.parts.empty()) json += ListJson("parts", window.parts);
  if (!window.items.empty()) json += ListJson("items", window.items);
  return json + "}";
}

}  // namespace

std::vector<std::string> WindowsToLines(const DumpedKey& key, const WindowsLook& look) {
  std::string head = Cat(key.key_text, ":");
  const auto add = [&](const std::string& text) {
    head += Cat(head.back() == ':' ? " " : ", ", text);
  };
  if (look.watermark_of_key && look.watermark) {
    // It moves on with time, so a part of a second says nothing.
    add(Cat("watermark ", ReadableTime(WholeSecond(*look.watermark))));
  }
  if (look.windows.empty()) add("no open window");
  if (look.waiting > 0) add(Cat(RowsText(look.waiting), " waiting for the watermark"));
  // A key without windows keeps its watermark for a while.
  if (look.windows.empty() && look.waiting == 0 && key.wakes && !key.wakes_by_watermark) {
    add(Cat("forgotten at ", ReadableTime(NextSecond(*key.wakes))));
  }
  if (head.back() == ':') head.pop_back();
  std::vector<std::string> lines = {head};
  for (const OpenWindowLook& window : look.windows) {
    for (const std::string& line : WindowLines(window)) lines.push_back(Cat("  ", line));
  }
  if (look.more > 0) lines.push_back(Cat("  and ", FormatCount(look.more), " more windows"));
  return lines;
}

std::string WindowsToJson(const DumpedKey& key, const WindowsLook& look) {
  std::string json = "{\"step\": ";
  AppendJsonString(key.step, json);
  json += ", \"kind\": ";
  AppendJsonString(key.kind, json);
  json += Cat(", \"key\": ", key.key_json,
              ", \"watermark\": ", look.watermark ? TimeJson(*look.watermark) : "null",
              ", \"windows\": [");
  for (size_t i = 0; i < look.windows.size(); ++i) {
    json += Cat(i == 0 ? "" : ", ", WindowJson(look.windows[i]));
  }
  json += "]";
  if (look.more > 0) json += Cat(", \"more_windows\": ", look.more);
  if (look.waiting > 0) json += Cat(", \"rows_waiting\": ", look.waiting);
  return json + "}";
}

}  // namespace tidemark
