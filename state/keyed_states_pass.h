// What a pass over due timers has fired, as keyed_states_world.h keeps the account of it.
#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "base/timestamp.h"

namespace tidemark {

struct ModelPass {
  std::map<std::string, Timestamp> fired;  // as of when
  std::set<std::string> deferred;          // due again at once: for the next pass
  Timestamp due = Timestamp::Min();        // the latest that fired
  bool interrupted = false;                // it was left open, and other things happened since

  void Begin() { *this = ModelPass(); }
  // Whether a due key waits for the next pass.
  bool Waits(const std::string& key, Timestamp wake) {
    const auto found = fired.find(key);
    if (found != fired.end() && found->second == due && wake <= due) deferred.insert(key);
    return deferred.contains(key);
  }
  bool HasFiredBefore(const std::string& key) const { return interrupted && fired.contains(key); }
  void Fired(const std::string& key, Timestamp wake) {
    due = std::max(due, wake);
    fired[key] = due;
  }
};

}  // namespace tidemark
