#include "jobs/yaml_tree.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <optional>
#include <sstream>
#include <utility>

#include "absl/strings/numbers.h"
#include "base/check.h"
#include "state/value_json.h"

namespace tidemark {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr size_t kShownChars = 40;  // of a text in a message

bool ContinuesChar(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

bool IsUtf8(std::string_view text) {
  // A JSON string can hold every text that is UTF-8, and begins otherwise for those that are not.
  std::string json;
  AppendJsonString(text, json);
  return json.front() == '"';
}

// The text by lines, to turn yaml-cpp's places into those of an editor.
class Lines {
 public:
  explicit Lines(std::string_view text) {
    for (size_t begin = 0; begin <= text.size();) {
      const size_t end = std::min(text.find('\n', begin), text.size());
      lines_.push_back(text.substr(begin, end - begin));
      begin = end + 1;
    }
  }

  const std::vector<std::string_view>& all() const { return lines_; }
  // Empty for a place behind the end.
  std::string_view At(size_t line) const {
    return line < lines_.size() ? lines_[line] : std::string_view();
  }
  // Both count from 0; the column is in bytes.
  Place PlaceOf(size_t line, size_t byte) const {
    const std::string_view before = At(line).substr(0, byte);
    const auto chars =
        std::count_if(before.begin(), before.end(), [](char c) { return !ContinuesChar(c); });
    return {.line = static_cast<int>(line) + 1, .column = static_cast<int>(chars) + 1};
  }
  Place PlaceOf(const YAML::Mark& mark) const {
    if (mark.is_null()) return {.line = 1, .column = 1};
    return PlaceOf(static_cast<size_t>(mark.line), static_cast<size_t>(mark.column));
  }
  // Whether the quoted text that begins at the mark has an end. True when none begins there: a text
  // with an anchor or a tag is marked at these.
  bool QuotesEnd(const YAML::Mark& mark) const {
    const auto column = static_cast<size_t>(mark.column);
    std::string_view line = At(static_cast<size_t>(mark.line));
    if (column >= line.size() || (line[column] != '\'' && line[column] != '"')) return true;
    const char quote = line[column];
    size_t i = column + 1;
    for (auto number = static_cast<size_t>(mark.line); number < lines_.size(); ++number, i = 0) {
      line = lines_[number];
      for (; i < line.size(); ++i) {
        if (quote == '"' && line[i] == '\\') {
          ++i;
        } else if (line[i] == quote) {
          if (quote == '"' || i + 1 == line.size() || line[i + 1] != quote) return true;
          ++i;  // '' is a quote within single quotes
        }
      }
    }
    return false;
  }
  // Of `text`, if it stands `offset` bytes behind the mark; else no place.
  Place PlaceOfText(const YAML::Mark& mark, size_t offset, std::string_view text) const {
    const auto line = static_cast<size_t>(mark.line);
    const size_t begin = static_cast<size_t>(mark.column) + offset;
    const bool there = begin <= At(line).size() && At(line).substr(begin, text.size()) == text;
    return there ? PlaceOf(line, begin) : Place();
  }

 private:
  std::vector<std::string_view> lines_;
};

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const Lines& lines, Problems& problems) : lines_(lines), problems_(problems) {}

  const YamlValue& root() const { return root_; }
  Place begin() const { return begin_; }

