// The file `manifest` of a snapshot: its bytes, and whether the files that it names are still what
// they were (docs/formats/snapshot.md).
//
//   TM_ASSIGN_OR_RETURN(Manifest manifest, UnwrapManifest(path, bytes));
//   for (const ManifestFile& file : manifest.files) status = CheckFile(files, directory, file);
#pragma once

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/files.h"
#include "proto/epoch_record.h"

namespace tidemark {

// Of the file around the message. Version 2 protects itself by the checksum, and has checksums of
// all files; version 1 is still read.
inline constexpr uint64_t kManifestVersion = 2;

std::string WrapManifest(const Manifest& manifest);

// DataLoss when a bit has changed, Unimplemented when a newer build wrote it. `path` is for
// messages.
absl::StatusOr<Manifest> UnwrapManifest(const std::string& path, std::string_view bytes);

// "store/000012.sst" -> "000012.sst"
std::string_view StoreFileName(const ManifestFile& file);
// Table files may be large, are shared between snapshots, and never change.
bool IsTableFile(const ManifestFile& file);

// Whether a file of a snapshot is there and has its size. DataLoss names it.
absl::Status CheckFileSize(Files& files, const std::string& snapshot_directory,
                           const ManifestFile& file);
// As above, and reads all of it to compare its checksum. Fine where the manifest has none.
absl::Status CheckFile(Files& files, const std::string& snapshot_directory,
                       const ManifestFile& file);
// The content of a file that is not a table, which is only returned if it is what it was.
absl::StatusOr<std::string> ReadChecked(Files& files, const std::string& snapshot_directory,
                                        const ManifestFile& file);

}  // namespace tidemark
