// The string literals of a C++ file, which are what users read: messages, help, labels of output.
//
//   for (const Finding& finding : CheckMessages(words, code)) Report(finding);
//
// A literal without a blank is an identifier and is left out, and so are comments, #include lines,
// and raw string literals, which hold code or data.
#pragma once

#include <string>
#include <string_view>

namespace tidemark::tidy {

// True for the sources of the product; tests, benchmarks and this linter quote what they like.
bool HasMessages(std::string_view path);

// Line for line, as a page for CheckPage(): adjacent literals are one text, and any other code
// between two of them separates them.
std::string MessagesAsMarkdown(std::string_view code);

}  // namespace tidemark::tidy
