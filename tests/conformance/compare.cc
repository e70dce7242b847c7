#include "tests/conformance/compare.h"

#include <algorithm>
#include <map>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace tidemark::conformance {
namespace {

constexpr size_t kDifferencesMax = 5;  // shown for each list of rows

using Lines = std::vector<std::string>;

// A row beyond the end of the other list.
std::string RowText(const Json::List& rows, size_t i) {
  return i < rows.size() ? ToText(rows[i]) : "missing";
}

void CompareInOrder(const std::string& where, const Json::List& expected, const Json::List& got,
                    Lines& out) {
  size_t shown = 0;
  for (size_t i = 0; i < std::max(expected.size(), got.size()) && shown < kDifferencesMax; ++i) {
    if (i < expected.size() && i < got.size() && expected[i] == got[i]) continue;
    ++shown;
    if (i < expected.size()) {
      out.push_back(
          Cat(where, ": row ", i, " is ", RowText(got, i), " instead of ", ToText(expected[i])));
    } else {
      out.push_back(Cat(where, ": row ", i, " is not expected: ", ToText(got[i])));
    }
  }
}

void CompareAsMultisets(const std::string& where, Json::List expected, Json::List got, Lines& out) {
  std::sort(expected.begin(), expected.end());
  std::sort(got.begin(), got.end());
  size_t shown = 0;
  for (size_t e = 0, g = 0; (e < expected.size() || g < got.size()) && shown < kDifferencesMax;) {
    if (e < expected.size() && g < got.size() && expected[e] == got[g]) {
      ++e, ++g;
      continue;
    }
    ++shown;
    const bool missing = g == got.size() || (e < expected.size() && expected[e] < got[g]);
    out.push_back(missing ? Cat(where, ": a row is missing: ", ToText(expected[e]))
                          : Cat(where, ": a row is not expected: ", ToText(got[g])));
    missing ? ++e : ++g;
  }
}

std::map<std::string, Json::List> ByKey(const Json::List& rows) {
  std::map<std::string, Json::List> by_key;
  for (const Json& row : rows) {
    const bool keyed = row.is_list() && !row.list().empty();
    by_key[keyed ? ToText(row.list()[0]) : "(none)"].push_back(row);
  }
  return by_key;
}

void ComparePerKey(const std::string& where, const Json::List& expected, const Json::List& got,
                   Lines& out) {
  auto by_key = ByKey(got);
  for (const auto& [key, rows] : ByKey(expected)) {
    CompareInOrder(Cat(where, ", key ", key), rows, by_key[key], out);
    by_key.erase(key);
  }
  for (const auto& [key, rows] : by_key) CompareInOrder(Cat(where, ", key ", key), {}, rows, out);
}

void CompareRows(const std::string& where, const Json::List& expected, const Json::List& got,
                 RowOrder order, int workers, Lines& out) {
  switch (order) {
    case RowOrder::kAsTheyCome:
      return CompareInOrder(where, expected, got, out);
    case RowOrder::kPerKey:
      return ComparePerKey(where, expected, got, out);
    case RowOrder::kOfOneWorker:
      return workers == 1 ? CompareInOrder(where, expected, got, out)
                          : CompareAsMultisets(where, expected, got, out);
    case RowOrder::kNone:
      return CompareAsMultisets(where, expected, got, out);
  }
}

// The expected rows of each execution; nothing when the expectation does not have that form.
std::optional<std::vector<Json::List>> PerExecution(const Case& one, const Json& expected) {
  if (!expected.is_list()) return {};
  if (!one.executions) return std::vector<Json::List>{expected.list()};
  std::vector<Json::List> lists;
  for (const Json& rows : expected.list()) {
    if (!rows.is_list()) return {};
    lists.push_back(rows.list());
  }
  if (lists.size() != static_cast<size_t>(*one.executions)) return {};
  return lists;
}

// Each row with the entry at which it came, so that the rules of order hold for both at once.
Json::List WithPlaces(const Json::List& rows, const Json::List& places) {
  Json::List pairs;
  for (size_t i = 0; i < rows.size(); ++i) {
    const bool keyed = rows[i].is_list() && !rows[i].list().empty();
    pairs.push_back(Json::List{keyed ? rows[i].list()[0] : Json(), rows[i],
                               i < places.size() ? places[i] : Json()});
  }
  return pairs;
}

class Comparison {
 public:
  Comparison(const Case& one, const Outcome& outcome, const CompareOptions& options)
      : one_(one), outcome_(outcome), options_(options) {}

