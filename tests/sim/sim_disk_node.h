// SimDisk::Node: a file or a directory, as the operating system shows it and as it would be after a
// power cut. Only for sim_disk*.cc.
#pragma once

#include "tests/sim/sim_disk.h"

namespace tidemark::sim {

struct SimDisk::Node {
  uint64_t inode = 0;
  bool is_directory = false;

  // ---- a file ----
  std::string data;
  // So many bytes of `data` are what is durable …
  size_t durable_bytes = 0;
  // … and where the file was cut below that and not synced since, this was the whole of it.
  std::optional<std::string> durable_before_cut;
  // Ranges that a failed sync has thrown away: they are shown, and are zeros after a power cut.
  std::vector<std::pair<size_t, size_t>> lost;
  std::string opened_as;  // the path of the last open, for Lies
  uint64_t links = 0;     // names that the operating system shows

  // ---- a directory ----
  std::map<std::string, NodePtr> names;
  std::map<std::string, NodePtr> durable_names;
};

}  // namespace tidemark::sim
