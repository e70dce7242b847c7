#include "state/value_codec_wire.h"

#include "base/status.h"

namespace tidemark::internal {
namespace {

// absl::Duration counts quarters of a nanosecond; every Duration is a whole number of them.
constexpr uint64_t kTicksPerNano = 4;
constexpr uint64_t kTicksPerSecond = kTicksPerNano * 1'000'000'000;
absl::Duration Tick() { return absl::Nanoseconds(1) / 4; }

}  // namespace

// Whole seconds, rounded down, then the ticks above them. Infinities have the seconds 1 or -1 and
// as many ticks as no second has. Quarters of a nanosecond are rare and take Abseil's slow
// division.
void ValueWriter::Duration(absl::Duration d) {
  absl::Duration rest;
  int64_t seconds = absl::IDivDuration(d, absl::Seconds(1), &rest);
  if (rest < absl::ZeroDuration()) {
    if (rest == -absl::InfiniteDuration()) {
      Signed(-1);
      return Varint(kTicksPerSecond);
    }
    --seconds;
    rest += absl::Seconds(1);
  } else if (rest == absl::InfiniteDuration()) {
    Signed(1);
    return Varint(kTicksPerSecond);
  }
  const int64_t nanos = absl::IDivDuration(rest, absl::Nanoseconds(1), &rest);
  uint64_t ticks = static_cast<uint64_t>(nanos) * kTicksPerNano;
  if (rest != absl::ZeroDuration()) {
    ticks += static_cast<uint64_t>(absl::IDivDuration(rest, Tick(), &rest));
  }
  Signed(seconds);
  Varint(ticks);
}

bool ValueReader::Duration(absl::Duration& d) {
  int64_t seconds = 0;
  uint64_t ticks = 0;
  if (!Signed(seconds) || !Varint(ticks)) return false;
  if (ticks < kTicksPerSecond) {
    d = absl::Seconds(seconds) + absl::Nanoseconds(static_cast<int64_t>(ticks / kTicksPerNano));
    const auto quarters = static_cast<int64_t>(ticks % kTicksPerNano);
    if (quarters != 0) d += Tick() * quarters;
    return true;
  }
  if (ticks > kTicksPerSecond || (seconds != 1 && seconds != -1)) {
    return Fail("a time or duration is out of range");
  }
  d = absl::InfiniteDuration() * seconds;
  return true;
}

bool ValueReader::Time(absl::Time& t) {
  absl::Duration since_1970;
  if (!Duration(since_1970)) return false;
  t = absl::UnixEpoch() + since_1970;
  return true;
}

bool ValueReader::LongVarint(uint64_t& n) {
  uint64_t value = 0;
  for (int shift = 0; shift < 64; shift += 7) {
    uint8_t byte = 0;
    if (!Byte(byte)) return false;
    if (shift == 63 && byte > 1) return Fail("a number has more than 64 bits");
    value |= static_cast<uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80) {
      // One value, one form: equal states have equal bytes, also after a round trip elsewhere.
      if (byte == 0 && shift > 0) return Fail("a number is longer than it need be");
      n = value;
      return true;
    }
  }
  return Fail("a number has more than 64 bits");
}

bool ValueReader::Fail(const char* why) {
  if (!status_.ok()) return false;
  status_ = absl::DataLossError(
      Cat("a stored value is damaged at byte ", at_ - begin_, ": ", std::string_view(why)));
  return false;
}

bool ValueReader::FailWith(const absl::Status& status) {
  if (status_.ok()) status_ = Annotate(status, Cat("at byte ", at_ - begin_, " of a stored value"));
  return false;
}

}  // namespace tidemark::internal
