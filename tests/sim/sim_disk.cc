#include "tests/sim/sim_disk.h"

#include <algorithm>

#include "base/files.h"
#include "base/stable_hash.h"
#include "tests/sim/sim_disk_node.h"

namespace tidemark::sim {
namespace {

bool EndsWith(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

// The next part of a path; empty at its end.
std::string_view TakePart(std::string_view& path) {
  while (!path.empty() && path[0] == '/') path.remove_prefix(1);
  const size_t end = std::min(path.find('/'), path.size());
  const std::string_view part = path.substr(0, end);
  path.remove_prefix(end);
  return part;
}

}  // namespace

bool SimDisk::IsSpared(OpKind kind, std::string_view path) const {
  if (kind == kOpRead) {
    return !spared_.reads_of.empty() && path.find(spared_.reads_of) != path.npos;
  }
  return kind == kOpLook && !spared_.looks_at_suffix.empty() &&
         EndsWith(path, spared_.looks_at_suffix);
}

// ---- what every operation begins with ----

// Counts the operation and lets the fault meet it. Sets fault_now_ where the operation itself has
// to do something about it.
DiskError SimDisk::Begin(uint64_t process, OpKind kind, std::string_view path) {
  if (!running_ || process != process_) return DiskError::kGone;
  if (IsSpared(kind, path)) return fault_now_ = false, DiskError::kOk;
  const uint64_t op = ops_++;
  op_kinds_.push_back(kind);
  trace_ =
      StableHash(std::string(path) + ":" + std::to_string(kind) + ":" + std::to_string(trace_));
  const bool exactly = op == fault_.at_op;
  const bool reached = op >= fault_.at_op;
  const bool is_sync = (kind & (kOpSync | kOpSyncDirectory)) != 0;
  fault_now_ = false;
  switch (fault_.kind) {
    case FaultKind::kNone:
      return DiskError::kOk;
    case FaultKind::kError:
      fault_hit_ |= exactly;
      return exactly ? DiskError::kIo : DiskError::kOk;
    case FaultKind::kShortWrite:
      fault_now_ = exactly && kind == kOpAppend;
      break;
    case FaultKind::kNoSpace:
      fault_now_ = reached && (kind & (kOpAppend | kOpOpen | kOpName)) != 0;
      return DiskError::kOk;  // whoever needs space says that it was hit
    case FaultKind::kSyncOnce:
      fault_now_ = exactly && is_sync;
      break;
    case FaultKind::kSyncForEver:
      fault_now_ = reached && is_sync;
      break;
    case FaultKind::kPowerCut:
    case FaultKind::kKill:
      if (!exactly) return DiskError::kOk;
      fault_hit_ = true;
      ended_by_fault_ = fault_.kind == FaultKind::kKill ? End::kKill : End::kPowerCut;
      running_ = false;
      locks_.clear();
      if (*ended_by_fault_ == End::kPowerCut) LoseWhatIsNotDurable();
      return DiskError::kGone;
  }
  fault_hit_ |= fault_now_;
  return DiskError::kOk;
}

SimDisk::Place SimDisk::Find(const std::string& path) const {
  Place place{.directory = nullptr, .name = "", .node = root_};
  std::string_view rest = path;
  for (std::string_view part = TakePart(rest); !part.empty(); part = TakePart(rest)) {
    if (place.node == nullptr || !place.node->is_directory) return {};
    place.directory = place.node;
    place.name = std::string(part);
    const auto found = place.directory->names.find(place.name);
    place.node = found == place.directory->names.end() ? nullptr : found->second;
  }
  return place;
}

SimDisk::NodePtr SimDisk::NewNode(bool is_directory) {
  auto node = std::make_shared<Node>();
  node->inode = next_inode_++;
  node->is_directory = is_directory;
  return node;
}

// The operating system shows it at once; it is durable when its directory has been synced.
void SimDisk::Change(NameChange change) {
  const auto unname = [](Node& directory, const std::string& name) {
    const auto found = directory.names.find(name);
    if (found == directory.names.end()) return;
    --found->second->links;
    directory.names.erase(found);
  };
  unname(*change.directory, change.name);
  if (change.node != nullptr) {
    change.directory->names[change.name] = change.node;
    ++change.node->links;
  }
  if (change.from_directory != nullptr) unname(*change.from_directory, change.from);
  changes_.push_back(std::move(change));
}

uint64_t SimDisk::UsedBytes() const {
  uint64_t used = 0;
  for (const NodePtr& node : AllNodes()) used += node->data.size();
  return used;
}

uint64_t SimDisk::RoomFor(uint64_t bytes) {
  if (limit_bytes_ == 0 || used_bytes_ + bytes <= limit_bytes_) return bytes;
  used_bytes_ = UsedBytes();  // what was removed is free again
  return std::min(bytes, limit_bytes_ - std::min(limit_bytes_, used_bytes_));
}

// ---- files ----

DiskError SimDisk::Open(uint64_t process, const std::string& path, Mode mode, NodePtr& out) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpOpen, path); e != DiskError::kOk) return e;
  const Place place = Find(path);
  const bool is_hidden = !lies_.hides_suffix.empty() && EndsWith(path, lies_.hides_suffix);
  if (mode == Mode::kRead && is_hidden) return DiskError::kNotFound;
  if (place.node == nullptr) {
    if (mode == Mode::kRead || place.directory == nullptr) return DiskError::kNotFound;
    if (fault_now_) return fault_hit_ = true, DiskError::kNoSpace;
    out = NewNode(/*is_directory=*/false);
    Change({.directory = place.directory,
            .name = place.name,
            .node = out,
            .from_directory = nullptr,
            .from = ""});
  } else if (place.node->is_directory) {
    return DiskError::kWrongKind;
  } else {
    out = place.node;
  }
  out->opened_as = path;
  if (mode == Mode::kReplace && !out->data.empty()) {
    if (!out->durable_before_cut) out->durable_before_cut = out->data.substr(0, out->durable_bytes);
    out->durable_bytes = 0;
    out->lost.clear();
    out->data.clear();
  }
  return DiskError::kOk;
}

