#include "connectors/kafka/kafka_source.h"

namespace tidemark {

absl::StatusOr<KafkaStart> PlanKafkaStart(const std::string& partition,
                                          const std::optional<Position>& resume,
                                          const KafkaRange& range, bool accept_changed) {
  if (!resume.has_value()) return KafkaStart{.offset = range.begin};
  const std::optional<int64_t> next = resume->Number("next");
  if (!next.has_value()) {
    return absl::DataLossError(
        Cat(partition, ": its position in the state has no offset; resume from a snapshot"));
  }
  if (*next >= range.begin && *next <= range.end) return KafkaStart{.offset = *next};
  const std::string what =
      *next < range.begin
          ? Cat(partition, ": continues at offset ", *next, ", but begins at ", range.begin,
                " now: retention removed what is between before it was read")
          : Cat(partition, ": continues at offset ", *next, ", but ends at ", range.end,
                " now: the topic was created again, or is another one");
  if (accept_changed) {
    return KafkaStart{.offset = range.begin,
                      .note = Cat(what, "; continues at offset ", range.begin)};
  }
  return absl::FailedPreconditionError(
      Cat(what, "; --accept-changed-input continues at offset ", range.begin));
}

}  // namespace tidemark
