// What keyed_states_world.h varies, and what it holds KeyedStates against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

#include "state/keyed_states_test_type.h"

namespace tidemark {

struct Setting {
  int keys = 40;
  int workers_max = 3;
  size_t budget_bytes = size_t{1} << 30;
  bool cheap_size = true;
  bool time_steps_back = false;  // between two runs
  int64_t time_grain = 10;       // times are multiples of it, so many are equal
  size_t sweep_rows_max = 512;
};

struct ModelKey {
  Note note;
  uint32_t end_seen = 0;
};
using Model = std::map<std::string, ModelKey>;

}  // namespace tidemark
