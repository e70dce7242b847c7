#include <gtest/gtest.h>

#include "state/keyed_states.h"

namespace tidemark {
namespace {

TEST(KeyGroupRange, EveryGroupBelongsToTheWorkerThatSaysSo) {
  for (int workers = 1; workers <= kKeyGroups; ++workers) {
    for (int group = 0; group < kKeyGroups; ++group) {
      const int owner = WorkerOfGroup(group, workers);
      ASSERT_TRUE(owner >= 0 && owner < workers);
      for (int w = 0; w < workers; ++w) {
        ASSERT_EQ(KeyGroupRange::OfWorker(w, workers).Contains(group), w == owner)
            << group << " of " << workers;
      }
    }
  }
}

}  // namespace
}  // namespace tidemark
