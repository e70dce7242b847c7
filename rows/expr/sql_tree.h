// SqlTree: one SQL expression as PostgreSQL's parser reads it. This is the only file that calls
// libpg_query, and knows the workarounds that its trees need.
//
//   auto parsed = SqlTree::Parse("max(mag)");
//   if (auto* mistake = std::get_if<SqlMistake>(&parsed)) …
//   const simdjson::dom::object& value = std::get<SqlTree>(parsed).value();   // {"FuncCall": {…}}
//
// Places are in bytes of the text. A text of anything else than one expression is a mistake, such
// as "a, b", "a from t", "a; drop table x" and "a as b".
#pragma once

#include <simdjson.h>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

namespace tidemark {

inline constexpr size_t kSqlBytesMax = 10'000;

// A mistake in an expression.
struct SqlMistake {
  enum class Kind {
    kOther,
    kSyntax,            // in the words of PostgreSQL
    kNotOneExpression,  // a statement of another kind, or several
    kNamed,             // "a as b"
  };
  std::string what;
  size_t at = 0;  // in bytes of the text
  Kind kind = Kind::kOther;

  bool operator==(const SqlMistake&) const = default;
};

// Members of a node; nothing if it does not have them.
std::optional<simdjson::dom::object> SqlChild(const simdjson::dom::object& node,
                                              std::string_view key);
std::optional<simdjson::dom::array> SqlChildren(const simdjson::dom::object& node,
                                                std::string_view key);
std::string_view SqlText(const simdjson::dom::object& node, std::string_view key);
bool SqlHas(const simdjson::dom::object& node, std::string_view key);
// The text in {"String": {"sval": …}}.
std::optional<std::string> SqlName(const simdjson::dom::element& node);

class SqlTree {
 public:
  // PostgreSQL's parser cuts longer names without an error.
  static constexpr size_t kCutNameBytes = 63;

  static std::variant<SqlTree, SqlMistake> Parse(std::string_view text);

  const std::string& text() const { return text_; }
  // The node of the expression: one member, whose name is the kind of the node.
  const simdjson::dom::object& value() const { return value_; }
  // Of the expression itself, for nodes that have no place.
  size_t at() const { return at_; }

  // The place of a node; `otherwise` if it has none.
  size_t At(const simdjson::dom::object& node, size_t otherwise = 0) const;
  // The name in a ColumnRef with its dots and with the letters of the text, since SQL folds names
  // without quotes to lower case. Nothing for "a.*".
  std::optional<std::string> PathOf(const simdjson::dom::object& column) const;
  // True if a part of the column's name may have been cut.
  static bool HasCutName(const simdjson::dom::object& column);

 private:
  std::string AsWritten(const std::string& folded, size_t& at) const;
  std::optional<SqlMistake> FindValue(const simdjson::dom::object& tree);

  std::string text_;
  std::unique_ptr<simdjson::dom::parser> parser_;  // owns the nodes
  simdjson::dom::object value_;
  size_t at_ = 0;
};

}  // namespace tidemark
