#include "connectors/file_identity.h"

#include "absl/strings/numbers.h"
#include "base/status.h"

namespace tidemark {

Position FileIdentity::ToPosition() const {
  // Positions hold signed numbers; the cast back restores every value.
  return Position()
      .Set("offset", static_cast<int64_t>(offset))
      .Set("line", static_cast<int64_t>(line))
      .Set("device", static_cast<int64_t>(device))
      .Set("inode", static_cast<int64_t>(inode))
      .Set("size", static_cast<int64_t>(size_bytes))
      .Set("hash", Cat(absl::Hex(hash, absl::kZeroPad16)));
}

absl::StatusOr<FileIdentity> FileIdentity::FromPosition(const Position& position) {
  const auto offset = position.Number("offset");
  const auto line = position.Number("line");
  const auto device = position.Number("device");
  const auto inode = position.Number("inode");
  const auto size = position.Number("size");
  const auto hash_text = position.Text("hash");
  FileIdentity identity;
  if (!offset || !line || !device || !inode || !size || !hash_text || *offset < 0 || *line < 1 ||
      *size < 0 || !absl::SimpleHexAtoi(*hash_text, &identity.hash)) {
    return absl::FailedPreconditionError(
        "the stored position is not that of a file; was this source another one before? Start with "
        "--fresh to read it from the beginning");
  }
  identity.offset = static_cast<uint64_t>(*offset);
  identity.line = static_cast<uint64_t>(*line);
  identity.device = static_cast<uint64_t>(*device);
  identity.inode = static_cast<uint64_t>(*inode);
  identity.size_bytes = static_cast<uint64_t>(*size);
  return identity;
}

std::string DescribeChange(const FileIdentity& then, const FileIdentity& now) {
  std::string changes;
  const auto add = [&changes](std::string_view what, uint64_t is, uint64_t was) {
    changes += Cat(changes.empty() ? "" : "; ", "its ", what, " is ", is, " and was ", was);
  };
  if (now.device != then.device) add("device", now.device, then.device);
  if (now.inode != then.inode) add("inode", now.inode, then.inode);
  if (now.size_bytes < then.size_bytes) add("length", now.size_bytes, then.size_bytes);
  if (now.size_bytes >= then.offset && now.hash != then.hash) {
    changes += Cat(changes.empty() ? "" : "; ", "the bytes before offset ", then.offset,
                   " are not the ones that were read");
  }
  return changes;
}

}  // namespace tidemark
