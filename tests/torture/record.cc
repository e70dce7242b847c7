#include "tests/torture/record.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>

#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/time/time.h"
#include "base/random.h"
#include "base/status.h"

namespace tidemark::torture {
namespace {

constexpr int64_t kHourMs = 3'600'000;
constexpr int64_t kFirstHour = 420'000;  // since 1970
constexpr size_t kListItems = 7;

// The digits behind `"name": ` in a line, for each time it occurs.
std::vector<int64_t> NumbersOf(std::string_view line, std::string_view name) {
  const std::string label = Cat("\"", name, "\": ");
  std::vector<int64_t> numbers;
  for (size_t at = line.find(label); at != std::string_view::npos; at = line.find(label, at + 1)) {
    numbers.push_back(std::strtoll(line.data() + at + label.size(), nullptr, 10));
  }
  return numbers;
}

std::optional<std::string> TextOf(std::string_view line, std::string_view name) {
  const std::string label = Cat("\"", name, "\": \"");
  const size_t at = line.find(label);
  if (at == std::string_view::npos) return {};
  const size_t begin = at + label.size();
  return std::string(line.substr(begin, line.find('"', begin) - begin));
}

std::vector<std::string> LinesOf(const std::string& output) {
  std::vector<std::string> lines = absl::StrSplit(output, '\n');
  if (!lines.empty() && lines.back().empty()) lines.pop_back();
  return lines;
}

absl::Status Wrong(const std::string& what) { return absl::DataLossError(what); }

std::string IsoOf(int64_t ms) {
  return absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", absl::FromUnixMillis(ms), absl::UTCTimeZone());
}

}  // namespace

std::string Row::Line() const {
  return absl::StrFormat("{\"key\": \"%s\", \"n\": %d, \"time\": %d, \"pad\": \"%s\"}", key, number,
                         time_ms, std::string(static_cast<size_t>(number % 40), 'x'));
}

// Times go up by ten minutes or so for each row of a key, with rows that lie back by up to some
// hours; all are half past a minute, so that edges and watermarks are at least 30 s apart.
std::vector<Row> MakeRows(const RoundSpec& spec) {
  Random random(spec.seed);
  std::vector<int64_t> minute(static_cast<size_t>(spec.keys), 0);
  std::vector<Row> rows;
  for (int64_t n = 0; n < spec.rows; ++n) {
    const auto key = static_cast<size_t>(random.Below(static_cast<uint64_t>(spec.keys)));
    minute[key] += random.Between(0, 20);
    int64_t at = minute[key];
    if (random.OneIn(6)) at -= random.Between(0, 300);
    rows.push_back({.key = Cat("key-", key),
                    .number = n,
                    .time_ms = kFirstHour * kHourMs + at * 60'000 + 30'000});
  }
  return rows;
}

std::string JobText(const std::string& name, bool windows) {
  const std::string head = Cat("name: ", name, "\nstate: ", name,
                               ".state\nsource: {file: rows.jsonl}\nsteps:\n  - key_by: key\n");
  if (!windows) {
    return Cat(head, "  - batch: {name: lists, max_items: ", kListItems, "}\nsink: {file: ", name,
               ".jsonl}\n");
  }
  return Cat(head,
             "  - window:\n"
             "      name: hourly\n"
             "      clock: {event_time: time, unit: ms, max_out_of_orderness: 1h}\n"
             "      tumbling: 1h\n"
             "      aggregate: {rows: count, total: sum(n), first: first(n), last: last(n)}\n"
             "      late_to: {file: ",
             name, ".late.jsonl}\nsink: {file: ", name, ".jsonl}\n");
}

absl::Status CheckLists(const std::vector<Row>& rows, const std::string& output) {
  std::map<std::string, std::vector<int64_t>> sent, seen;
  for (const Row& row : rows) sent[row.key].push_back(row.number);
  std::map<std::string, size_t> lists;
  for (const std::string& line : LinesOf(output)) {
    const auto key = TextOf(line, "key");
    if (!key) return Wrong(Cat("a row without a key: ", line));
    const std::vector<int64_t> numbers = NumbersOf(line, "n");
    if (numbers.empty() || numbers.size() > kListItems) {
      return Wrong(Cat(*key, ": a list of ", numbers.size()));
    }
    ++lists[*key];
    seen[*key].insert(seen[*key].end(), numbers.begin(), numbers.end());
  }
  for (const auto& [key, numbers] : sent) {
    if (seen[key] != numbers) {
      const auto [a, b] =
          std::mismatch(numbers.begin(), numbers.end(), seen[key].begin(), seen[key].end());
      return Wrong(Cat(key, ": of ", numbers.size(), " rows ", seen[key].size(),
                       " came out; the first difference is at row ",
                       a == numbers.end() ? int64_t{-1} : *a, " of the input"));
    }
    const size_t expected = (numbers.size() + kListItems - 1) / kListItems;
    if (lists[key] != expected) {
      return Wrong(Cat(key, ": ", lists[key], " lists instead of ", expected));
    }
  }
  if (seen.size() != sent.size()) return Wrong("keys that were never sent");
  return absl::OkStatus();
}

namespace {

struct Hour {
  int64_t rows = 0;
  int64_t total = 0;
  std::vector<std::tuple<int64_t, int64_t>> by_time;  // time, number
};

// By the rule of docs/jobs.md: an hour is closed when the newest time of the key, minus the bound,
// has reached its end.
void Expect(const std::vector<Row>& rows,
            std::map<std::pair<std::string, std::string>, Hour>& hours,
            std::vector<int64_t>& late) {
  std::map<std::string, int64_t> newest;
  for (const Row& row : rows) {
    int64_t& time = newest[row.key];
    time = std::max(time, row.time_ms);
    const int64_t open = row.time_ms / kHourMs * kHourMs;
    if (open + kHourMs <= time - kHourMs) {
      late.push_back(row.number);
      continue;
    }
    Hour& hour = hours[{row.key, IsoOf(open)}];
    ++hour.rows;
    hour.total += row.number;
    hour.by_time.push_back({row.time_ms, row.number});
  }
}

}  // namespace

absl::Status CheckWindows(const std::vector<Row>& rows, const std::string& output,
                          const std::string& late) {
  std::map<std::pair<std::string, std::string>, Hour> hours;
  std::vector<int64_t> late_rows;
  Expect(rows, hours, late_rows);
  for (const std::string& line : LinesOf(output)) {
    const auto key = TextOf(line, "key");
    const auto open = TextOf(line, "window_open");
    if (!key || !open) return Wrong(Cat("a row that is no window: ", line));
    const auto hour = hours.find({*key, *open});
    if (hour == hours.end()) {
      return Wrong(Cat(*key, ", ", *open, ": a window that was not sent, or came before"));
    }
    auto& by_time = hour->second.by_time;
    std::stable_sort(by_time.begin(), by_time.end(),
                     [](const auto& a, const auto& b) { return std::get<0>(a) < std::get<0>(b); });
    const std::vector<int64_t> expected = {hour->second.rows, hour->second.total,
                                           std::get<1>(by_time.front()),
                                           std::get<1>(by_time.back())};
    std::vector<int64_t> actual;
    for (const char* name : {"rows", "total", "first", "last"}) {
      const std::vector<int64_t> number = NumbersOf(line, name);
      actual.push_back(number.empty() ? -1 : number[0]);
    }
    if (actual != expected) {
      return Wrong(Cat(*key, ", ", *open, ": ", line, " where ", expected[0], " rows of total ",
                       expected[1], " from ", expected[2], " to ", expected[3], " were sent"));
    }
    hours.erase(hour);
  }
  if (!hours.empty()) {
    return Wrong(Cat(hours.size(), " windows are lost, the first is ", hours.begin()->first.first,
                     ", ", hours.begin()->first.second));
  }
  std::vector<int64_t> seen;
  for (const std::string& line : LinesOf(late)) {
    const std::vector<int64_t> number = NumbersOf(line, "n");
    seen.push_back(number.empty() ? -1 : number[0]);
  }
  std::sort(seen.begin(), seen.end());
  if (seen != late_rows) {
    return Wrong(Cat(late_rows.size(), " rows were late, and ", seen.size(), " are reported"));
  }
  return absl::OkStatus();
}

}  // namespace tidemark::torture
