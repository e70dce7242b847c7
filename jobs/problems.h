// Problems: everything that is wrong with a text, each with its place, as one status.
//
//   Problems problems("job.yaml");
//   problems.Add({.line = 9, .column = 16}, "max_items must be a whole number, found 'many'");
//   return problems.ToStatus();   // "job.yaml:9:16: max_items must be …", a line for each problem
//
// Whoever writes a job by hand wants to hear of all his mistakes at once, so a reader reports here
// and reads on. What follows from an earlier mistake alone is not a problem of its own: a reader
// that could not make sense of a part leaves out the checks that depend on it.
#pragma once

#include <algorithm>
#include <compare>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "base/places.h"
#include "base/printable.h"
#include "base/status.h"

namespace tidemark {

// A place in a text as editors count it: from 1, in characters and not in bytes. Line 0 is "no
// place": of a job that was made by a program and not read.
struct Place {
  int line = 0;
  int column = 0;

  bool known() const { return line > 0; }
  // "9:16"
  std::string Text() const { return Cat(line, ":", column); }
  auto operator<=>(const Place&) const = default;
};

class Problems {
 public:
  // Lines of a status; those beyond are only counted.
  static constexpr size_t kShownMax = 50;

  // `text_name` heads every message; usually a path.
  explicit Problems(std::string text_name) : text_name_(std::move(text_name)) {}

  void Add(Place place, std::string_view what) { found_.push_back({place, std::string(what)}); }

  // What is probably a mistake, and may be meant.
  void Warn(Place place, std::string_view what) { warned_.push_back({place, std::string(what)}); }
  // "job.yaml:9:16: …", in order of their places.
  std::vector<std::string> Warnings() const {
    std::vector<std::pair<Place, std::string>> sorted = warned_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<std::string> lines;
    for (const auto& [place, what] : sorted) lines.push_back(Cat(Where(place), what));
    return lines;
  }

  size_t count() const { return found_.size(); }
  bool empty() const { return found_.empty(); }

  // InvalidArgument with one line for each problem, in order of their places; OK when there is
  // none. What an alias repeats is said once.
  absl::Status ToStatus() const {
    if (found_.empty()) return absl::OkStatus();
    std::vector<std::pair<Place, std::string>> sorted = found_;
    std::stable_sort(sorted.begin(), sorted.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    sorted.erase(std::unique(sorted.begin(), sorted.end()), sorted.end());
    std::string lines;
    for (size_t i = 0; i < sorted.size() && i < kShownMax; ++i) {
      const auto& [place, what] = sorted[i];
      lines += Cat(i > 0 ? "\n" : "", Printable(Cat(Where(place), what)));
    }
    if (sorted.size() > kShownMax) {
      lines += Cat("\n", Printable(text_name_), ": and ", sorted.size() - kShownMax, " more");
    }
    return WithPlaces(Error(absl::StatusCode::kInvalidArgument, lines));
  }

 private:
  std::string Where(Place place) const {
    return Cat(text_name_, place.known() ? Cat(":", place.Text()) : "", ": ");
  }

  const std::string text_name_;
  std::vector<std::pair<Place, std::string>> found_;
  std::vector<std::pair<Place, std::string>> warned_;
};

}  // namespace tidemark
