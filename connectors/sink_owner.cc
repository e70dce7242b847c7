#include "connectors/sink_owner.h"

#include <algorithm>

#include "absl/strings/numbers.h"
#include "base/status.h"

namespace tidemark {
namespace {

constexpr std::string_view kFrom = "from ";
constexpr size_t kOwnerBytesMax = 64 << 10;  // a longer owner file is damaged

SinkPlan Refuse(absl::StatusCode code, std::string_view why) {
  SinkPlan plan;
  plan.refusal = Error(code, why);
  return plan;
}

SinkPlan CutTo(const SinkFacts& facts, uint64_t bytes, uint64_t from_bytes) {
  SinkPlan plan;
  plan.length_bytes = bytes;
  if (!facts.run_line.empty()) {
    plan.owner = SinkOwner{.run_line = facts.run_line, .from_bytes = from_bytes};
  }
  return plan;
}

std::string OwnerText(const std::optional<SinkOwner>& owner) {
  if (!owner.has_value()) return "nobody";
  return owner->run_line.empty() ? "somebody unknown" : Cat("run line ", owner->run_line);
}

bool Owns(const std::string& run_line, const std::optional<SinkOwner>& owner) {
  return !run_line.empty() && owner.has_value() && owner->run_line == run_line;
}

SinkPlan PlanFresh(const SinkFacts& facts) {
  SinkPlan plan = CutTo(facts, 0, 0);
  const bool has_content = facts.size_bytes.value_or(0) > 0;
  const bool unowned_and_stateless = !facts.owner.has_value() && facts.run_line.empty();
  plan.move_aside = has_content && !unowned_and_stateless && !Owns(facts.run_line, facts.owner) &&
                    !Owns(facts.replaced_line, facts.owner);
  return plan;
}

SinkPlan TooShort(const SinkFacts& facts, uint64_t wanted) {
  return Refuse(absl::StatusCode::kDataLoss,
                Cat(facts.path, ": ",
                    facts.size_bytes.has_value() ? Cat("is ", *facts.size_bytes, " bytes long")
                                                 : std::string("is missing"),
                    ", but ", wanted,
                    " bytes of it were committed; put the file back, or start over "
                    "with --fresh"));
}

SinkPlan NotOurs(const SinkFacts& facts) {
  if (!facts.owner.has_value()) {
    return Refuse(absl::StatusCode::kFailedPrecondition,
                  Cat(facts.path, ": has no ", OwnerPath(facts.path),
                      " that names its owner; write the line '", facts.resume->run_line,
                      "' into that file if this output is the job's own, or give --out "
                      "DIR to write elsewhere"));
  }
  // The flag lets a fork have its original's file; a third line's would not hold this job's output.
  const bool can_take_over = Owns(facts.resume->run_line, facts.owner);
  return Refuse(absl::StatusCode::kFailedPrecondition,
                Cat(facts.path, ": belongs to ", OwnerText(facts.owner), ", this job is run line ",
                    facts.run_line, "; give --out DIR to write elsewhere, or ",
                    can_take_over ? Cat("--take-over to cut it back to ", facts.resume->bytes,
                                        " bytes and go on in it")
                                  : std::string("--fresh to move it aside and start over")));
}

// The position is that of another line: this one was forked from it and has not committed yet.
SinkPlan PlanForked(const SinkFacts& facts) {
  // An earlier start of this fork wrote here; nothing of that was committed.
  if (Owns(facts.run_line, facts.owner)) {
    const uint64_t from = facts.owner->from_bytes;
    return facts.size_bytes.value_or(0) < from ? TooShort(facts, from) : CutTo(facts, from, from);
  }
  // Moved elsewhere: the fork's own file begins empty.
  if (facts.size_bytes.value_or(0) == 0 && !facts.owner.has_value()) return CutTo(facts, 0, 0);
  return NotOurs(facts);
}

SinkPlan PlanResume(const SinkFacts& facts) {
  const uint64_t bytes = facts.resume->bytes;
  const uint64_t size = facts.size_bytes.value_or(0);
  if (Owns(facts.replaced_line, facts.owner)) {
    // Taken over. What another line wrote from `from_bytes` on stands where ours was.
    const bool same_line = facts.owner->run_line == facts.resume->run_line;
    const uint64_t ours = same_line ? size : std::min(size, facts.owner->from_bytes);
    if (ours >= bytes) return CutTo(facts, bytes, bytes);
    if (size < bytes) return TooShort(facts, bytes);
    return Refuse(absl::StatusCode::kDataLoss,
                  Cat(facts.path, ": ", OwnerText(facts.owner), " overwrote it from byte ", ours,
                      " on, but ", bytes,
                      " bytes of this job's output were committed; give --out "
                      "DIR to write elsewhere, or start over with --fresh"));
  }
  if (facts.resume->run_line != facts.run_line) return PlanForked(facts);
  const bool nobodys = !facts.owner.has_value();
  const bool ours = Owns(facts.run_line, facts.owner) || (nobodys && facts.run_line.empty());
  if (!ours && (facts.size_bytes.has_value() || !nobodys)) return NotOurs(facts);
  if (size < bytes) return TooShort(facts, bytes);
  return CutTo(facts, bytes, nobodys ? 0 : facts.owner->from_bytes);
}

}  // namespace

std::string OwnerPath(std::string_view path) { return Cat(path, ".tidemark"); }

absl::StatusOr<std::optional<SinkOwner>> ReadOwner(Files& files, const std::string& path) {
  const absl::StatusOr<std::string> text = ReadSmallFile(files, OwnerPath(path), kOwnerBytesMax);
  if (absl::IsNotFound(text.status())) return std::nullopt;
  TM_RETURN_IF_ERROR(text.status());
  std::string_view rest = *text;
  const auto take_line = [&rest] {
    const size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    return line;
  };
  SinkOwner owner{.run_line = std::string(take_line())};
  const std::string_view from = take_line();
  // Missing where a person wrote the file: then all of it is that line's.
  if (from.substr(0, kFrom.size()) == kFrom &&
      !absl::SimpleAtoi(ToAbsl(from.substr(kFrom.size())), &owner.from_bytes)) {
    owner.run_line.clear();
  }
  return owner;
}

absl::Status WriteOwner(Files& files, const std::string& path, const SinkOwner& owner) {
  return WriteFileAtomically(
      files, OwnerPath(path),
      Cat(owner.run_line, "\n", kFrom, owner.from_bytes,
          "\n\nThe file beside this one is the output of the Tidemark job with this id. Keep both "
          "together.\n"));
}

SinkPlan PlanSink(const SinkFacts& facts) {
  return facts.resume.has_value() ? PlanResume(facts) : PlanFresh(facts);
}

}  // namespace tidemark
