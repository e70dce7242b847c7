// Source text with what the compiler does not read taken out, so that a rule about code is not
// broken by a comment that explains it or by a message that quotes it.
//
//   SplitCode("int a;  // not rand()\n")[0].code == "int a;  "
//
// This is no C++ lexer: it knows comments, string and character literals, raw strings, and digit
// separators (the one place where a ' opens nothing). Trigraphs and a // that continues after a
// backslash do not occur here.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace tidemark::tidy {

struct CodeLine {
  std::string raw;   // As in the file, without the line end.
  std::string code;  // Without comments and without what is inside of literals. The file names of
                     // #include lines stay.
};

std::vector<CodeLine> SplitCode(std::string_view text);

}  // namespace tidemark::tidy
