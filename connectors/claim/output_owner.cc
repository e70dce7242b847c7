#include "connectors/claim/output_owner.h"

#include "base/status.h"

namespace tidemark {
namespace {

// However the two are named: mounts and links give a directory several names.
bool IsSameDirectory(Files& files, const std::string& a, const std::string& b) {
  if (a == b) return true;
  const auto one = files.Stat(a);
  const auto other = files.Stat(b);
  return one.ok() && other.ok() && one->device == other->device && one->inode == other->inode;
}

}  // namespace

OwnerState StateOfOwner(const std::string& state_directory, const SinkContext& context) {
  if (state_directory.empty()) return OwnerState::kUnknown;
  if (!context.state_directory.empty() &&
      IsSameDirectory(*context.files, state_directory, context.state_directory)) {
    return OwnerState::kOurs;
  }
  return context.holds_state(state_directory) ? OwnerState::kOther : OwnerState::kGone;
}

bool CameToNothing(const OwnerName& taken_by, const std::string& taken_from,
                   const SinkContext& context) {
  // Nobody's: a run without state, or a record that is damaged.
  if (taken_by.run_line.empty() || taken_by.run_line == context.run_line) return false;
  if (taken_by.run_line == context.abandoned_line) return true;
  return !taken_from.empty() && taken_from == context.run_line &&
         StateOfOwner(taken_by.state_directory, context) == OwnerState::kGone;
}

std::string DescribeOwner(const OwnerName& owner, OwnerState state) {
  if (owner.run_line.empty()) return "belongs to an unknown job";
  switch (state) {
    case OwnerState::kUnknown:
      return Cat("belongs to another job, or to another state of this one (lineage ",
                 owner.run_line, ")");
    case OwnerState::kGone:
      return Cat("belongs to job '", owner.job, "', whose state ", owner.state_directory,
                 " is gone");
    case OwnerState::kOurs:
      return Cat("belongs to an earlier state of job '", owner.job, "' in ", owner.state_directory);
    case OwnerState::kOther:
      break;
  }
  return Cat("is written by job '", owner.job, "', whose state is ", owner.state_directory);
}

std::string JoinWays(const std::vector<std::string>& ways) {
  std::string text;
  for (size_t i = 0; i < ways.size(); ++i) {
    text += Cat(i == 0 ? "" : i + 1 == ways.size() ? "; or " : "; ", ways[i]);
  }
  return text;
}

}  // namespace tidemark
