// Aggregates: what a window of a job makes of its rows: counts, sums, best and last values.
//
//   const Aggregates aggregates({{"quakes", kCount}, {"strongest", kMax, "mag"}});
//   Aggregates::Acc acc = aggregates.Init();
//   aggregates.Add({.values = {4.5}}, acc);          // for each row, in the window's order
//   aggregates.AppendJson(acc, line);                // "quakes": 1, "strongest": 4.5
//
// As in SQL, what is null or missing in a row is left out, and an aggregate that has had no value
// is null (a count is 0). Values compare as the values they are and not as they are written: 2 and
// 2.0 are one; numbers of any size compare exactly. Where a field has values of several kinds,
// false < true < numbers < texts, by bytes. Of equal numbers that are written differently, the
// least and the greatest value is the whole one, and 0 rather than -0.
//
// Counts, sums, averages, least and greatest values are the same in whatever order rows come and
// windows are put together, to the last digit. First, last and collected values are not.
//
// Thread rule: constant after construction; may be shared.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "connectors/rows/json_row.h"
#include "jobs/aggregate_spec.h"
#include "jobs/exact_sum.h"
#include "jobs/window_row.h"

namespace tidemark {

// What is stored of one aggregate; `tidemark dump` shows these names. A value of null is "none".
namespace aggregate {

struct Count {
  int64_t values = 0;
};
struct Sum {
  int64_t values = 0;
  ExactSum sum;
  bool is_whole = true;  // all values are whole numbers
};
struct Avg {
  Sum sum;
};
struct Min {
  JsonScalar value;
};
struct Max {
  JsonScalar value;
};
struct First {
  JsonScalar value;
};
struct Last {
  JsonScalar value;
};
struct Collect {
  std::vector<JsonScalar> values;
};
struct CountDistinct {
  std::set<JsonScalar> values;  // numbers in the one form that equal ones share
};

using State = std::variant<Count, Sum, Avg, Min, Max, First, Last, Collect, CountDistinct>;

}  // namespace aggregate

class Aggregates {
 public:
  struct Field {
    std::string path;
    bool must_be_number = false;  // a sum or an average takes it
  };
  // By name, so that what was stored is found in any order of the job file.
  using Acc = std::map<std::string, aggregate::State>;

  explicit Aggregates(std::vector<AggregateSpec> specs);

  // What has to be read from each row: WindowRow::values has their values in this order.
  const std::vector<Field>& fields() const { return fields_; }

  Acc Init() const;
  void Add(const WindowRow& row, Acc& acc) const;
  // `from` is the later one.
  void Merge(Acc from, Acc& into) const;
  // Whether Merge() gives the same in any order.
  bool combines() const { return combines_; }
  // The fields of a JSON object without its brackets, in the order of the specs.
  void AppendJson(const Acc& acc, std::string& out) const;

 private:
  struct Step {
    AggregateKind kind;
    size_t field;  // in fields_; kNone for all rows
  };
  static constexpr size_t kNone = static_cast<size_t>(-1);

  bool combines_ = true;
  std::vector<Field> fields_;
  std::map<std::string, Step> steps_;                        // in the order of Acc
  std::vector<std::pair<std::string, std::string>> labels_;  // name, "\"name\": "; as written
};

// As SQL's ORDER BY would sort them; exact for numbers of all kinds.
bool ScalarLess(const JsonScalar& a, const JsonScalar& b);
// The one form of a number: int64_t, else uint64_t, else the double that is just this number, else
// JsonNumber with its canonical text.
JsonScalar OneForm(const JsonScalar& scalar);
void AppendScalarJson(const JsonScalar& scalar, std::string& out);

}  // namespace tidemark
