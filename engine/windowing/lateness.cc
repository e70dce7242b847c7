#include "engine/windowing/lateness.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <string>

#include "base/status.h"
#include "state/state_key.h"

namespace tidemark {
namespace {

// Bounds that people think in.
constexpr std::array<Span, 9> kBuckets = {Span::Seconds(1),         Span::Seconds(10),
                                          Span::Seconds(60),        Span::Seconds(600),
                                          Span::Seconds(3600),      Span::Seconds(6 * 3600),
                                          Span::Seconds(24 * 3600), Span::Seconds(7 * 24 * 3600),
                                          Span::Infinite()};

void MakeBuckets(LatenessRecord& lateness) {
  if (!lateness.histogram.empty()) return;
  for (const Span bound : kBuckets) lateness.histogram.push_back({bound, 0});
}

// The key's entry keeps its largest; the list is short, by lateness, then key.
void AddSample(LatenessRecord& lateness, std::string_view key, Span late_by) {
  auto& samples = lateness.samples;
  const auto known = std::find_if(samples.begin(), samples.end(),
                                  [&](const auto& sample) { return sample.key == key; });
  if (known != samples.end()) {
    if (known->late_by >= late_by) return;
    samples.erase(known);
  }
  const auto place = std::find_if(samples.begin(), samples.end(), [&](const auto& sample) {
    return sample.late_by < late_by || (sample.late_by == late_by && sample.key > key);
  });
  if (place == samples.end() && samples.size() >= kLateSamples) return;
  samples.insert(place, {std::string(key), late_by});
  if (samples.size() > kLateSamples) samples.pop_back();
}

}  // namespace

void CountLate(LatenessRecord& lateness, std::string_view key, const LateItem& item) {
  MakeBuckets(lateness);
  ++lateness.items;
  lateness.rows += item.rows;
  const auto bucket = std::find_if(lateness.histogram.begin(), std::prev(lateness.histogram.end()),
                                   [&](const auto& b) { return item.late_by <= b.up_to; });
  ++bucket->items;
  AddSample(lateness, key, item.late_by);
}

void MergeLateness(LatenessRecord& into, const LatenessRecord& from) {
  if (from.items == 0) return;
  MakeBuckets(into);
  into.items += from.items;
  into.rows += from.rows;
  // Bounds of another version keep their own buckets.
  for (const LatenessRecord::Bucket& bucket : from.histogram) {
    const auto place = std::find_if(into.histogram.begin(), into.histogram.end(),
                                    [&](const auto& b) { return b.up_to >= bucket.up_to; });
    if (place != into.histogram.end() && place->up_to == bucket.up_to) {
      place->items += bucket.items;
    } else {
      into.histogram.insert(place, bucket);
    }
  }
  for (const LatenessRecord::Sample& sample : from.samples) {
    AddSample(into, sample.key, sample.late_by);
  }
}

std::string DescribeFirstLate(const FirstLate& late, bool after_end) {
  std::string text = late.place.empty() ? "" : Cat(late.place, ": ");
  text += Cat(late.place.empty() ? "an item" : "the row", " of ", FormatTimestamp(late.at),
              ", key ", FormatUserKey(late.key), ", is late by ", FormatSpan(late.late_by));
  if (after_end) {
    text +=
        "; an earlier run closed its windows at the end of its input, which at_eof: keep does not";
  } else if (!late.needed_bound.is_infinite()) {
    text += Cat("; max_out_of_orderness: ", FormatSpan(late.needed_bound), " would have kept it");
  }
  if (late.by_time && !after_end) {
    text += "; its key was quiet, and time alone had moved the watermark";
  }
  return text + "; further ones are counted";
}

}  // namespace tidemark