DiskError SimDisk::Read(uint64_t process, const NodePtr& node, uint64_t offset, size_t n,
                        std::string& out) {
  absl::MutexLock lock(&mutex_);
  out.clear();
  if (const DiskError e = Begin(process, kOpRead, node->opened_as); e != DiskError::kOk) return e;
  if (offset < node->data.size()) out = node->data.substr(offset, n);
  return DiskError::kOk;
}

DiskError SimDisk::Append(uint64_t process, const NodePtr& node, std::string_view bytes) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpAppend, node->opened_as); e != DiskError::kOk) return e;
  if (fault_now_ && fault_.kind == FaultKind::kNoSpace) {
    fault_hit_ = true;
    return DiskError::kNoSpace;
  }
  const uint64_t fits = fault_now_ ? bytes.size() / 2 : RoomFor(bytes.size());
  node->data += bytes.substr(0, fits);
  used_bytes_ += fits;
  if (fault_now_) return DiskError::kIo;
  return fits < bytes.size() ? DiskError::kNoSpace : DiskError::kOk;
}

DiskError SimDisk::Truncate(uint64_t process, const NodePtr& node, uint64_t size) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpTruncate, node->opened_as); e != DiskError::kOk) {
    return e;
  }
  if (size < node->durable_bytes) {
    if (!node->durable_before_cut) {
      node->durable_before_cut = node->data.substr(0, node->durable_bytes);
    }
    node->durable_bytes = size;
  }
  node->data.resize(size);
  std::vector<std::pair<size_t, size_t>> lost;
  for (const auto& [from, to] : node->lost) {
    if (from < size) lost.emplace_back(from, std::min<size_t>(to, size));
  }
  node->lost = std::move(lost);
  return DiskError::kOk;
}

bool SimDisk::SyncIsALie(const Node& node) const {
  return !lies_.sync_of_suffix.empty() && EndsWith(node.opened_as, lies_.sync_of_suffix);
}

DiskError SimDisk::Sync(uint64_t process, const NodePtr& node) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpSync, node->opened_as); e != DiskError::kOk) return e;
  if (fault_now_) {
    if (node->durable_bytes < node->data.size()) {
      node->lost.emplace_back(node->durable_bytes, node->data.size());
    }
    return DiskError::kIo;
  }
  if (SyncIsALie(*node)) return DiskError::kOk;
  node->durable_bytes = node->data.size();
  node->durable_before_cut.reset();
  return DiskError::kOk;
}

DiskError SimDisk::LookAt(uint64_t process, const NodePtr& node, Look& out) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpLook, node->opened_as); e != DiskError::kOk) return e;
  out = {.size = node->data.size(),
         .inode = node->inode,
         .links = node->links,
         .is_directory = node->is_directory};
  return DiskError::kOk;
}

// ---- names ----

