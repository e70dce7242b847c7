// Printable: text as it may be shown to a person, whoever made it.
//
//   Printable("k\x1b[2J\n")     // k\u001b[2J\n, with the backslashes as they stand here
//
// A message quotes what it is about: rows, paths, names, words of a command line. Sent to a
// terminal as they are, such texts could move the cursor, recolour or overwrite other lines, turn
// the direction of writing, or fake a line of ours. So everything that could is shown as an escape:
// control characters (C0, DEL, C1), line and paragraph separators, marks of direction, characters
// that cannot be seen (byte order marks, tags), and bytes that are not UTF-8. The result is one
// line, valid UTF-8, and the same when it is made printable again.
//
// Escapes are those of JSON (\n, \u202e), so a JSON text made printable is still the same JSON
// text. Only bytes that are not UTF-8, which JSON cannot have, are \xff. A backslash stays as it
// is: escapes are there to be seen, and not to be read back.
#pragma once

#include <string>
#include <string_view>

namespace tidemark {

std::string Printable(std::string_view text);

}  // namespace tidemark
