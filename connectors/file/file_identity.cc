#include "connectors/file/file_identity.h"

#include "absl/strings/numbers.h"
#include "base/status.h"

namespace tidemark {

Position FileIdentity::ToPosition() const {
  // Positions hold signed numbers; the cast back restores every value.
  Position position;
  position.Set("offset", static_cast<int64_t>(offset))
      .Set("line", static_cast<int64_t>(line))
      .Set("device", static_cast<int64_t>(device))
      .Set("inode", static_cast<int64_t>(inode))
      .Set("size", static_cast<int64_t>(size_bytes))
      .Set("hash", Cat(absl::Hex(hash, absl::kZeroPad16)));
  if (head_hash) position.Set("head", Cat(absl::Hex(*head_hash, absl::kZeroPad16)));
  if (unended_from) position.Set("unended", static_cast<int64_t>(*unended_from));
  return position;
}

absl::StatusOr<FileIdentity> FileIdentity::FromPosition(const Position& position) {
  const auto offset = position.Number("offset");
  const auto line = position.Number("line");
  const auto device = position.Number("device");
  const auto inode = position.Number("inode");
  const auto size = position.Number("size");
  const auto hash_text = position.Text("hash");
  const auto head_text = position.Text("head");
  const auto unended = position.Number("unended");
  FileIdentity identity;
  uint64_t head = 0;
  if (!offset || !line || !device || !inode || !size || !hash_text || *offset < 0 || *line < 1 ||
      *size < 0 || !absl::SimpleHexAtoi(*hash_text, &identity.hash) ||
      (head_text && !absl::SimpleHexAtoi(*head_text, &head)) ||
      (unended && (*unended < 0 || *unended > *offset))) {
    return absl::FailedPreconditionError(
        "the stored position is not that of a file; was this source another one before? Start with "
        "--fresh to read it from the beginning");
  }
  identity.offset = static_cast<uint64_t>(*offset);
  identity.line = static_cast<uint64_t>(*line);
  identity.device = static_cast<uint64_t>(*device);
  identity.inode = static_cast<uint64_t>(*inode);
  identity.size_bytes = static_cast<uint64_t>(*size);
  if (head_text) identity.head_hash = head;
  if (unended) identity.unended_from = static_cast<uint64_t>(*unended);
  return identity;
}

namespace {

void AddChange(std::string_view what, uint64_t is, uint64_t was, std::string& changes) {
  changes += Cat(changes.empty() ? "" : "; ", "its ", what, " is ", is, " and was ", was);
}

bool HasSameHead(const FileIdentity& then, const FileIdentity& now) {
  return !then.head_hash || !now.head_hash || *then.head_hash == *now.head_hash;
}

}  // namespace

std::string DescribeOtherFile(const FileIdentity& then, const FileIdentity& now) {
  std::string changes;
  if (now.device != then.device) AddChange("device", now.device, then.device, changes);
  if (now.inode != then.inode) AddChange("inode", now.inode, then.inode, changes);
  return changes;
}

bool HasSameBytes(const FileIdentity& then, const FileIdentity& now) {
  return now.size_bytes >= then.offset && now.hash == then.hash && HasSameHead(then, now);
}

std::string DescribeChange(const FileIdentity& then, const FileIdentity& now) {
  std::string changes;
  if (now.size_bytes < then.size_bytes) {
    AddChange("length", now.size_bytes, then.size_bytes, changes);
  }
  if (now.size_bytes >= then.offset && !HasSameBytes(then, now)) {
    changes += Cat(changes.empty() ? "" : "; ",
                   now.hash != then.hash ? Cat("the bytes before offset ", then.offset)
                                         : std::string("its first bytes"),
                   " are not the ones that were read");
  }
  const std::string other = DescribeOtherFile(then, now);
  return changes.empty() || other.empty() ? changes : Cat(other, "; ", changes);
}

}  // namespace tidemark
