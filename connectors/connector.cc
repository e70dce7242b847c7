#include "connectors/connector.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/status.h"

namespace tidemark {
namespace {

const ConnectorType& NoConnector() {
  static const ConnectorType none;
  return none;
}

bool Fits(OptionType type, const OptionValue& value) {
  switch (type) {
    case OptionType::kText:
    case OptionType::kName:
    case OptionType::kInputPath:
      return std::holds_alternative<std::string>(value);
    case OptionType::kNumber:
      return std::holds_alternative<int64_t>(value);
    case OptionType::kFlag:
      return std::holds_alternative<bool>(value);
    case OptionType::kDuration:
      return std::holds_alternative<Span>(value);
    case OptionType::kTime:
      return std::holds_alternative<Timestamp>(value);
    case OptionType::kFields:
      return std::holds_alternative<std::vector<std::string>>(value);
  }
  return false;
}

// The value of an option, or an empty one.
template <class T>
T ValueOf(const std::map<std::string, OptionValue, std::less<>>& values, std::string_view option) {
  const auto found = values.find(option);
  TM_CHECK(found != values.end(), "an option of this connector");
  if (std::holds_alternative<std::monostate>(found->second)) return T();
  const T* value = std::get_if<T>(&found->second);
  TM_CHECK(value != nullptr, "the option has this type");
  return *value;
}

}  // namespace

bool NeedsOptions(const std::vector<ConnectorOption>& options) {
  return std::any_of(options.begin(), options.end(),
                     [](const ConnectorOption& option) { return option.required(); });
}

std::string DefaultText(const ConnectorOption& option) {
  const OptionValue& value = option.fallback;
  if (const auto* text = std::get_if<std::string>(&value)) return *text;
  if (const auto* number = std::get_if<int64_t>(&value)) return Cat(*number);
  if (const auto* flag = std::get_if<bool>(&value)) return *flag ? "true" : "false";
  if (const auto* span = std::get_if<Span>(&value)) return span->us == 0 ? "0s" : FormatSpan(*span);
  if (const auto* time = std::get_if<Timestamp>(&value)) return FormatTimestamp(*time);
  return option.without;
}

ConnectorConfig::ConnectorConfig() : type_(&NoConnector()) {}

ConnectorConfig::ConnectorConfig(const ConnectorType& type,
                                 const std::vector<ConnectorOption>& options,
                                 const std::vector<Given>& given)
    : type_(&type) {
  for (const ConnectorOption& option : options) values_[option.name] = option.fallback;
  for (const auto& [name, value] : given) {
    const auto option = std::find_if(options.begin(), options.end(),
                                     [&](const ConnectorOption& o) { return o.name == name; });
    TM_CHECK(option != options.end(), "an option of this connector");
    TM_CHECK(Fits(option->type, value), "a value of the option's type");
    values_[name] = value;
  }
}

ConnectorConfig ConnectorConfig::OfSource(const ConnectorType& type,
                                          const std::vector<Given>& given) {
  TM_CHECK(type.source.has_value(), "the connector is a source");
  return ConnectorConfig(type, type.source->options, given);
}

ConnectorConfig ConnectorConfig::OfSink(const ConnectorType& type,
                                        const std::vector<Given>& given) {
  TM_CHECK(type.sink.has_value(), "the connector is a sink");
  return ConnectorConfig(type, type.sink->options, given);
}

std::string ConnectorConfig::Text(std::string_view option) const {
  return ValueOf<std::string>(values_, option);
}

int64_t ConnectorConfig::Number(std::string_view option) const {
  return ValueOf<int64_t>(values_, option);
}

bool ConnectorConfig::Flag(std::string_view option) const { return ValueOf<bool>(values_, option); }

Span ConnectorConfig::Duration(std::string_view option) const {
  return ValueOf<Span>(values_, option);
}

Timestamp ConnectorConfig::Time(std::string_view option) const {
  return ValueOf<Timestamp>(values_, option);
}

std::vector<std::string> ConnectorConfig::Fields(std::string_view option) const {
  return ValueOf<std::vector<std::string>>(values_, option);
}

void ConnectorConfig::SetText(std::string_view option, std::string text) {
  const auto found = values_.find(option);
  TM_CHECK(found != values_.end(), "an option of this connector");
  const bool has_text = std::holds_alternative<std::string>(found->second);
  TM_CHECK(has_text || std::holds_alternative<std::monostate>(found->second),
           "the option has this type");
  found->second = std::move(text);
}

}  // namespace tidemark
