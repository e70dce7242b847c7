// conformance FOLDER [--only TEXT] [--emit-at]: runs all conformance cases of a folder.

#include <cstdio>
#include <string>
#include <string_view>

#include "tests/conformance/runner.h"

namespace {

constexpr int kUsageError = 2;

int Usage() {
  fprintf(stderr,
          "usage: conformance FOLDER [--only TEXT] [--emit-at]\n"
          "  --only TEXT  cases whose name contains TEXT\n"
          "  --emit-at    compare also when rows come, which the format calls informative\n");
  return kUsageError;
}

}  // namespace

int main(int argc, char** argv) {
  std::string folder;
  tidemark::conformance::RunnerOptions options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--only" && i + 1 < argc) {
      options.only = argv[++i];
    } else if (argument == "--emit-at") {
      options.emit_at = true;
    } else if (argument.starts_with("--") || !folder.empty()) {
      return Usage();
    } else {
      folder = argument;
    }
  }
  if (folder.empty()) return Usage();
  const auto passed = tidemark::conformance::RunFolder(
      folder, options, [](const std::string& line) { puts(line.c_str()); });
  if (passed.ok()) return *passed ? 0 : 1;
  fprintf(stderr, "conformance: %s\n", std::string(passed.status().message()).c_str());
  return kUsageError;
}