  Lines Run() {
    CompareList("down", one_.expect_down, &Execution::down);
    CompareList("late", one_.expect_late, &Execution::late);
    CompareList("meta", one_.expect_meta, &Execution::meta);
    CompareList("falses", one_.expect_falses, &Execution::falses);
    if (one_.expect_state && outcome_.state != one_.expect_state) {
      lines_.push_back(Cat("state: is ",
                           outcome_.state ? ToText(*outcome_.state) : "not given by this operator",
                           " instead of ", ToText(*one_.expect_state)));
    }
    if (lines_.empty() && options_.emit_at) ComparePlaces();
    return std::move(lines_);
  }

 private:
  void CompareList(const std::string& name, const std::optional<Json>& expected,
                   Json::List Execution::*rows) {
    if (!expected) return;
    const auto lists = PerExecution(one_, *expected);
    if (!lists) {
      lines_.push_back(Cat("expect_", name, " is not a list of rows",
                           one_.executions ? " for each execution" : ""));
      return;
    }
    for (size_t i = 0; i < lists->size(); ++i) {
      const std::string where = one_.executions ? Cat(name, ", execution ", i + 1) : name;
      const Json::List none;
      const Json::List& got = i < outcome_.executions.size() ? outcome_.executions[i].*rows : none;
      CompareRows(where, (*lists)[i], got, outcome_.order, options_.workers, lines_);
    }
  }

  void ComparePlaces() {
    if (!one_.emit_at || !one_.emit_at->is_list() || !one_.expect_down || one_.executions) return;
    const Execution& got = outcome_.executions.at(0);
    CompareRows("emitted (key, row, entry)",
                WithPlaces(one_.expect_down->list(), one_.emit_at->list()),
                WithPlaces(got.down, got.down_at), outcome_.order, options_.workers, lines_);
  }

  const Case& one_;
  const Outcome& outcome_;
  const CompareOptions& options_;
  Lines lines_;
};

}  // namespace

bool NamesPythonClass(const std::string& expect_error) {
  // The name ends at the first character that cannot be in one: "ValueError: must be positive".
  size_t end = 0, begin = 0;
  for (; end < expect_error.size(); ++end) {
    const char c = expect_error[end];
    if (c == '.') begin = end + 1;
    const bool in_name = absl::ascii_isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '.';
    if (!in_name) break;
  }
  const std::string name = expect_error.substr(begin, end - begin);
  if (name.empty() || !absl::ascii_isupper(static_cast<unsigned char>(name[0]))) return false;
  for (const std::string_view suffix :
       {"Error", "Exception", "Warning", "Exit", "Interrupt", "Iteration"}) {
    if (name.ends_with(suffix)) return true;
  }
  return false;
}

std::vector<std::string> Differences(const Case& one, const Outcome& outcome,
                                     const CompareOptions& options) {
  if (one.expect_error) {
    if (outcome.error.ok()) {
      return {Cat("the run succeeded; an error was expected: ", *one.expect_error)};
    }
    const std::string message(outcome.error.message());
    if (NamesPythonClass(*one.expect_error) || message.find(*one.expect_error) != message.npos) {
      return {};
    }
    return {Cat("the run failed with \"", message, "\" and not with: ", *one.expect_error)};
  }
  if (!outcome.error.ok()) return {Cat("the run failed: ", outcome.error.message())};
  return Comparison(one, outcome, options).Run();
}

Json DownOf(const Case& one, const Outcome& outcome) {
  Json::List lists;
  for (const Execution& execution : outcome.executions) lists.push_back(execution.down);
  if (one.executions) return lists;
  return lists.empty() ? Json::List() : std::move(lists[0]);
}

}  // namespace tidemark::conformance
