#include "connectors/connector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "base/timestamp.h"

namespace tidemark {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

ConnectorType Radio() {
  ConnectorType type{.name = "radio", .title = "a radio"};
  type.source.emplace();
  type.source->options = {
      {.name = "station", .needed_as = "a station"},
      {.name = "volume", .type = OptionType::kNumber, .fallback = int64_t{3}, .min = 0},
      {.name = "stereo", .type = OptionType::kFlag, .fallback = true},
      {.name = "delay", .type = OptionType::kDuration, .fallback = Span::Seconds(0)},
      {.name = "since", .type = OptionType::kTime, .fallback = Timestamp{1'640'995'200'000'000}},
      {.name = "fields", .type = OptionType::kFields, .without = "all of them"}};
  return type;
}

TEST(ConnectorConfig, HasValuesAndDefaults) {
  const ConnectorType radio = Radio();
  const ConnectorConfig config = ConnectorConfig::OfSource(
      radio,
      {{"station", "FM4"}, {"volume", int64_t{7}}, {"fields", std::vector<std::string>{"a"}}});
  EXPECT_TRUE(config.Is("radio"));
  EXPECT_EQ(&config.type(), &radio);
  EXPECT_EQ(config.Text("station"), "FM4");
  EXPECT_EQ(config.Number("volume"), 7);
  EXPECT_TRUE(config.Flag("stereo"));
  EXPECT_EQ(config.Duration("delay"), Span::Seconds(0));
  EXPECT_EQ(config.Time("since"), Timestamp{1'640'995'200'000'000});
  EXPECT_THAT(config.Fields("fields"), ElementsAre("a"));
}

TEST(ConnectorConfig, WithoutAValueAnOptionIsEmpty) {
  const ConnectorType radio = Radio();
  ConnectorConfig config = ConnectorConfig::OfSource(radio);
  EXPECT_EQ(config.Text("station"), "");
  EXPECT_THAT(config.Fields("fields"), IsEmpty());
  config.SetText("station", "Ö1");
  EXPECT_EQ(config.Text("station"), "Ö1");
  EXPECT_FALSE(ConnectorConfig().type().source.has_value());
}

TEST(ConnectorConfigDeathTest, AMistakeOfAProgramStopsIt) {
  const ConnectorType radio = Radio();
  EXPECT_DEATH(ConnectorConfig::OfSink(radio), "the connector is a sink");
  EXPECT_DEATH(ConnectorConfig::OfSource(radio, {{"colour", "red"}}), "an option of this");
  EXPECT_DEATH(ConnectorConfig::OfSource(radio, {{"volume", "loud"}}), "of the option's type");
  EXPECT_DEATH(ConnectorConfig::OfSource(radio).Number("delay"), "the option has this type");
}

TEST(ConnectorOption, ShowsItsDefault) {
  const ConnectorType radio = Radio();
  std::vector<std::string> texts;
  for (const ConnectorOption& option : radio.source->options) texts.push_back(DefaultText(option));
  EXPECT_THAT(texts, ElementsAre("", "3", "true", "0s", "2022-01-01T00:00:00Z", "all of them"));
}

}  // namespace
}  // namespace tidemark
