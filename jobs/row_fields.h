// RowFields: which fields the rows have at one place of a job, as far as that can be known, so that
// a misspelt field is found before anything runs.
//
//   RowFields fields = RowFields::OfSources(job);
//   fields.MissingInSome("nett", "key");   // "the rows have no field 'nett' here; did you mean …"
//
// Known are the fields of a generator, those that a source declares, those of the first rows of a
// file (field_sample.h), and those behind a batch or a window.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job_spec.h"

namespace tidemark {

class RowFields {
 public:
  static RowFields OfSources(const JobSpec& job);
  static RowFields Behind(const BatchSpec& batch, const KeyBySpec& key_by);
  static RowFields Behind(const WindowSpec& window, const KeyBySpec& key_by);

  // A field that a select gives.
  struct Selected {
    std::string name;
    std::optional<std::string> source = std::nullopt;  // the field whose value it has
    bool is_single = false;                            // it is never an object or a list
  };
  // The fields after a select. `has_others`: fields that it does not name are kept.
  RowFields After(const std::vector<Selected>& selected, bool has_others) const;

  // The mistake in a `path` whose value may be anything, and null where it is missing; nothing if
  // some row has it or may have it.
  std::optional<std::string> MissingValue(std::string_view path) const;

  // What is wrong with a `path` that every row needs, or that some row should have; nothing when it
  // is there or may be. `role`: what its values are to be, "key", "time" or "value".
  std::optional<std::string> MissingInSome(std::string_view path, std::string_view role) const;
  std::optional<std::string> MissingInAll(std::string_view path, std::string_view role) const;
  // The same of a field of the row itself, as a table has it for a column: by its whole name, in
  // whatever case.
  std::optional<std::string> MissingColumn(std::string_view name, std::string_view role) const;

  // The field that a name of SQL means: the one of that very name, else the only one that differs
  // in upper and lower case alone, else the name itself.
  std::string Resolve(const std::string& name) const;

 private:
  // The rows of one source, or those behind a step.
  struct Rows {
    SourceFields fields = {};
    std::vector<std::string> lists = {};
    std::string maker = {};  // of the lists: "batch"
    std::string file = {};   // whose first rows they are

    bool Has(std::string_view path) const;
    bool HasList(std::string_view path) const;
    bool HasContainer(std::string_view path) const;
    bool HasColumn(std::string_view name) const;
    void Remove(std::string_view name);
    void Add(const Selected& field, const Rows& before);
    // "the first 100 rows of in.jsonl"
    std::string Sample() const;
  };
  std::optional<std::string> WhatIsWrong(const Rows& rows, std::string_view path,
                                         std::string_view role) const;
  std::string Describe(const Rows& rows, std::string_view path, std::string_view role) const;

  std::vector<Rows> known_;
  bool is_complete_ = true;  // there are no rows but the known ones
};

}  // namespace tidemark
