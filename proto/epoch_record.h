// The epoch record as a plain struct: what engine, recovery and tools see of proto/epoch.capnp.
//
//   std::string bytes = EncodeEpochRecord(record);
//   TM_ASSIGN_OR_RETURN(EpochRecord record, DecodeEpochRecord(bytes));
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/statusor.h"
#include "base/ids.h"
#include "base/timestamp.h"

namespace tidemark {

// Version of everything in a state directory. Readers refuse a newer one.
inline constexpr uint32_t kFormatVersion = 2;

using NamedValues = std::map<std::string, std::variant<int64_t, std::string>, std::less<>>;

using StepDefinition = std::map<std::string, std::string, std::less<>>;

struct PartitionWatermark {
  std::string source;
  std::string partition;
  Timestamp watermark = Timestamp::Min();
  bool idle = false;
  bool at_end = false;
  bool operator==(const PartitionWatermark&) const = default;
};

// What came too late for windows of a step (engine/windowing/lateness.h).
struct LatenessRecord {
  struct Bucket {
    Span up_to;
    uint64_t items = 0;
    bool operator==(const Bucket&) const = default;
  };
  struct Sample {
    std::string key;  // an encoded user key
    Span late_by;
    bool operator==(const Sample&) const = default;
  };
  uint64_t items = 0;
  uint64_t rows = 0;
  std::vector<Bucket> histogram;
  std::vector<Sample> samples;
  bool operator==(const LatenessRecord&) const = default;
};

struct StepRecord {
  StepId id;
  std::string name;
  std::string kind;
  std::string parameters;
  std::string schema;      // serialised TypeSchema
  std::string key_schema;  // serialised TypeSchema
  uint64_t keys = 0;
  uint64_t bytes = 0;
  Timestamp swept_to = Timestamp::Min();
  uint8_t time_domain = 0;
  Timestamp clock_floor = Timestamp::Min();
  std::vector<PartitionWatermark> watermarks = {};
  LatenessRecord lateness = {};
  // What the step makes of its rows, as JSON (docs/formats/epoch-record.md); may be empty.
  std::string results = {};
  // What the state depends on besides the types and parameters: {"key", "net, type"}.
  StepDefinition definition = {};
  // Serialised TypeSchema of rows that hold a state as one value, where others hold it in pieces
  // and `schema` is theirs; empty where there are no such rows, or both are the same.
  std::string value_schema = {};
  bool operator==(const StepRecord&) const = default;
};

struct SourceRecord {
  std::string step;
  std::string partition;
  NamedValues position;
  bool at_end = false;
  bool operator==(const SourceRecord&) const = default;
};

struct SinkRecord {
  std::string step;
  NamedValues position;
  std::string rows;  // of format 1: what was to be published; now rows of the store
  bool operator==(const SinkRecord&) const = default;
};

// An item that was stepped over: "line" (or "next") of its position.
struct SkippedItem {
  std::string source;
  std::string partition;
  int64_t number = 0;
  bool operator==(const SkippedItem&) const = default;
};

struct EpochRecord {
  uint32_t format_version = kFormatVersion;
  std::string flow_name;
  std::string run_line;
  Epoch epoch;
  Timestamp wall_time;
  Timestamp job_time;
  Timestamp deadline_time;
  Timestamp reading_time;
  uint32_t end_generation = 0;
  std::vector<StepRecord> steps;
  std::vector<SourceRecord> sources;
  std::vector<SinkRecord> sinks;
  std::vector<SkippedItem> skipped_items;
  bool operator==(const EpochRecord&) const = default;
};

std::string EncodeEpochRecord(const EpochRecord& record);
// DataLoss when the bytes are damaged; Unimplemented when they were written by a newer version.
absl::StatusOr<EpochRecord> DecodeEpochRecord(std::string_view bytes);

// A snapshot's manifest, see proto/manifest.capnp.
enum class FileChecksum : uint8_t { kNone = 0, kXxh3 = 1, kCrc32c = 2 };
struct ManifestFile {
  std::string name;
  uint64_t bytes = 0;
  FileChecksum kind = FileChecksum::kNone;
  uint64_t checksum = 0;
  bool operator==(const ManifestFile&) const = default;
};
struct Manifest {
  EpochRecord record;
  Epoch parent;
  std::vector<ManifestFile> files;
  bool operator==(const Manifest&) const = default;
};

// The payload of a manifest file; its envelope belongs to recovery/.
std::string EncodeManifest(const Manifest& manifest);
absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes);

}  // namespace tidemark
