// Functions of text. Positions and lengths count characters of UTF-8; upper and lower case are
// those of ASCII.
#include <algorithm>
#include <cstdint>
#include <string>

#include "absl/strings/ascii.h"
#include "base/status.h"
#include "rows/expr/functions.h"
#include "rows/value_text.h"

namespace tidemark {
namespace {

using View = std::string_view;

// Bytes of a text that a function makes.
constexpr size_t kMadeBytesMax = 16 << 20;

bool Continues(char c) { return (static_cast<unsigned char>(c) & 0xc0) == 0x80; }

int64_t Characters(View text) {
  return std::count_if(text.begin(), text.end(), [](char c) { return !Continues(c); });
}
// The byte at which the character with the number `index`, from 0, begins; the end after the last.
size_t ByteOf(View text, int64_t index) {
  size_t at = 0;
  for (; at < text.size(); ++at) {
    if (!Continues(text[at]) && index-- == 0) break;
  }
  return at;
}

template <char (*F)(unsigned char)>
bool EachByte(Scalar& s, View& out, View text) {
  char* made = s.arena.Allocate(text.size());
  std::transform(text.begin(), text.end(), made,
                 [](char c) { return F(static_cast<unsigned char>(c)); });
  out = View(made, text.size());
  return true;
}
char Lower(unsigned char c) { return absl::ascii_tolower(c); }
char Upper(unsigned char c) { return absl::ascii_toupper(c); }

bool Length(Scalar&, int64_t& out, View text) {
  out = Characters(text);
  return true;
}
bool Bytes(Scalar&, int64_t& out, View text) {
  out = static_cast<int64_t>(text.size());
  return true;
}

bool SubstrFrom(Scalar&, View& out, View text, int64_t start) {
  out = text.substr(ByteOf(text, std::max<int64_t>(start, 1) - 1));
  return true;
}
bool SubstrFor(Scalar& s, View& out, View text, int64_t start, int64_t count) {
  if (count < 0) return s.Fail("negative substring length not allowed");
  int64_t end = 0;  // the first character after it, from 1
  if (__builtin_add_overflow(start, count, &end)) end = INT64_MAX;
  const int64_t begin = std::max<int64_t>(start, 1);
  if (end <= begin) {
    out = View("", 0);
    return true;
  }
  out = text.substr(ByteOf(text, begin - 1));
  out = out.substr(0, ByteOf(out, end - begin));
  return true;
}
// A negative count leaves out that many characters at the other end.
bool Left(Scalar&, View& out, View text, int64_t count) {
  const int64_t kept = count >= 0 ? count : std::max<int64_t>(Characters(text) + count, 0);
  out = text.substr(0, ByteOf(text, kept));
  return true;
}
bool Right(Scalar&, View& out, View text, int64_t count) {
  const int64_t all = Characters(text);
  const int64_t skipped = count >= 0 ? std::max<int64_t>(all - std::min(count, all), 0)
                                     : std::min(all, count == INT64_MIN ? all : -count);
  out = text.substr(ByteOf(text, skipped));
  return true;
}

// ---- trim ----------------------------------------

bool Has(View set, View character) {
  for (size_t at = 0; at < set.size();) {
    size_t end = at + 1;
    while (end < set.size() && Continues(set[end])) ++end;
    if (set.substr(at, end - at) == character) return true;
    at = end;
  }
  return false;
}
void TrimFront(View& text, View set) {
  while (!text.empty()) {
    size_t size = 1;
    while (size < text.size() && Continues(text[size])) ++size;
    if (!Has(set, text.substr(0, size))) return;
    text.remove_prefix(size);
  }
}
void TrimBack(View& text, View set) {
  while (!text.empty()) {
    size_t at = text.size() - 1;
    while (at > 0 && Continues(text[at])) --at;
    if (!Has(set, text.substr(at))) return;
    text = text.substr(0, at);
  }
}
template <bool kFront, bool kBack>
bool TrimOf(Scalar&, View& out, View text, View set) {
  if (kFront) TrimFront(text, set);
  if (kBack) TrimBack(text, set);
  out = text;
  return true;
}
template <bool kFront, bool kBack>
bool TrimBlanks(Scalar& s, View& out, View text) {
  return TrimOf<kFront, kBack>(s, out, text, " ");
}

// ---- search ----------------------------------------

bool Replace(Scalar& s, View& out, View text, View from, View to) {
  out = text;
  if (from.empty()) return true;
  std::string made;
  size_t at = 0;
  for (size_t found; (found = text.find(from, at)) != View::npos; at = found + from.size()) {
    made.append(text, at, found - at);
    made.append(to);
    if (made.size() > kMadeBytesMax) return s.Fail("replace makes a text of more than 16 MiB");
  }
  if (at == 0) return true;
  made.append(text, at);
  out = s.arena.Copy(made);
  return true;
}

// The parts of `text` between delimiters, from 1; from -1 at the end.
bool SplitPart(Scalar& s, View& out, View text, View delimiter, int64_t n) {
  if (n == 0) return s.Fail("field position must not be zero");
  out = View("", 0);
  if (text.empty()) return true;
  if (delimiter.empty()) {
    if (n == 1 || n == -1) out = text;
    return true;
  }
  if (n < 0) {
    int64_t parts = 1;
    for (size_t at = text.find(delimiter); at != View::npos;
         at = text.find(delimiter, at + delimiter.size())) {
      ++parts;
    }
    if (n < -parts) return true;
    n = parts + n + 1;
  }
  size_t at = 0;
  for (; n > 1; --n) {
    const size_t found = text.find(delimiter, at);
    if (found == View::npos) return true;
    at = found + delimiter.size();
  }
  out = text.substr(at, std::min(text.find(delimiter, at), text.size()) - at);
  return true;
}

bool StartsWith(Scalar&, bool& out, View text, View prefix) {
  out = text.starts_with(prefix);
  return true;
}
bool Position(Scalar&, int64_t& out, View text, View part) {
  const size_t found = text.find(part);
  out = found == View::npos ? 0 : Characters(text.substr(0, found)) + 1;
  return true;
}

// ---- like ----------------------------------------

struct Pattern {
  View text;
  char escape;  // 0: none
  bool folds;   // ignores the case of ASCII letters
};

size_t CharacterSize(View text, size_t at) {
  size_t end = at + 1;
  while (end < text.size() && Continues(text[end])) ++end;
  return end - at;
}
bool SameByte(char a, char b, bool folds) {
  return a == b || (folds && absl::ascii_tolower(a) == absl::ascii_tolower(b));
}

// Matches from left to right; after a mismatch it returns to the last %, with one more character
// taken by it. That is at most |text| · |pattern| steps.
bool Matches(View text, const Pattern& pattern) {
  size_t t = 0, p = 0;
  size_t resume_p = View::npos, resume_t = 0;
  const View like = pattern.text;
  while (t < text.size()) {
    const bool is_escape = p < like.size() && pattern.escape != 0 && like[p] == pattern.escape;
    if (p < like.size() && like[p] == '%' && !is_escape) {
      resume_p = ++p;
      resume_t = t;
    } else if (p < like.size() && like[p] == '_' && !is_escape) {
      t += CharacterSize(text, t);
      ++p;
    } else if (p + is_escape < like.size() &&
               SameByte(like[p + is_escape], text[t], pattern.folds)) {
      p += 1 + is_escape;
      ++t;
    } else if (resume_p != View::npos) {
      resume_t += CharacterSize(text, resume_t);
      t = resume_t;
      p = resume_p;
    } else {
      return false;
    }
  }
  while (p < like.size() && like[p] == '%' && pattern.escape != '%') ++p;
  return p == like.size();
}

bool EndsWithEscape(const Pattern& pattern) {
  if (pattern.escape == 0) return false;
  const View like = pattern.text;
  for (size_t p = 0; p < like.size(); ++p) {
    if (like[p] == pattern.escape && ++p == like.size()) return true;
  }
  return false;
}

template <bool kFolds>
bool LikeEscape(Scalar& s, bool& out, View text, View like, View escape) {
  if (escape.size() > 1) return s.Fail("invalid escape string: it must be empty or one character");
  const Pattern pattern{
      .text = like, .escape = escape.empty() ? '\0' : escape.front(), .folds = kFolds};
  if (EndsWithEscape(pattern)) return s.Fail("LIKE pattern must not end with escape character");
  out = Matches(text, pattern);
  return true;
}
template <bool kFolds>
bool Like(Scalar& s, bool& out, View text, View like) {
  return LikeEscape<kFolds>(s, out, text, like, "\\");
}

// ---- concatenation ----------------------------------------

bool Joined(Scalar& s, View& out, Value a, Value b) {
  std::string text;
  AppendText(a, text);
  AppendText(b, text);
  out = s.arena.Copy(text);
  return true;
}

// Ignores nulls. A boolean is t or f here, and true or false with ||.
void Concat(KernelContext& context, Columns args, Rows rows, Column& out) {
  std::string text;
  for (const uint32_t row : rows) {
    text.clear();
    for (const Column* column : args) {
      const Value value = column->At(row);
      if (value.type() == Type::kBool) {
        text += value.AsBool() ? 't' : 'f';
      } else {
        AppendText(value, text);
      }
    }
    out.Set(row, Value::Text(context.arena.Copy(text)));
  }
}

constexpr Function kFunctions[] = {
    {"like", "tt", 'b', RowsOf<Like<false>>},
    {"like", "ttt", 'b', RowsOf<LikeEscape<false>>},
    {"ilike", "tt", 'b', RowsOf<Like<true>>},
    {"ilike", "ttt", 'b', RowsOf<LikeEscape<true>>},
    {"||", "Tx", 't', RowsOf<Joined>},
    {"||", "xT", 't', RowsOf<Joined>},
    {"concat", "x*", 't', Concat},
    {"lower", "t", 't', RowsOf<EachByte<Lower>>},
    {"upper", "t", 't', RowsOf<EachByte<Upper>>},
    {"length", "t", 'i', RowsOf<Length>},
    {"char_length", "t", 'i', RowsOf<Length>},
    {"octet_length", "t", 'i', RowsOf<Bytes>},
    {"substr", "ti", 't', RowsOf<SubstrFrom>},
    {"substr", "tii", 't', RowsOf<SubstrFor>},
    {"substring", "ti", 't', RowsOf<SubstrFrom>},
    {"substring", "tii", 't', RowsOf<SubstrFor>},
    {"left", "ti", 't', RowsOf<Left>},
    {"right", "ti", 't', RowsOf<Right>},
    {"trim", "t", 't', RowsOf<TrimBlanks<true, true>>},
    {"btrim", "t", 't', RowsOf<TrimBlanks<true, true>>},
    {"btrim", "tt", 't', RowsOf<TrimOf<true, true>>},
    {"ltrim", "t", 't', RowsOf<TrimBlanks<true, false>>},
    {"ltrim", "tt", 't', RowsOf<TrimOf<true, false>>},
    {"rtrim", "t", 't', RowsOf<TrimBlanks<false, true>>},
    {"rtrim", "tt", 't', RowsOf<TrimOf<false, true>>},
    {"replace", "ttt", 't', RowsOf<Replace>},
    {"split_part", "tti", 't', RowsOf<SplitPart>},
    {"starts_with", "tt", 'b', RowsOf<StartsWith>},
    {"position", "tt", 'i', RowsOf<Position>},
    {"strpos", "tt", 'i', RowsOf<Position>},
};

}  // namespace

std::span<const Function> TextFunctions() { return kFunctions; }

}  // namespace tidemark
