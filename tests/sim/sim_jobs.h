// Jobs: work that is shared out to processes, and a line on standard error that says how far all of
// them are.
//
//   const bool good = RunInJobs(2, [](uint64_t job, const SayProgress& say) {
//     for (…) { … say(done, total); }
//     return true;
//   });
//
// Each job is a process of its own: one that a check ends does not take the others with it. On a
// terminal the line is replaced every other second, elsewhere there is a new one every ten.
//
// Thread rule: used by one thread, in a program that has no other.
#pragma once

#include <cstdint>
#include <functional>

namespace tidemark::sim {

// So many are done, of so many that this job will do.
using SayProgress = std::function<void(uint64_t done, uint64_t total)>;

inline constexpr uint64_t kJobsMax = 64;

// False when the work of any job returned that, or its process did not come to its end.
bool RunInJobs(uint64_t jobs,
               const std::function<bool(uint64_t job, const SayProgress& say)>& work);

}  // namespace tidemark::sim
