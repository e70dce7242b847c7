#include "tests/oracle/oracle_values.h"

#include <algorithm>

namespace tidemark::oracle {

std::vector<std::vector<std::optional<std::string>>> Product(
    const std::vector<std::vector<std::string>>& sides) {
  std::vector<std::vector<std::optional<std::string>>> rows = {{}};
  for (const auto& side : sides) {
    std::vector<std::vector<std::optional<std::string>>> longer;
    for (const auto& row : rows) {
      if (side.empty()) {
        longer.push_back(row);
        longer.back().push_back(std::nullopt);
      }
      for (const std::string& value : side) {
        longer.push_back(row);
        longer.back().push_back(value);
      }
    }
    rows = longer;
  }
  return rows;
}

bool AllSides(const std::vector<std::vector<std::string>>& sides) {
  return std::none_of(sides.begin(), sides.end(), [](const auto& side) { return side.empty(); });
}

void Insert(JoinInsert insert, const std::string& value, std::vector<std::string>& side) {
  if (insert == JoinInsert::kFirst && !side.empty()) return;
  if (insert == JoinInsert::kLast) side.clear();
  side.push_back(value);
}

std::string ListText(const std::vector<std::string>& values) {
  std::string text = "[";
  for (const std::string& value : values) text += (text == "[" ? "" : " ") + value;
  return text + "]";
}

std::string ReducedText(const std::string& a, const std::string& b) { return "(" + a + b + ")"; }

std::string AnyOrderText(const std::string& a, const std::string& b) {
  std::string text = a + b;
  std::sort(text.begin(), text.end());
  return text;
}

int RankOf(const std::string& value) { return value.front() % 3; }

std::string RowText(const std::vector<std::optional<std::string>>& row) {
  std::string text = "<";
  for (const auto& value : row) text += " " + value.value_or("-");
  return text + " >";
}

}  // namespace tidemark::oracle
