#include "state/rocksdb_links.h"

#include <string>
#include <utility>

namespace tidemark {
namespace {

class LinkOrCopy final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;

  const char* Name() const override { return "LinkOrCopy"; }

  rocksdb::IOStatus LinkFile(const std::string& from, const std::string& to,
                             const rocksdb::IOOptions& options,
                             rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus linked = target()->LinkFile(from, to, options, debug);
    if (linked.ok() || !linked.IsIOError()) return linked;
    const std::string words = linked.ToString();
    // As Files::Link has it: EPERM, EMLINK, EOPNOTSUPP.
    for (const char* reason :
         {"Operation not permitted", "Too many links", "Operation not supported"}) {
      if (words.find(reason) != std::string::npos) return rocksdb::IOStatus::NotSupported(words);
    }
    return linked;
  }
};

}  // namespace

std::shared_ptr<rocksdb::FileSystem> CopyWhereNoLinks(std::shared_ptr<rocksdb::FileSystem> target) {
  return std::make_shared<LinkOrCopy>(std::move(target));
}

}  // namespace tidemark
