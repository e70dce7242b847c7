#include "jobs/window_chain.h"

#include <variant>

#include "base/status.h"

namespace tidemark {
namespace {

std::vector<std::string> PathsOf(const KeyBySpec& key_by) {
  std::vector<std::string> paths;
  for (const KeyBySpec::Field& field : key_by.fields) paths.push_back(field.path);
  return paths;
}

Span LengthOf(const WindowSpec& window) {
  if (const auto* tumbling = std::get_if<Tumbling>(&window.windows)) {
    return Span::FromAbsl(tumbling->length);
  }
  if (const auto* sliding = std::get_if<Sliding>(&window.windows)) {
    return Span::FromAbsl(sliding->length);
  }
  return Span();
}

Place Known(Place place, Place otherwise) { return place.known() ? place : otherwise; }

}  // namespace

void WindowChain::KeyBy(const KeyBySpec& key_by) {
  std::vector<std::string> key = PathsOf(key_by);
  if (front_ != Front::kSources && key != key_) other_key_ = true;
  key_ = std::move(key);
}

void WindowChain::Batch(const BatchSpec& batch) {
  front_ = Front::kBatch;
  front_name_ = batch.name;
  front_max_wait_ = Span::FromAbsl(batch.limits.max_wait);
  if (batch.limits.at_eof == AtEof::kKeep) keeps_at_eof_ = batch.name;
}

void WindowChain::Window(const WindowSpec& window) {
  front_name_ = window.name;
  front_is_session_ = std::holds_alternative<Session>(window.windows);
  front_length_ = LengthOf(window);
  if (window.options.at_eof == AtEof::kKeep) keeps_at_eof_ = window.name;
  const auto* clock = std::get_if<EventTimeSpec>(&window.clock);
  if (clock == nullptr) {
    front_ = Front::kSystem;
    return;
  }
  Problems none("");
  if (Resolve(*clock, {}, none).watermark == WatermarkScope::kPerStream) {
    front_ = Front::kPerStream;
    return;
  }
  front_ = Front::kPerKey;
  per_key_ = window.name;
  other_key_ = false;
}

std::string WindowChain::FrontWord() const {
  return Cat(front_ == Front::kBatch ? "the lists of '" : "the windows of '", front_name_, "'");
}

EventTimeSpec WindowChain::Resolve(const EventTimeSpec& clock, Place place,
                                   Problems& problems) const {
  EventTimeSpec resolved = clock;
  const bool per_stream = clock.watermark == WatermarkScope::kPerStream;
  const Place at = Known(clock.watermark_place, place);
  switch (front_) {
    case Front::kSources:
      resolved.watermark = clock.watermark.value_or(WatermarkScope::kPerKey);
      return resolved;
    case Front::kPerStream:
      if (clock.watermark == WatermarkScope::kPerKey) {
        problems.Add(at, Cat("watermark: per_key cannot follow ", FrontWord(),
                             ", whose watermark is per_stream: the rows of one key say nothing "
                             "about the time of the stream; leave it out"));
      }
      resolved.watermark = WatermarkScope::kPerStream;
      FollowStream(resolved, place, problems);
      return resolved;
    case Front::kPerKey:
    case Front::kSystem:
    case Front::kBatch:
      break;
  }
  resolved.watermark = WatermarkScope::kPerKey;
  if (per_key_.has_value() && other_key_) {
    problems.Add(place, Cat("the rows of this window come from the windows of '", *per_key_,
                            "' under another key, whose watermark per key says nothing about the "
                            "times of other keys, so rows would be lost; give '",
                            *per_key_, "' watermark: per_stream"));
  } else if (per_stream) {
    const char* mend = front_ == Front::kPerKey ? "give that window watermark: per_stream as well"
                                                : "leave it out, so that each key has its own";
    problems.Add(
        at,
        Cat("watermark: per_stream has nothing to follow, since ", FrontWord(),
            front_ == Front::kPerKey ? " have a watermark per key; " : " hand none on; ", mend));
  } else if (front_ == Front::kBatch) {
    CheckBehindBatch(clock, place, problems);
  }
  return resolved;
}

// Its watermark is measured as the lists come out, and a row may have waited in one.
void WindowChain::CheckBehindBatch(const EventTimeSpec& clock, Place place,
                                   Problems& problems) const {
  if (clock.max_out_of_orderness >= front_max_wait_) return;
  const bool has_max = !front_max_wait_.is_infinite();
  const std::string wait = FormatSpan(front_max_wait_);
  problems.Warn(Known(clock.place, place),
                Cat("rows can wait in ", FrontWord(), has_max ? Cat(" for ", wait) : " forever",
                    " and then be late; ",
                    has_max ? Cat("max_out_of_orderness of at least ", wait, " avoids it")
                            : "a max_wait, and max_out_of_orderness of as much, avoid it"));
}

// The window measures nothing: its watermark is the one in front, less what its rows may lag.
void WindowChain::FollowStream(EventTimeSpec& clock, Place place, Problems& problems) const {
  if (!clock.idle_after.is_infinite()) {
    problems.Add(Known(clock.watermark_place, place),
                 Cat("idle_after is for sources; this window follows ", FrontWord()));
  }
  if (clock.field == kWindowClose) return;
  const bool is_open = clock.field == kWindowOpen;
  if (is_open && !front_is_session_) {
    clock.max_out_of_orderness =
        Span::FromAbsl(clock.max_out_of_orderness.ToAbsl() + front_length_.ToAbsl());
    return;
  }
  if (clock.has_bound) return;
  problems.Add(
      Known(clock.place, place),
      Cat("a clock by '", clock.field, "' after ", FrontWord(), " needs max_out_of_orderness: ",
          is_open ? "how long a session can be"
                  : "how far that time can be before the window's close",
          "; by window_close it needs none"));
}

void WindowChain::CheckEndOfInput(const WindowSpec& window, Place place, Problems& problems) const {
  if (!keeps_at_eof_.has_value() || window.options.at_eof == AtEof::kKeep) return;
  problems.Add(place, Cat("at_eof: close cannot follow '", *keeps_at_eof_,
                          "' with at_eof: keep, since this one would miss what that keeps; "
                          "give it at_eof: keep as well"));
}

}  // namespace tidemark
