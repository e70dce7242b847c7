// Compare: does an outcome hold what its case expects?
//
// Pure: no clock, no files. What it cannot compare (a list where lists of lists are expected, an
// expectation for something the operator does not have) is a difference too.
#pragma once

#include <string>
#include <vector>

#include "tests/conformance/case.h"
#include "tests/conformance/outcome.h"

namespace tidemark::conformance {

struct CompareOptions {
  // Of the largest execution.
  int workers = 1;
  // emit_at is compared as well; the format calls it informative.
  bool emit_at = false;
};

// One line for each difference; nothing when all is as expected.
std::vector<std::string> Differences(const Case& one, const Outcome& outcome,
                                     const CompareOptions& options);

// True where expect_error is the name of a Python class, whose message is not expected of us.
bool NamesPythonClass(const std::string& expect_error);

// Down rows in the form of the case's expectation: for people.
Json DownOf(const Case& one, const Outcome& outcome);

}  // namespace tidemark::conformance
