#include "proto/format_1.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace tidemark {
namespace {

struct Moved {
  std::string_view prefix;  // of the name in a position; the step's name follows
  const char* name;         // in the definition
};
constexpr Moved kMoved[] = {{"key of ", "key"}, {"window of ", "window"}};

// Whether `name` was no part of a position but of a step's definition, which is taken.
bool TakeDefinition(const std::string& name, const NamedValues::mapped_type& value,
                    EpochRecord& record) {
  const std::string* text = std::get_if<std::string>(&value);
  if (text == nullptr) return false;
  for (const Moved& moved : kMoved) {
    if (!std::string_view(name).starts_with(moved.prefix)) continue;
    const std::string_view step_name = std::string_view(name).substr(moved.prefix.size());
    const auto step = std::find_if(record.steps.begin(), record.steps.end(),
                                   [&](const StepRecord& s) { return s.name == step_name; });
    if (step != record.steps.end()) step->definition.emplace(moved.name, *text);
    return true;
  }
  return false;
}

}  // namespace

void MoveDefinitionsToSteps(EpochRecord& record) {
  for (SourceRecord& source : record.sources) {
    std::erase_if(source.position, [&](const auto& entry) {
      return TakeDefinition(entry.first, entry.second, record);
    });
  }
}

}  // namespace tidemark
