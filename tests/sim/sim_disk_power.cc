#include <algorithm>

#include "base/check.h"
#include "base/files.h"
#include "tests/sim/sim_disk.h"
#include "tests/sim/sim_disk_node.h"

namespace tidemark::sim {

const char* NameOf(FaultKind kind) {
  switch (kind) {
    case FaultKind::kNone:
      return "no fault";
    case FaultKind::kError:
      return "an error";
    case FaultKind::kShortWrite:
      return "a short write";
    case FaultKind::kNoSpace:
      return "a full disk";
    case FaultKind::kSyncOnce:
      return "one failed sync";
    case FaultKind::kSyncForEver:
      return "failing syncs";
    case FaultKind::kPowerCut:
      return "a power cut";
    case FaultKind::kKill:
      return "a kill";
  }
  return "?";
}

SimDisk::SimDisk(uint64_t seed) : random_(seed) {
  absl::MutexLock lock(&mutex_);
  root_ = NewNode(/*is_directory=*/true);
}

// ---- the life of a process ----

uint64_t SimDisk::Boot() {
  absl::MutexLock lock(&mutex_);
  running_ = true;
  ended_by_fault_.reset();
  fault_ = {};
  fault_hit_ = fault_now_ = false;
  ops_ = trace_ = 0;
  op_kinds_.clear();
  locks_.clear();
  used_bytes_ = UsedBytes();
  return ++process_;
}

void SimDisk::EndProcess(End end) {
  absl::MutexLock lock(&mutex_);
  running_ = false;
  locks_.clear();
  if (end == End::kPowerCut) LoseWhatIsNotDurable();
}

std::optional<SimDisk::End> SimDisk::ended_by_fault() const {
  absl::MutexLock lock(&mutex_);
  return ended_by_fault_;
}

void SimDisk::Inject(Fault fault) {
  absl::MutexLock lock(&mutex_);
  fault_ = fault;
  fault_hit_ = false;
}

bool SimDisk::fault_hit() const {
  absl::MutexLock lock(&mutex_);
  return fault_hit_;
}

uint64_t SimDisk::ops() const {
  absl::MutexLock lock(&mutex_);
  return ops_;
}

std::vector<OpKind> SimDisk::op_kinds() const {
  absl::MutexLock lock(&mutex_);
  return op_kinds_;
}

uint64_t SimDisk::trace_hash() const {
  absl::MutexLock lock(&mutex_);
  return trace_;
}

void SimDisk::set_lies(Lies lies) {
  absl::MutexLock lock(&mutex_);
  lies_ = std::move(lies);
}

void SimDisk::set_spared(Spared spared) {
  absl::MutexLock lock(&mutex_);
  spared_ = std::move(spared);
}

void SimDisk::set_hard_links(HardLinks hard_links) {
  absl::MutexLock lock(&mutex_);
  hard_links_ = hard_links;
}

void SimDisk::set_limit_bytes(uint64_t limit) {
  absl::MutexLock lock(&mutex_);
  limit_bytes_ = limit;
}

void SimDisk::LimitTo(uint64_t more) {
  absl::MutexLock lock(&mutex_);
  limit_bytes_ = UsedBytes() + more;
}

// ---- what a power cut takes ----

void SimDisk::LoseWhatIsNotDurable() {
  // Content first: files that are about to lose their last name do not matter.
  for (const NodePtr& node : AllNodes()) {
    if (!node->is_directory) LoseContent(*node);
  }
  for (const NameChange& change : changes_) {
    if (change.node != nullptr && !change.node->is_directory) LoseContent(*change.node);
  }
  LoseNames();
}

// Of what was not synced, nothing is left, or all, or a beginning.
void SimDisk::LoseContent(Node& node) {
  const uint64_t luck = random_.Below(4);
  if (node.durable_before_cut && luck < 2) {
    node.data = *node.durable_before_cut;
  } else {
    const size_t tail = node.data.size() - node.durable_bytes;
    const size_t kept = luck < 2 ? 0 : luck == 2 ? tail : random_.Below(tail + 1);
    node.data.resize(node.durable_bytes + kept);
    for (const auto& [from, to] : node.lost) {
      for (size_t i = from; i < std::min(to, node.data.size()); ++i) node.data[i] = '\0';
    }
  }
  node.durable_bytes = node.data.size();
  node.durable_before_cut.reset();
  node.lost.clear();
}

// A journal has the first of the changes that were not synced: none, some, or all.
void SimDisk::LoseNames() {
  const uint64_t luck = random_.Below(4);
  const size_t some = random_.Below(changes_.size() + 1);
  changes_.resize(luck == 0 ? 0 : luck == 1 ? changes_.size() : some);
  for (const NameChange& change : changes_) {
    if (change.from_directory != nullptr) {
      auto& names = change.from_directory->durable_names;
      const auto found = names.find(change.from);
      if (found != names.end() && found->second == change.node) names.erase(found);
    }
    if (change.node != nullptr) {
      change.directory->durable_names[change.name] = change.node;
    } else {
      change.directory->durable_names.erase(change.name);
    }
  }
  changes_.clear();
  for (const NodePtr& node : AllNodes()) node->names = node->durable_names, node->links = 0;
  for (const NodePtr& node : AllNodes()) {
    for (const auto& [name, child] : node->names) ++child->links;
  }
}

DiskError SimDisk::SyncDirectory(uint64_t process, const std::string& path) {
  absl::MutexLock lock(&mutex_);
  if (const DiskError e = Begin(process, kOpSyncDirectory, path); e != DiskError::kOk) return e;
  const Place place = Find(path);
  if (place.node == nullptr) return DiskError::kNotFound;
  if (!place.node->is_directory) return DiskError::kWrongKind;
  if (fault_now_) return DiskError::kIo;
  if (lies_.directory_syncs) return DiskError::kOk;
  std::vector<NameChange> others;
  for (NameChange& change : changes_) {
    if (change.directory != place.node && change.from_directory != place.node) {
      others.push_back(std::move(change));
      continue;
    }
    if (change.from_directory != nullptr) change.from_directory->durable_names.erase(change.from);
    if (change.node != nullptr) {
      change.directory->durable_names[change.name] = change.node;
    } else {
      change.directory->durable_names.erase(change.name);
    }
  }
  changes_ = std::move(others);
  return DiskError::kOk;
}

// ---- beside any process ----

// Also those without a name that a power cut would bring back.
std::vector<SimDisk::NodePtr> SimDisk::AllNodes() const {
  std::vector<NodePtr> nodes = {root_};
  std::set<Node*> seen = {root_.get()};
  for (size_t i = 0; i < nodes.size(); ++i) {
    const NodePtr node = nodes[i];
    for (const auto* names : {&node->names, &node->durable_names}) {
      for (const auto& [name, child] : *names) {
        if (seen.insert(child.get()).second) nodes.push_back(child);
      }
    }
  }
  return nodes;
}

void SimDisk::MakeDurable() {
  absl::MutexLock lock(&mutex_);
  changes_.clear();
  for (const NodePtr& node : AllNodes()) {
    node->durable_names = node->names;
    node->durable_bytes = node->data.size();
    node->durable_before_cut.reset();
    node->lost.clear();
  }
}

std::unique_ptr<SimDisk> SimDisk::Clone(uint64_t seed) const {
  auto copy = std::make_unique<SimDisk>(seed);
  {
    absl::MutexLock lock(&mutex_);
    absl::MutexLock copy_lock(&copy->mutex_);
    std::map<Node*, NodePtr> twins;
    for (const NodePtr& node : AllNodes()) twins[node.get()] = std::make_shared<Node>(*node);
    for (auto& [node, twin] : twins) {
      for (auto& [name, child] : twin->names) child = twins.at(child.get());
      twin->durable_names = twin->names;
    }
    copy->root_ = twins.at(root_.get());
    copy->next_inode_ = next_inode_;
    copy->lies_ = lies_;
    copy->spared_ = spared_;
    copy->hard_links_ = hard_links_;
    copy->limit_bytes_ = limit_bytes_;
  }
  copy->MakeDurable();
  return copy;
}

std::vector<std::string> SimDisk::FilesBelow(const std::string& directory) const {
  absl::MutexLock lock(&mutex_);
  std::vector<std::string> files, open = {directory};
  while (!open.empty()) {
    const std::string path = open.back();
    open.pop_back();
    const Place place = Find(path);
    if (place.node == nullptr) continue;
    if (!place.node->is_directory) files.push_back(path);
    for (const auto& [name, child] : place.node->names) open.push_back(JoinPath(path, name));
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::optional<std::string> SimDisk::Content(const std::string& path) const {
  absl::MutexLock lock(&mutex_);
  const Place place = Find(path);
  if (place.node == nullptr || place.node->is_directory) return std::nullopt;
  return place.node->data;
}

SimDisk::NodePtr SimDisk::Make(const std::string& path, bool is_directory) {
  const Place place = Find(path);
  TM_CHECK(place.directory != nullptr, "parents are made before their children");
  if (place.node != nullptr) return place.node;
  const NodePtr node = NewNode(is_directory);
  Change({.directory = place.directory,
          .name = place.name,
          .node = node,
          .from_directory = nullptr,
          .from = ""});
  return node;
}

void SimDisk::Put(const std::string& path, std::string_view content) {
  {
    absl::MutexLock lock(&mutex_);
    for (size_t slash = path.find('/', 1); slash != path.npos; slash = path.find('/', slash + 1)) {
      Make(path.substr(0, slash), /*is_directory=*/true);
    }
    Make(path, /*is_directory=*/false)->data = std::string(content);
  }
  MakeDurable();
}

void SimDisk::AddName(const std::string& path, const std::string& name) {
  Put(name, "");
  {
    absl::MutexLock lock(&mutex_);
    const Place source = Find(path), target = Find(name);
    TM_CHECK(source.node != nullptr, "what gets a second name is there");
    Change({.directory = target.directory,
            .name = target.name,
            .node = source.node,
            .from_directory = nullptr,
            .from = ""});
  }
  MakeDurable();
}

bool SimDisk::FlipBit(const std::string& path, uint64_t offset, int bit) {
  absl::MutexLock lock(&mutex_);
  const Place place = Find(path);
  if (place.node == nullptr || offset >= place.node->data.size()) return false;
  place.node->data[offset] = static_cast<char>(place.node->data[offset] ^ (1 << bit));
  return true;
}

}  // namespace tidemark::sim