DiskError SimDisk::Stat(uint64_t process, const std::string& path, Look& out) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpLook, path); e != DiskError::kOk) return e;
  const Place place = Find(path);
  if (place.node == nullptr) return DiskError::kNotFound;
  out = {.size = place.node->data.size(),
         .inode = place.node->inode,
         .links = place.node->links,
         .is_directory = place.node->is_directory};
  return DiskError::kOk;
}

DiskError SimDisk::List(uint64_t process, const std::string& path, std::vector<std::string>& out) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpLook, path); e != DiskError::kOk) return e;
  out.clear();
  const Place place = Find(path);
  if (place.node == nullptr) return DiskError::kNotFound;
  if (!place.node->is_directory) return DiskError::kWrongKind;
  for (const auto& [name, node] : place.node->names) out.push_back(name);
  return DiskError::kOk;
}

DiskError SimDisk::MakeDirectory(uint64_t process, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpName, path); e != DiskError::kOk) return e;
  const Place place = Find(path);
  if (place.node != nullptr) return DiskError::kExists;
  if (place.directory == nullptr) return DiskError::kNotFound;
  if (fault_now_) return fault_hit_ = true, DiskError::kNoSpace;
  Change({.directory = place.directory,
          .name = place.name,
          .node = NewNode(/*is_directory=*/true),
          .from_directory = nullptr,
          .from = ""});
  return DiskError::kOk;
}

DiskError SimDisk::Rename(uint64_t process, const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpName, from); e != DiskError::kOk) return e;
  const Place source = Find(from), target = Find(to);
  if (source.node == nullptr || target.directory == nullptr) return DiskError::kNotFound;
  if (target.node == source.node) return DiskError::kOk;
  if (target.node != nullptr) {
    if (target.node->is_directory != source.node->is_directory) return DiskError::kWrongKind;
    if (!target.node->names.empty()) return DiskError::kNotEmpty;
  }
  if (fault_now_) return fault_hit_ = true, DiskError::kNoSpace;
  const bool is_lost = !lies_.renames_to.empty() && to.find(lies_.renames_to) != to.npos;
  Change({.directory = target.directory,
          .name = target.name,
          .node = is_lost ? nullptr : source.node,
          .from_directory = source.directory,
          .from = source.name});
  return DiskError::kOk;
}

DiskError SimDisk::MayLink(const Node& node) const {
  switch (hard_links_) {
    case HardLinks::kAny:
      return DiskError::kOk;
    case HardLinks::kNotAcross:
      return DiskError::kOtherDisk;
    case HardLinks::kNone:
      return DiskError::kNotPermitted;
    case HardLinks::kTwo:
      return node.links < 2 ? DiskError::kOk : DiskError::kTooManyLinks;
  }
  return DiskError::kOk;
}

DiskError SimDisk::Link(uint64_t process, const std::string& from, const std::string& to) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpName, to); e != DiskError::kOk) return e;
  const Place source = Find(from), target = Find(to);
  if (source.node == nullptr || target.directory == nullptr) return DiskError::kNotFound;
  if (source.node->is_directory) return DiskError::kWrongKind;
  if (target.node != nullptr) return DiskError::kExists;
  if (const DiskError e = MayLink(*source.node); e != DiskError::kOk) return e;
  if (fault_now_) return fault_hit_ = true, DiskError::kNoSpace;
  Change({.directory = target.directory,
          .name = target.name,
          .node = source.node,
          .from_directory = nullptr,
          .from = ""});
  return DiskError::kOk;
}

DiskError SimDisk::Remove(uint64_t process, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpName, path); e != DiskError::kOk) return e;
  const Place place = Find(path);
  if (place.node == nullptr || place.directory == nullptr) return DiskError::kNotFound;
  if (!place.node->names.empty()) return DiskError::kNotEmpty;
  Change({.directory = place.directory,
          .name = place.name,
          .node = nullptr,
          .from_directory = nullptr,
          .from = ""});
  return DiskError::kOk;
}

// ---- locks ----

DiskError SimDisk::Lock(uint64_t process, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (!running_ || process != process_) return DiskError::kGone;
  return locks_.insert(path).second || lies_.locks ? DiskError::kOk : DiskError::kExists;
}

DiskError SimDisk::Unlock(uint64_t process, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (!running_ || process != process_) return DiskError::kGone;
  return locks_.erase(path) > 0 ? DiskError::kOk : DiskError::kNotFound;
}

}  // namespace tidemark::sim
