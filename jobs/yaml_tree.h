// ReadYaml: a YAML text as a tree of plain values that know their places.
//
// This is the one door to yaml-cpp: its exceptions end here, and what it lets pass and a job file
// must not have is refused here (a quoted text without an end, control characters, broken UTF-8).
// Values stay text, since only the reader of a key knows what its value should be; keys keep their
// order and may be there twice, so that the reader can say so. An alias is the value it names, at
// the place where it is used.
//
// Bounded, for texts of any origin: kYamlBytesMax, kYamlDepthMax, and a tree that shares what
// aliases repeat, so that it is never larger than its text.
//
//   Problems problems("job.yaml");
//   const YamlValue root = ReadYaml(text, problems);
//   if (problems.empty() && root.is_map()) …
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/problems.h"

namespace tidemark {

inline constexpr size_t kYamlBytesMax = 1 << 20;
inline constexpr int kYamlDepthMax = 50;

struct YamlNode;
struct YamlEntry;

// A value where it is used. Copies share the node.
struct YamlValue {
  Place place;
  std::shared_ptr<const YamlNode> node;

  bool is_nothing() const;  // no value, `null` or `~`
  bool is_text() const;
  bool is_list() const;
  bool is_map() const;
  // Requires is_text(), is_list(), is_map() respectively.
  const std::string& text() const;
  const std::vector<YamlValue>& items() const;
  const std::vector<YamlEntry>& entries() const;

  // Of a text without quotes that YAML takes for something else: "a number", "a boolean"; else
  // empty.
  std::string_view other_type() const;
  bool is_quoted() const;

  // For messages: "'many'", "a list", "a map", "nothing". A long text is cut.
  std::string Describe() const;
};

struct YamlEntry {
  std::string key;
  Place place;  // of the key
  YamlValue value;
};

struct YamlNode {
  enum class Kind { kNothing, kText, kList, kMap };
  Kind kind = Kind::kNothing;
  std::string text;
  bool quoted = false;
  Place text_place;  // of the text's first letter, where it stands letter by letter in one line
  std::vector<YamlValue> items;
  std::vector<YamlEntry> entries;
  int depth = 0;  // of what is in it
};

// `text` in single quotes, cut and on one line.
std::string Quoted(std::string_view text);

// The text's one document. With a problem reported, what is returned is nothing; nothing without a
// problem is an empty text.
YamlValue ReadYaml(std::string_view text, Problems& problems);

}  // namespace tidemark
