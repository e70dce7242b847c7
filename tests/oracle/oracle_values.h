// What the models of windows and of joins have in common.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tests/oracle/window_oracle.h"

namespace tidemark::oracle {

// All ways to take one value from each side, side 0 outermost; an empty side gives "none".
std::vector<std::vector<std::optional<std::string>>> Product(
    const std::vector<std::vector<std::string>>& sides);
bool AllSides(const std::vector<std::vector<std::string>>& sides);
void Insert(JoinInsert insert, const std::string& value, std::vector<std::string>& side);

}  // namespace tidemark::oracle