  void OnDocumentStart(const YAML::Mark& mark) override { begin_ = lines_.PlaceOf(mark); }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Open(YamlNode::Kind::kNothing, mark, anchor);
    Close();
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    const bool quoted = tag == "!";
    if (quoted && !lines_.QuotesEnd(mark)) {
      problems_.Add(lines_.PlaceOf(mark), "the quoted text that begins here does not end");
    }
    Open(YamlNode::Kind::kText, mark, anchor);
    open_.back().node->text = text;
    open_.back().node->quoted = quoted;
    open_.back().node->text_place = lines_.PlaceOfText(mark, quoted ? 1 : 0, text);
    Close();
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kList, mark, anchor);
  }
  void OnSequenceEnd() override { Close(); }
  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    Open(YamlNode::Kind::kMap, mark, anchor);
  }
  void OnMapEnd() override { Close(); }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto known = anchors_.find(anchor);
    YamlValue value{.place = lines_.PlaceOf(mark), .node = nullptr};
    if (known != anchors_.end()) {
      value.node = known->second;
    } else {  // an anchor is known to us when its value has ended
      problems_.Add(value.place, "this alias is part of the value that it names");
      value.node = std::make_shared<YamlNode>();
    }
    Add(std::move(value));
  }

 private:
  struct OpenNode {
    Place place;
    YAML::anchor_t anchor = YAML::NullAnchor;
    std::shared_ptr<YamlNode> node;
    std::optional<YamlValue> key;  // of a map, whose value has not come yet
  };

  void Open(YamlNode::Kind kind, const YAML::Mark& mark, YAML::anchor_t anchor) {
    open_.push_back({.place = lines_.PlaceOf(mark),
                     .anchor = anchor,
                     .node = std::make_shared<YamlNode>(),
                     .key = std::nullopt});
    open_.back().node->kind = kind;
  }
  void Close() {
    OpenNode done = std::move(open_.back());
    open_.pop_back();
    if (done.anchor != YAML::NullAnchor) anchors_[done.anchor] = done.node;
    Add({.place = done.place, .node = std::move(done.node)});
  }
  void Add(YamlValue value) {
    if (open_.empty()) {
      root_ = std::move(value);
      return;
    }
    OpenNode& parent = open_.back();
    // A chain of aliases nests without end in a flat text, and whoever walks over it takes stack.
    if (value.node->depth >= kYamlDepthMax) {
      if (!std::exchange(too_deep_, true)) {
        problems_.Add(value.place, Cat("lists and maps are nested deeper than ", kYamlDepthMax));
      }
      value.node = std::make_shared<YamlNode>();
    }
    parent.node->depth = std::max(parent.node->depth, value.node->depth + 1);
    if (parent.node->kind == YamlNode::Kind::kList) {
      // A missing item is marked where the next thing begins.
      if (value.is_nothing()) value.place = parent.place;
      parent.node->items.push_back(std::move(value));
    } else if (!parent.key.has_value()) {
      parent.key = std::move(value);
    } else {
      AddEntry(parent, std::move(value));
    }
  }
  void AddEntry(OpenNode& parent, YamlValue value) {
    const YamlValue key = *std::exchange(parent.key, std::nullopt);
    if (!key.is_text()) {
      problems_.Add(key.place, Cat("a key must be a word, found ", key.Describe()));
      return;
    }
    if (value.is_nothing()) value.place = key.place;
    parent.node->entries.push_back(
        {.key = key.text(), .place = key.place, .value = std::move(value)});
  }

  const Lines& lines_;
  Problems& problems_;
  std::vector<OpenNode> open_;
  std::map<YAML::anchor_t, std::shared_ptr<const YamlNode>> anchors_;
  YamlValue root_{.place = {.line = 1, .column = 1}, .node = std::make_shared<YamlNode>()};
  Place begin_;
  bool too_deep_ = false;
};

// What yaml-cpp says, in words for somebody who does not know YAML's grammar.
std::string Explain(const std::string& message) {
  static const auto& kWords = *new std::map<std::string_view, std::string_view>{
      {YAML::ErrorMsg::MAP_VALUE,
       "a ':' is not expected here; check the indentation, and put quotes around text that has "
       "': ' in it"},
      {YAML::ErrorMsg::MAP_KEY, "a key is not expected here; check the indentation"},
      {YAML::ErrorMsg::END_OF_MAP, "the indentation does not fit the lines above"},
      {YAML::ErrorMsg::END_OF_SEQ, "the indentation does not fit the list above"},
      {YAML::ErrorMsg::END_OF_MAP_FLOW, "a '}' or ',' is missing before this"},
      {YAML::ErrorMsg::END_OF_SEQ_FLOW, "a ']' or ',' is missing before this"},
      {YAML::ErrorMsg::FLOW_END, "this bracket was not opened"},
      {YAML::ErrorMsg::BLOCK_ENTRY, "a list item cannot begin here; put it on a line of its own"},
      {YAML::ErrorMsg::UNKNOWN_TOKEN, "a text with this beginning needs quotes"},
      {YAML::ErrorMsg::UNKNOWN_ANCHOR, "this alias names an anchor that is not set above"},
      // yaml-cpp has no other message for what is nested too deeply.
      {YAML::ErrorMsg::BAD_FILE, "lists and maps are nested too deeply"},
  };
  const auto known = kWords.find(message);
  return known == kWords.end() ? message : std::string(known->second);
}

void AddSyntaxError(const YAML::Exception& error, const Lines& lines, Problems& problems) {
  const auto line = error.mark.is_null() ? 0 : static_cast<size_t>(error.mark.line);
  const std::string_view text = lines.At(line);
  const size_t tab = text.find('\t');
  // The commonest cause, which yaml-cpp mostly takes for something else.
  if (tab != std::string_view::npos && tab < text.find_first_not_of(" \t")) {
    problems.Add(lines.PlaceOf(line, tab), "a tab; YAML is indented with spaces");
    return;
  }
  problems.Add(lines.PlaceOf(error.mark), Cat("not YAML: ", Explain(error.msg)));
}

