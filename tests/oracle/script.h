// Scripts: what a random stream of the property test is made of, and the model's run through one.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/oracle/window_oracle.h"

namespace tidemark::oracle {

struct Event {
  enum class Kind {
    kPush,     // an item becomes available
    kAdvance,  // the system clock moves by `by`, back if negative; then everything runs
    kRun,
    kCommit,  // runs, and commits
    kCrash,   // falls back to the last commit; resumes `by` later, with `workers`
    kEnd,     // end of input, committed; then as kCrash
  };
  Kind kind = Kind::kPush;
  Item item = {};
  int64_t by = 0;
  int workers = 1;
};

struct Script {
  StepSpec step;
  int workers = 1;
  size_t batch_items_max = 1024;
  // So little that epochs end early; a crash then comes after a commit, for who knows which epochs
  // there were.
  bool tiny_memory = false;
  bool on_disk = false;
  int64_t start = 0;  // system clock
  std::vector<Event> events;
};

// Takes a script event by event: the model does, and the engine.
class Player {
 public:
  virtual ~Player() = default;
  virtual void Play(const Event& event) = 0;
  virtual const Rows& rows() = 0;
};

struct RowCounts {
  size_t results = 0, late = 0, metadata = 0;
};

class ModelPlayer : public Player {
 public:
  // Where the rows of the last event begin; a crash has taken away what was behind the last commit.
  virtual RowCounts before() const = 0;
  // SEMANTICS says in which order the rows of the last event come, also between keys.
  virtual bool order_is_defined() const = 0;
  // No key has left anything behind.
  virtual bool empty() const = 0;
};

std::unique_ptr<ModelPlayer> NewModelPlayer(const Script& script);

Script RandomScript(uint64_t seed);

std::string Describe(const Script& script);

class EnginePlayer : public Player {
 public:
  // Of the last commit: the rows that its lateness ledger counts.
  virtual uint64_t late_rows() = 0;
  // The store holds no key.
  virtual bool empty() = 0;
};

using EngineFactory = std::function<std::unique_ptr<EnginePlayer>(const Script&)>;

// The first difference, in words, or nothing.
std::optional<std::string> Compare(const Script& script, const EngineFactory& engine);

// Drops events, and simplifies the way of running, as long as `fails` holds.
Script Shrink(Script script, const std::function<bool(const Script&)>& fails);

}  // namespace tidemark::oracle
