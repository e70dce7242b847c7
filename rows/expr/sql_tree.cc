#include "rows/expr/sql_tree.h"

#include <pg_query.h>

#include <algorithm>
#include <cstdint>
#include <utility>

#include "absl/strings/ascii.h"
#include "base/status.h"

namespace tidemark {
namespace {

using simdjson::dom::array;
using simdjson::dom::element;
using simdjson::dom::object;

// The parser takes statements, so the text becomes one.
constexpr std::string_view kBefore = "SELECT ";
constexpr std::string_view kOneExpression = "one expression is expected";

struct FreeResult {
  void operator()(PgQueryParseResult* result) const {
    pg_query_free_parse_result(*result);
    delete result;
  }
};

// The byte at which the character with the number `index`, from 0, begins.
size_t ByteOfCharacter(std::string_view text, size_t index) {
  size_t at = 0;
  while (at < text.size()) {
    const bool continues = (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80;
    if (!continues && index-- == 0) break;
    ++at;
  }
  return at;
}

std::optional<object> OnlyObject(const std::optional<array>& of) {
  object only;
  if (!of.has_value() || of->size() != 1) return std::nullopt;
  if (of->at(0).get_object().get(only) != simdjson::SUCCESS) return std::nullopt;
  return only;
}

}  // namespace

std::optional<object> SqlChild(const object& node, std::string_view key) {
  object child;
  if (node.at_key(key).get_object().get(child) != simdjson::SUCCESS) return std::nullopt;
  return child;
}

std::optional<array> SqlChildren(const object& node, std::string_view key) {
  array children;
  if (node.at_key(key).get_array().get(children) != simdjson::SUCCESS) return std::nullopt;
  return children;
}

std::string_view SqlText(const object& node, std::string_view key) {
  std::string_view text;
  return node.at_key(key).get(text) == simdjson::SUCCESS ? text : std::string_view();
}

bool SqlHas(const object& node, std::string_view key) {
  return node.at_key(key).error() == simdjson::SUCCESS;
}

std::optional<std::string> SqlName(const element& node) {
  object outer;
  if (node.get_object().get(outer) != simdjson::SUCCESS) return std::nullopt;
  const auto text = SqlChild(outer, "String");
  std::string_view name;
  if (!text || text->at_key("sval").get(name) != simdjson::SUCCESS) return std::nullopt;
  return std::string(name);
}

std::variant<SqlTree, SqlMistake> SqlTree::Parse(std::string_view text) {
  if (text.size() > kSqlBytesMax) {
    return SqlMistake{.what = Cat("longer than ", kSqlBytesMax, " bytes")};
  }
  if (const size_t nul = text.find('\0'); nul != std::string_view::npos) {
    return SqlMistake{.what = "has a NUL byte", .at = nul};  // the end of the text in C
  }
  const std::string statement = Cat(kBefore, text);
  const std::unique_ptr<PgQueryParseResult, FreeResult> result(
      new PgQueryParseResult(pg_query_parse(statement.c_str())));
  if (result->error != nullptr) {
    const int position = std::max(result->error->cursorpos - 1, 0);  // in characters, from 1
    const size_t at = ByteOfCharacter(statement, static_cast<size_t>(position));
    return SqlMistake{.what = result->error->message,
                      .at = std::min(at - std::min(at, kBefore.size()), text.size()),
                      .kind = SqlMistake::Kind::kSyntax};
  }
  SqlTree tree;
  tree.text_ = text;
  tree.parser_ = std::make_unique<simdjson::dom::parser>();
  const std::string_view json = result->parse_tree;
  object root;
  if (tree.parser_->parse(json.data(), json.size()).get_object().get(root) != simdjson::SUCCESS) {
    return SqlMistake{.what = "nested too deeply"};
  }
  if (auto mistake = tree.FindValue(root)) return *std::move(mistake);
  return tree;
}

std::optional<SqlMistake> SqlTree::FindValue(const object& tree) {
  constexpr auto kNotOne = SqlMistake::Kind::kNotOneExpression;
  const SqlMistake not_one{.what = std::string(kOneExpression), .kind = kNotOne};
  const auto statements = SqlChildren(tree, "stmts");
  if (statements && statements->size() > 1) {
    return SqlMistake{.what = Cat(kOneExpression, ", without ';'"),
                      .at = std::min(text_.find(';'), text_.size()),
                      .kind = kNotOne};
  }
  const auto statement = OnlyObject(statements);
  if (!statement) return not_one;
  if (SqlHas(*statement, "stmt_len")) {
    return SqlMistake{.what = Cat(kOneExpression, ", without ';'"),
                      .at = std::min(text_.rfind(';'), text_.size()),
                      .kind = kNotOne};
  }
  const auto body = SqlChild(*statement, "stmt");
  const auto select = body ? SqlChild(*body, "SelectStmt") : std::nullopt;
  if (!select) return not_one;
  for (const auto& [key, value] : *select) {
    if (key != "targetList" && key != "limitOption" && key != "op") return not_one;
  }
  if (SqlText(*select, "op") != "SETOP_NONE") return not_one;
  const auto target = OnlyObject(SqlChildren(*select, "targetList"));
  const auto result = target ? SqlChild(*target, "ResTarget") : std::nullopt;
  if (!result) return not_one;
  at_ = At(*result);
  if (SqlHas(*result, "name")) {
    return SqlMistake{
        .what = "the name of the result is written before the ':', and 'AS' is not needed",
        .kind = SqlMistake::Kind::kNamed};
  }
  const auto value = SqlChild(*result, "val");
  if (!value) return not_one;
  value_ = *value;
  return std::nullopt;
}

size_t SqlTree::At(const object& node, size_t otherwise) const {
  int64_t location = 0;
  if (node.at_key("location").get(location) != simdjson::SUCCESS || location < 0) return otherwise;
  const auto before = static_cast<int64_t>(kBefore.size());
  return std::min(static_cast<size_t>(std::max<int64_t>(location - before, 0)), text_.size());
}

bool SqlTree::HasCutName(const object& column) {
  const auto fields = SqlChildren(column, "fields");
  if (!fields) return false;
  return std::any_of(fields->begin(), fields->end(), [](const element part) {
    const auto name = SqlName(part);
    return name && name->size() >= kCutNameBytes;
  });
}

std::optional<std::string> SqlTree::PathOf(const object& column) const {
  const auto fields = SqlChildren(column, "fields");
  if (!fields) return std::nullopt;
  std::string path;
  size_t at = At(column);
  for (const element part : *fields) {
    const auto name = SqlName(part);
    if (!name) return std::nullopt;
    path += Cat(path.empty() ? "" : ".", AsWritten(*name, at));
  }
  return path;
}

// `folded` with the letters that the text has at `at`, which moves past it and the dot that may
// follow.
std::string SqlTree::AsWritten(const std::string& folded, size_t& at) const {
  at = std::min(at, text_.size());
  const std::string written = text_.substr(at, folded.size());
  const bool is_bare = absl::AsciiStrToLower(written) == folded;
  if (is_bare) {
    at += folded.size();
  } else {  // in quotes, where SQL keeps the letters
    at = std::min(text_.find('"', at + 1), text_.size());
  }
  at = std::min(text_.find('.', at), text_.size() - 1) + 1;
  return is_bare ? written : folded;
}

}  // namespace tidemark