// yaml-cpp takes some of these for the end of the text, and lets others pass.
bool HasOnlyText(const Lines& lines, Problems& problems) {
  const size_t before = problems.count();
  for (size_t number = 0; number < lines.all().size(); ++number) {
    const std::string_view line = lines.At(number);
    if (!IsUtf8(line)) {
      // Of a file that is no text at all every line would be reported.
      problems.Add(lines.PlaceOf(number, 0),
                   "this line is not UTF-8; save the file as UTF-8, if it is a job");
      return false;
    }
    for (size_t i = 0; i < line.size(); ++i) {
      const auto byte = static_cast<unsigned char>(line[i]);
      const bool line_end = byte == '\r' && i + 1 == line.size();
      if ((byte >= 0x20 && byte != 0x7f) || byte == '\t' || line_end) continue;
      problems.Add(lines.PlaceOf(number, i),
                   Cat("a control character (0x", absl::Hex(byte, absl::kZeroPad2), ")"));
      if (byte == 0) return false;  // as above
      break;
    }
  }
  return problems.count() == before;
}

YamlValue Nothing() {
  return {.place = {.line = 1, .column = 1}, .node = std::make_shared<YamlNode>()};
}

}  // namespace

bool YamlValue::is_nothing() const { return node->kind == YamlNode::Kind::kNothing; }
bool YamlValue::is_text() const { return node->kind == YamlNode::Kind::kText; }
bool YamlValue::is_list() const { return node->kind == YamlNode::Kind::kList; }
bool YamlValue::is_map() const { return node->kind == YamlNode::Kind::kMap; }

const std::string& YamlValue::text() const {
  TM_CHECK(is_text(), "the text of a value that is not a text");
  return node->text;
}
const std::vector<YamlValue>& YamlValue::items() const {
  TM_CHECK(is_list(), "the items of a value that is not a list");
  return node->items;
}
const std::vector<YamlEntry>& YamlValue::entries() const {
  TM_CHECK(is_map(), "the entries of a value that is not a map");
  return node->entries;
}

bool YamlValue::is_quoted() const { return is_text() && node->quoted; }

std::string_view YamlValue::other_type() const {
  if (!is_text() || is_quoted()) return {};
  const std::string_view text = node->text;
  for (const std::string_view word : {"true", "True", "TRUE", "false", "False", "FALSE"}) {
    if (text == word) return "a boolean";
  }
  for (const std::string_view word : {".inf", ".Inf", ".INF", ".nan", ".NaN", ".NAN"}) {
    if (text == word) return "a number";
  }
  double number = 0;
  const bool begins = !text.empty() && text.find_first_not_of("+-.0123456789") != 0;
  return begins && absl::SimpleAtod(ToAbsl(text), &number) ? "a number" : std::string_view();
}

std::string YamlValue::Describe() const {
  if (is_nothing()) return "nothing";
  if (is_list()) return items().empty() ? "an empty list" : "a list";
  if (is_map()) return entries().empty() ? "an empty map" : "a map";
  return Quoted(node->text);
}

std::string Quoted(std::string_view text) {
  std::string shown = "'";
  size_t chars = 0;
  for (const char c : text) {
    if (!ContinuesChar(c) && ++chars > kShownChars) {
      shown += "…";
      break;
    }
    shown += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return shown + "'";
}

YamlValue ReadYaml(std::string_view text, Problems& problems) {
  if (text.size() > kYamlBytesMax) {
    problems.Add(
        {.line = 1, .column = 1},
        Cat("a file of ", text.size(), " bytes; a job has at most ", kYamlBytesMax, " (1 MiB)"));
    return Nothing();
  }
  if (text.starts_with(kByteOrderMark)) text.remove_prefix(kByteOrderMark.size());
  const Lines lines(text);
  if (!HasOnlyText(lines, problems)) return Nothing();

  const size_t before = problems.count();
  TreeBuilder first(lines, problems);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    TreeBuilder second(lines, problems);
    if (parser.HandleNextDocument(first) && parser.HandleNextDocument(second)) {
      problems.Add(second.begin(), "a second document begins here, and a file holds one");
    }
  } catch (const YAML::Exception& error) {
    AddSyntaxError(error, lines, problems);
  } catch (const std::exception& error) {
    problems.Add({.line = 1, .column = 1}, Cat("cannot be read: ", error.what()));
  }
  return problems.count() == before ? first.root() : Nothing();
}

}  // namespace tidemark
