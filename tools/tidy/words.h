// The word list: expressions that a reader of the field stumbles over, each with the one to write
// instead. The list itself is a data file (words.txt), since it grows with every review.
//
//   const WordList words = ParseWordList(text).value;
//   for (const Finding& finding : CheckWords(words, "docs/jobs.md", page)) Report(finding);
//
// Only prose is read: Markdown pages, the comments of public headers, and messages (messages.h).
// Fenced and indented code,
// inline code, link targets and HTML comments are skipped, so a text may quote a message or an
// identifier as it is.
//
// A pattern is one or more words, compared without regard to case across line ends:
//
//   now and then       these words in a row
//   lag* behind        `*` at the end of a word: any ending, none included
//   ^what              only at the start of a sentence; not in headings, table cells and questions
//   , too              punctuation counts as a word
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tools/tidy/rules.h"

namespace tidemark::tidy {

struct WordRule {
  std::vector<std::string> words;  // Lower case; a trailing '*' matches any ending.
  bool opens_sentence = false;     // Applies only to the first word of a sentence.
  std::string pattern;             // As written in the list.
  std::string instead;             // Empty: an exception, accepted where it matches.
};

using WordList = std::vector<WordRule>;

struct ParsedWordList {
  WordList value;
  std::vector<Finding> errors;  // Lines that are not a rule.
};

// A line is `pattern -> what to write instead`, or `pattern -> ok` for an exception to the rules
// that match a part of it. Empty lines and lines that begin with # are skipped.
ParsedWordList ParseWordList(std::string_view text);

// Whether the list applies to a file of this name.
bool IsProse(std::string_view path);

// The findings of one file, in the order of its text. `path` decides how prose is found in it.
std::vector<Finding> CheckWords(const WordList& list, std::string_view path, std::string_view text);

// The same of a Markdown page.
std::vector<Finding> CheckPage(const WordList& list, std::string_view page);

// The comments of a C++ file as Markdown, line by line. Examples, which are set in by three blanks
// or more, are left out.
std::string CommentsAsMarkdown(std::string_view code);

}  // namespace tidemark::tidy
