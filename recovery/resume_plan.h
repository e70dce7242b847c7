// PlanResume: may this flow go on from that epoch, and what becomes of each step's state?
//
// A pure function over facts, so that every combination is one line of a table test. It decides
// nothing about files; whoever calls it has read the epoch record and knows the flow.
//
//   const ResumePlan plan = PlanResume(record, steps, {.flow_name = "quakes"});
//   if (!plan.verdict.ok()) return plan.verdict;          // refused, says why and what to do
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "base/ids.h"
#include "proto/epoch_record.h"

namespace tidemark {

// A stateful step as the flow declares it.
struct DeclaredStep {
  std::string name;
  std::string kind;
  std::string parameters;
  std::string schema;
  std::string value_schema = {};
  std::string key_schema;
  std::string results = {};
  uint8_t time_domain = 0;
  StepDefinition definition = {};
};

struct ResumeFacts {
  std::string flow_name;
  std::string directory;  // for messages
};

struct StepFate {
  enum class Kind {
    kKept,      // same step, same schema
    kNew,       // the store knows nothing of it: starts empty
    kOrphan,    // the flow no longer has it: its state stays where it is
    kChanged,   // kept, with other parameters
    kMigrated,  // kept, and its type is a wider one now (state/schema_widening.h)
  };
  Kind kind = Kind::kKept;
  std::string name;
  std::string detail;  // for people
};

struct ResumePlan {
  absl::Status verdict;
  std::vector<StepFate> fates;
  // The steps of the next epoch record: known ones with their ids, new ones with fresh ids.
  std::vector<StepRecord> steps;
};

ResumePlan PlanResume(const std::optional<EpochRecord>& record,
                      const std::vector<DeclaredStep>& steps, const ResumeFacts& facts);

// Where a source stands, for people: "line 120", "item 7", "byte 4096".
std::string DescribePosition(const NamedValues& position);

}  // namespace tidemark
