// Goal: what an epoch writes follows what the epoch changed, and not what a key already holds.
// Method: one key is given values in epochs of equal size; the bytes of single commits are compared
// where little and where much is held (tests/scenarios/state_bytes.h). Counters, not times.

#include <gtest/gtest.h>

#include "tests/scenarios/state_bytes.h"

namespace tidemark {
namespace {

// What epochs of ten values write where `few` and where `many` values are held.
void ExpectFlat(const StateBytes::Shape& shape, int64_t few, int64_t many) {
  StateBytes job(shape);
  job.Hold(few);
  const double before = job.BytesPerEpoch();
  job.Hold(many);
  const double after = job.BytesPerEpoch();
  std::printf("%-28s %9.0f bytes per epoch at %lld held, %9.0f at %lld\n", shape.name, before,
              static_cast<long long>(few), after, static_cast<long long>(many));
  EXPECT_LE(after, 1.2 * before) << shape.name;
}

class StateInPieces : public ::testing::TestWithParam<StateBytes::Shape> {};

TEST_P(StateInPieces, AnEpochWritesWhatItChanged) { ExpectFlat(GetParam(), 1000, 100'000); }

INSTANTIATE_TEST_SUITE_P(Shapes, StateInPieces, ::testing::ValuesIn(StateBytes::Shapes()),
                         [](const auto& info) { return std::string(info.param.name); });

// A collected window and a list hold the same values.
TEST(StateInPiecesRatio, CollectedWindowsCostLittleMoreThanLists) {
  const double list = StateBytes::TotalBytes("batch");
  for (const char* name : {"collect_tumbling", "collect_sliding", "collect_session"}) {
    const double window = StateBytes::TotalBytes(name);
    std::printf("%-28s %.0f bytes, a list %.0f: %.2f times\n", name, window, list, window / list);
    EXPECT_LE(window, 1.3 * list) << name;
  }
}

}  // namespace
}  // namespace tidemark
