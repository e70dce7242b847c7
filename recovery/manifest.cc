#include "recovery/manifest.h"

#include <cstring>

#include "absl/strings/match.h"
#include "base/stable_hash.h"
#include "base/status.h"
#include "state/rocksdb_tables.h"

namespace tidemark {
namespace {

constexpr std::string_view kStorePrefix = "store/";
constexpr std::string_view kMagic = "TIDEMARK";
// What is not a table stays small: RocksDB replaces its manifest at 1 MiB, the log at the size of
// the write buffer.
constexpr size_t kWholeFileBytesMax = size_t{256} << 20;

// ---- the envelope ------------------------------------------------------------------------------

constexpr size_t kVersionAt = 8;
constexpr size_t kLengthAt = 16;
constexpr size_t kChecksumAt = 24;
constexpr size_t kEnvelopeBytes = 32;

void AppendLittleEndian(uint64_t value, std::string& out) {
  for (int i = 0; i < 8; ++i) out.push_back(static_cast<char>(value >> (8 * i)));
}

uint64_t LittleEndianAt(std::string_view bytes, size_t at) {
  uint64_t value = 0;
  for (size_t i = 0; i < 8; ++i) {
    value |= uint64_t{static_cast<unsigned char>(bytes[at + i])} << (8 * i);
  }
  return value;
}

// Of everything but the checksum itself. In version 1 of the payload only.
uint64_t ChecksumOf(std::string_view bytes) {
  const std::string_view payload = bytes.substr(kEnvelopeBytes);
  if (LittleEndianAt(bytes, kVersionAt) == 1) return StableHash(payload);
  return StableHash(Cat(bytes.substr(0, kChecksumAt), payload));
}

absl::Status Damaged(std::string_view path, std::string_view how) {
  return absl::DataLossError(Cat(path, ": ", how, "; the snapshot is damaged, use another one"));
}

}  // namespace

std::string WrapManifest(const Manifest& manifest) {
  const std::string payload = EncodeManifest(manifest);
  std::string bytes(kMagic);
  AppendLittleEndian(kManifestVersion, bytes);
  AppendLittleEndian(payload.size(), bytes);
  const uint64_t checksum = StableHash(Cat(bytes, payload));
  AppendLittleEndian(checksum, bytes);
  return bytes + payload;
}

absl::StatusOr<Manifest> UnwrapManifest(const std::string& path, std::string_view bytes) {
  if (bytes.size() < kEnvelopeBytes || bytes.substr(0, kMagic.size()) != kMagic) {
    return absl::DataLossError(Cat(path, ": is not a Tidemark manifest"));
  }
  const uint64_t version = LittleEndianAt(bytes, kVersionAt);
  if (version == 0 || bytes.size() - kEnvelopeBytes != LittleEndianAt(bytes, kLengthAt) ||
      ChecksumOf(bytes) != LittleEndianAt(bytes, kChecksumAt)) {
    return Damaged(path, "its checksum does not match");
  }
  // Only behind the checksum: damage must not pass for a newer version.
  if (version > kManifestVersion) {
    return absl::UnimplementedError(Cat(path, ": is of format ", version,
                                        ", and this build knows formats up to ", kManifestVersion,
                                        "; use the newer tidemark that wrote it"));
  }
  auto manifest = DecodeManifest(bytes.substr(kEnvelopeBytes));
  if (!manifest.ok()) return Annotate(manifest.status(), path);
  for (const ManifestFile& file : manifest->files) {
    // Names become paths: none may lead out of the snapshot.
    const std::string_view name = StoreFileName(file);
    if (!absl::StartsWith(file.name, ToAbsl(kStorePrefix)) || name.empty() || name == "." ||
        name == ".." || name.find('/') != std::string_view::npos ||
        name.find('\0') != std::string_view::npos) {
      return absl::DataLossError(Cat(path, ": names a file outside the snapshot: ", file.name));
    }
  }
  return manifest;
}

// ---- the files it names ------------------------------------------------------------------------

std::string_view StoreFileName(const ManifestFile& file) {
  std::string_view name = file.name;
  name.remove_prefix(std::min(name.size(), kStorePrefix.size()));
  return name;
}

bool IsTableFile(const ManifestFile& file) { return absl::EndsWith(file.name, ".sst"); }

absl::Status CheckFileSize(Files& files, const std::string& snapshot_directory,
                           const ManifestFile& file) {
  const std::string path = JoinPath(snapshot_directory, file.name);
  const auto info = files.Stat(path);
  if (absl::IsNotFound(info.status())) return Damaged(path, "is missing");
  TM_RETURN_IF_ERROR(info.status());
  if (info->is_directory) return Damaged(path, "is a directory");
  if (info->size_bytes == file.bytes) return absl::OkStatus();
  return Damaged(path, Cat("has ", info->size_bytes, " bytes instead of ", file.bytes));
}

absl::StatusOr<std::string> ReadChecked(Files& files, const std::string& snapshot_directory,
                                        const ManifestFile& file) {
  TM_RETURN_IF_ERROR(CheckFileSize(files, snapshot_directory, file));
  const std::string path = JoinPath(snapshot_directory, file.name);
  TM_ASSIGN_OR_RETURN(std::string content, ReadSmallFile(files, path, kWholeFileBytesMax));
  if (content.size() != file.bytes ||
      (file.kind == FileChecksum::kXxh3 && StableHash(content) != file.checksum)) {
    return Damaged(path, "its checksum does not match");
  }
  return content;
}

absl::Status CheckFile(Files& files, const std::string& snapshot_directory,
                       const ManifestFile& file) {
  TM_RETURN_IF_ERROR(CheckFileSize(files, snapshot_directory, file));
  if (file.kind == FileChecksum::kNone) return absl::OkStatus();
  if (file.kind == FileChecksum::kXxh3) {
    return ReadChecked(files, snapshot_directory, file).status();
  }
  const std::string path = JoinPath(snapshot_directory, file.name);
  TM_ASSIGN_OR_RETURN(const uint32_t sum, FileCrc32c(files, path));
  return sum == file.checksum ? absl::OkStatus() : Damaged(path, "its checksum does not match");
}

}  // namespace tidemark
