// RowWriter: rows that steps make: the key's fields under their names, then what the step adds.
//
//   const RowWriter writer({"net"});
//   JsonRow row;
//   writer.Begin(key, row.raw);              // {"net": "ci",
//   row.raw += "\"quakes\": 3}";
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/check.h"
#include "jobs/job_key.h"
#include "state/state_key.h"
#include "state/value_json.h"

namespace tidemark {

// Thread rule: constant after construction; may be shared.
class RowWriter {
 public:
  explicit RowWriter(const std::vector<std::string>& key_fields) {
    for (const std::string& field : key_fields) labels_.push_back(Label(field));
  }

  // "{" and each of the key's fields with a comma behind it.
  void Begin(const JobKey& key, std::string& out) const {
    const std::vector<KeyPart> parts = key.Parts();
    TM_CHECK(parts.size() == labels_.size(), "KeyedRows refuses state under other keys");
    out += '{';
    for (size_t i = 0; i < parts.size(); ++i) {
      out += labels_[i];
      AppendKeyPartJson(parts[i], out);
      out += ", ";
    }
  }

  // A little more than Begin() will append.
  size_t SizeOf(const JobKey& key) const {
    constexpr size_t kPart = 24;
    size_t size = kPart + key.encoded.size();
    for (const std::string& label : labels_) size += label.size() + kPart;
    return size;
  }

  // "\"net\": "
  static std::string Label(std::string_view field) {
    std::string label;
    AppendJsonString(field, label);
    return label + ": ";
  }

 private:
  std::vector<std::string> labels_;
};

}  // namespace tidemark
