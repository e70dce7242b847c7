// What an epoch writes for one key, by the number of values that the key holds.
//
// Each step holds every value it is given: a list that never fills, windows that never close, a
// join that keeps all pairs. Ten values an epoch are added to a key that holds a million, and to
// one that holds a thousand. What is written is counted in the commits, so the figures depend on
// nothing but the code, and one round is enough. State is meant to be stored in pieces: then the
// ratio is 1, where a state that is written as a whole has a thousand.

#include "base/quantity.h"
#include "base/status.h"
#include "bench/rows.h"
#include "tests/scenarios/state_bytes.h"

namespace tidemark::bench {
namespace {

constexpr int64_t kFew = 1'000;

double BytesWith(const StateBytes::Shape& shape, int64_t held) {
  StateBytes state(shape);
  state.Hold(held);
  return state.BytesPerEpoch();
}

}  // namespace

void MeasureHeldValues(Bench& bench) {
  const auto many = static_cast<int64_t>(bench.Size(1'000'000, 20'000));
  for (const StateBytes::Shape& shape : StateBytes::Shapes()) {
    bench.Add({.what = Cat(shape.name, ", ", FormatCount(static_cast<uint64_t>(many)), " held"),
               .unit = "bytes/epoch",
               .ours = {BytesWith(shape, many)},
               .baseline = {BytesWith(shape, kFew)},
               .against = Cat("with ", FormatCount(static_cast<uint64_t>(kFew)), " held")});
  }
  bench.Note("ten values an epoch, for one key");
}

}  // namespace tidemark::bench
