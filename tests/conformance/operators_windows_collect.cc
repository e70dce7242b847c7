// collect_window and count_window.

#include <algorithm>
#include <string>
#include <vector>

#include "tests/conformance/operators_windows_parts.h"

namespace tidemark::conformance {

absl::Status BuildCollectWindow(FlowCase& c) {
  const std::string into = c.params().Text("into").value_or("list");
  if (into != "list" && into != "set" && into != "map") {
    return Wrong(Cat("parameter 'into' is neither list, set nor map but '", into, "'"));
  }
  return WithWindows(c, [&](const auto& windows) {
    AddRows(c, windows.Collect("collect"), [into](const std::vector<Item>& items) -> Json {
      Json map = Json::Map();
      Json::List list;
      for (const Item& item : items) {
        if (into == "map") {
          map.Set(KeyText(item.value.list().at(0)), item.value.list().at(1));
        } else {
          list.push_back(item.value);
        }
      }
      if (into == "map") return map;
      if (into == "set") {
        std::sort(list.begin(), list.end());
        list.erase(std::unique(list.begin(), list.end()), list.end());
      }
      return list;
    });
  });
}

absl::Status BuildCountWindow(FlowCase& c) {
  return WithWindows(c, [&](const auto& windows) {
    AddRows(c, windows.Count("count"), [](int64_t count) { return Json(count); });
  });
}

}  // namespace tidemark::conformance
