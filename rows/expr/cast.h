// Casts: explicit ones ('7'::int), and the check of a JSON value where a type is needed.
#pragma once

#include "rows/expr/kernel.h"
#include "rows/value.h"

namespace tidemark {

// False if no value of type `from` can be cast to `to`. A cast to kJson gives kAny.
bool IsCastable(Type from, Type to);

// Of one argument. Rows whose value cannot be converted fail in PostgreSQL's words: "invalid input
// syntax for type bigint: 'x'".
Kernel CastTo(Type to);

// Of one argument whose type is known per row only: takes a value of the type as it is, an integer
// as a double, and a text as a time or an interval; any other value fails: "a number is expected,
// found the text 'x'".
Kernel Expect(Type type);

// For constants; false if it fails, with the reason in `s`.
bool CastValue(Scalar& s, Type to, const Value& from, Value& out);

}  // namespace tidemark
