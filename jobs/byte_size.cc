#include "jobs/byte_size.h"

#include <charconv>
#include <system_error>

#include "base/status.h"

namespace tidemark {
namespace {

struct Unit {
  std::string_view name;
  uint64_t bytes;
};

constexpr Unit kUnits[] = {
    {"", 1},
    {"B", 1},
    {"KiB", uint64_t{1} << 10},
    {"MiB", uint64_t{1} << 20},
    {"GiB", uint64_t{1} << 30},
    {"TiB", uint64_t{1} << 40},
    {"kB", 1'000},
    {"KB", 1'000},
    {"MB", 1'000'000},
    {"GB", 1'000'000'000},
    {"TB", 1'000'000'000'000},
};

}  // namespace

absl::StatusOr<uint64_t> ParseByteSize(std::string_view text) {
  const absl::Status bad =
      absl::InvalidArgumentError(Cat("'", text, "' is not a size; write it like 512MiB or 2GB"));
  uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc()) return bad;
  std::string_view unit = text.substr(static_cast<size_t>(end - text.data()));
  if (unit.starts_with(' ') && unit.size() > 1) unit.remove_prefix(1);
  for (const Unit& known : kUnits) {
    if (unit != known.name) continue;
    uint64_t bytes = 0;
    if (__builtin_mul_overflow(count, known.bytes, &bytes)) return bad;
    return bytes;
  }
  return bad;
}

}  // namespace tidemark
