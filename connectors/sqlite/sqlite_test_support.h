// What the tests of SQLite sinks share: a look at a database from outside, through a connection of
// its own.
#pragma once

#include <sqlite3.h>

#include <string>

#include "base/status.h"

namespace tidemark {

// Another program that has the database open.
class Visitor {
 public:
  explicit Visitor(const std::string& path) {
    error_ = sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE,
                             nullptr) != SQLITE_OK;
    // While a database is made or left for the last time, readers wait, too.
    sqlite3_busy_timeout(handle_, 5'000);
  }
  ~Visitor() { sqlite3_close_v2(handle_); }
  Visitor(const Visitor&) = delete;
  Visitor& operator=(const Visitor&) = delete;

  // What the statements give: "ci|2 us|3", a null as "null"; or the error's text.
  std::string Ask(const std::string& sql) {
    if (error_) return "cannot open";
    std::string rows;
    const auto add = [](void* out, int columns, char** values, char**) {
      std::string& text = *static_cast<std::string*>(out);
      for (int i = 0; i < columns; ++i) {
        text += Cat(i > 0 ? "|" : text.empty() ? "" : " ", values[i] ? values[i] : "null");
      }
      return 0;
    };
    char* message = nullptr;
    if (sqlite3_exec(handle_, sql.c_str(), add, &rows, &message) == SQLITE_OK) return rows;
    const std::string error = Cat("error: ", message != nullptr ? message : "");
    sqlite3_free(message);
    return error;
  }

 private:
  sqlite3* handle_ = nullptr;
  bool error_ = false;
};

inline std::string Ask(const std::string& path, const std::string& sql) {
  return Visitor(path).Ask(sql);
}

}  // namespace tidemark
