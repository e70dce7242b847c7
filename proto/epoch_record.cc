#include "proto/epoch_record.h"

#include <cstring>

#include "base/status.h"
#include "proto/epoch.capnp.h"
#include "proto/format_1.h"
#include "proto/manifest.capnp.h"
#include "proto/message.h"

namespace tidemark {
namespace {

capnp::Data::Reader ToData(std::string_view bytes) {
  return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}
std::string FromData(capnp::Data::Reader data) {
  return {reinterpret_cast<const char*>(data.begin()), data.size()};
}
capnp::Text::Reader ToText(const std::string& text) { return {text.c_str(), text.size()}; }
std::string FromText(capnp::Text::Reader text) { return {text.begin(), text.size()}; }
uint32_t Size(size_t n) { return static_cast<uint32_t>(n); }

template <class ListBuilder>
void FillValues(ListBuilder out, const NamedValues& values) {
  uint32_t i = 0;
  for (const auto& [name, value] : values) {
    auto entry = out[i++];
    entry.setName(ToText(name));
    if (const int64_t* number = std::get_if<int64_t>(&value)) {
      entry.setNumber(*number);
    } else {
      entry.setText(ToData(std::get<std::string>(value)));
    }
  }
}

NamedValues ReadValues(capnp::List<proto::NamedValue>::Reader in) {
  NamedValues values;
  for (const auto entry : in) {
    std::string name = FromText(entry.getName());
    if (entry.which() == proto::NamedValue::NUMBER) {
      values.insert_or_assign(std::move(name), entry.getNumber());
    } else {
      values.insert_or_assign(std::move(name), FromData(entry.getText()));
    }
  }
  return values;
}

void FillLateness(proto::Lateness::Builder out, const LatenessRecord& lateness) {
  out.setItems(lateness.items);
  out.setRows(lateness.rows);
  auto histogram = out.initHistogram(Size(lateness.histogram.size()));
  for (size_t i = 0; i < lateness.histogram.size(); ++i) {
    histogram[Size(i)].setUpToUs(lateness.histogram[i].up_to.us);
    histogram[Size(i)].setItems(lateness.histogram[i].items);
  }
  auto samples = out.initSamples(Size(lateness.samples.size()));
  for (size_t i = 0; i < lateness.samples.size(); ++i) {
    samples[Size(i)].setKey(ToData(lateness.samples[i].key));
    samples[Size(i)].setLateByUs(lateness.samples[i].late_by.us);
  }
}

LatenessRecord ReadLateness(proto::Lateness::Reader in) {
  LatenessRecord lateness{
      .items = in.getItems(), .rows = in.getRows(), .histogram = {}, .samples = {}};
  for (const auto bucket : in.getHistogram()) {
    lateness.histogram.push_back({Span::Micros(bucket.getUpToUs()), bucket.getItems()});
  }
  for (const auto sample : in.getSamples()) {
    lateness.samples.push_back({FromData(sample.getKey()), Span::Micros(sample.getLateByUs())});
  }
  return lateness;
}

void FillWatermark(proto::PartitionWatermark::Builder out, const PartitionWatermark& partition) {
  out.setSource(ToText(partition.source));
  out.setPartition(ToText(partition.partition));
  out.setWatermark(partition.watermark.us);
  out.setIdle(partition.idle);
  out.setAtEnd(partition.at_end);
}

void FillStep(proto::Step::Builder out, const StepRecord& step) {
  out.setId(step.id.value);
  out.setName(ToText(step.name));
  out.setKind(ToText(step.kind));
  out.setParameters(ToText(step.parameters));
  out.setSchema(ToData(step.schema));
  out.setKeySchema(ToData(step.key_schema));
  out.setKeys(step.keys);
  out.setBytes(step.bytes);
  out.setSweptTo(step.swept_to.us);
  out.setTimeDomain(step.time_domain);
  out.setClockFloor(step.clock_floor.us);
  auto watermarks = out.initWatermarks(Size(step.watermarks.size()));
  for (size_t i = 0; i < step.watermarks.size(); ++i) {
    FillWatermark(watermarks[Size(i)], step.watermarks[i]);
  }
  FillLateness(out.initLateness(), step.lateness);
  out.setResults(ToText(step.results));
  out.setValueSchema(ToData(step.value_schema));
  auto definition = out.initDefinition(Size(step.definition.size()));
  uint32_t i = 0;
  for (const auto& [name, text] : step.definition) {
    definition[i].setName(ToText(name));
    definition[i++].setText(ToData(text));
  }
}

StepRecord ReadStep(proto::Step::Reader in) {
  StepRecord step{.id = {in.getId()},
                  .name = FromText(in.getName()),
                  .kind = FromText(in.getKind()),
                  .parameters = FromText(in.getParameters()),
                  .schema = FromData(in.getSchema()),
                  .key_schema = FromData(in.getKeySchema()),
                  .keys = in.getKeys(),
                  .bytes = in.getBytes(),
                  .swept_to = {in.getSweptTo()},
                  .time_domain = in.getTimeDomain(),
                  .clock_floor = {in.getClockFloor()},
                  .watermarks = {},
                  .lateness = ReadLateness(in.getLateness()),
                  .results = FromText(in.getResults()),
                  .value_schema = FromData(in.getValueSchema())};
  for (const auto partition : in.getWatermarks()) {
    step.watermarks.push_back({.source = FromText(partition.getSource()),
                               .partition = FromText(partition.getPartition()),
                               .watermark = {partition.getWatermark()},
                               .idle = partition.getIdle(),
                               .at_end = partition.getAtEnd()});
  }
  for (const auto entry : in.getDefinition()) {
    if (!entry.isText()) continue;
    step.definition.insert_or_assign(FromText(entry.getName()), FromData(entry.getText()));
  }
  return step;
}

void FillRecord(proto::EpochRecord::Builder out, const EpochRecord& record) {
  out.setFormatVersion(record.format_version);
  out.setFlowName(ToText(record.flow_name));
  out.setRunLine(ToText(record.run_line));
  out.setEpoch(record.epoch.value);
  out.setWallTime(record.wall_time.us);
  out.setJobTime(record.job_time.us);
  out.setDeadlineTime(record.deadline_time.us);
  out.setReadingTime(record.reading_time.us);
  out.setEndGeneration(record.end_generation);
  auto steps = out.initSteps(Size(record.steps.size()));
  for (size_t i = 0; i < record.steps.size(); ++i) FillStep(steps[Size(i)], record.steps[i]);
  auto sources = out.initSources(Size(record.sources.size()));
  for (size_t i = 0; i < record.sources.size(); ++i) {
    const SourceRecord& source = record.sources[i];
    sources[Size(i)].setStep(ToText(source.step));
    sources[Size(i)].setPartition(ToText(source.partition));
    sources[Size(i)].setAtEnd(source.at_end);
    FillValues(sources[Size(i)].initPosition(Size(source.position.size())), source.position);
  }
  auto sinks = out.initSinks(Size(record.sinks.size()));
  for (size_t i = 0; i < record.sinks.size(); ++i) {
    const SinkRecord& sink = record.sinks[i];
    sinks[Size(i)].setStep(ToText(sink.step));
    sinks[Size(i)].setRows(ToData(sink.rows));
    FillValues(sinks[Size(i)].initPosition(Size(sink.position.size())), sink.position);
  }
  auto skipped = out.initSkippedItems(Size(record.skipped_items.size()));
  for (size_t i = 0; i < record.skipped_items.size(); ++i) {
    skipped[Size(i)].setSource(ToText(record.skipped_items[i].source));
    skipped[Size(i)].setPartition(ToText(record.skipped_items[i].partition));
    skipped[Size(i)].setNumber(record.skipped_items[i].number);
  }
}

absl::Status ReadRecord(proto::EpochRecord::Reader in, EpochRecord& record) {
  record.format_version = in.getFormatVersion();
  if (record.format_version > kFormatVersion) {
    return absl::UnimplementedError(Cat("written in format ", record.format_version,
                                        ", and this build knows formats up to ", kFormatVersion,
                                        "; use the newer tidemark that wrote it"));
  }
  if (record.format_version == 0) return absl::DataLossError("no epoch record is in these bytes");
  record.flow_name = FromText(in.getFlowName());
  record.run_line = FromText(in.getRunLine());
  record.epoch = {in.getEpoch()};
  record.wall_time = {in.getWallTime()};
  record.job_time = {in.getJobTime()};
  record.deadline_time = {in.getDeadlineTime()};
  record.reading_time = {in.getReadingTime()};
  record.end_generation = in.getEndGeneration();
  for (const auto step : in.getSteps()) record.steps.push_back(ReadStep(step));
  for (const auto source : in.getSources()) {
    record.sources.push_back({.step = FromText(source.getStep()),
                              .partition = FromText(source.getPartition()),
                              .position = ReadValues(source.getPosition()),
                              .at_end = source.getAtEnd()});
  }
  for (const auto sink : in.getSinks()) {
    record.sinks.push_back({.step = FromText(sink.getStep()),
                            .position = ReadValues(sink.getPosition()),
                            .rows = FromData(sink.getRows())});
  }
  for (const auto item : in.getSkippedItems()) {
    record.skipped_items.push_back({.source = FromText(item.getSource()),
                                    .partition = FromText(item.getPartition()),
                                    .number = item.getNumber()});
  }
  if (record.format_version == 1) MoveDefinitionsToSteps(record);
  return absl::OkStatus();
}

size_t EstimateValues(const NamedValues& values) {
  size_t bytes = 16;
  for (const auto& [name, value] : values) {
    bytes += 48 + name.size();
    if (const std::string* text = std::get_if<std::string>(&value)) bytes += text->size() + 8;
  }
  return bytes;
}

// An upper bound: texts with their padding, pointers and the fixed parts.
size_t Estimate(const EpochRecord& record) {
  size_t bytes = 256 + record.flow_name.size() + record.run_line.size();
  for (const StepRecord& step : record.steps) {
    bytes += 320 + step.name.size() + step.kind.size() + step.parameters.size() +
             step.schema.size() + step.value_schema.size() + step.key_schema.size() +
             step.results.size() + 16 * step.lateness.histogram.size();
    for (const auto& [name, text] : step.definition) bytes += 64 + name.size() + text.size();
    for (const PartitionWatermark& partition : step.watermarks) {
      bytes += 64 + partition.source.size() + partition.partition.size();
    }
    for (const LatenessRecord::Sample& sample : step.lateness.samples) {
      bytes += 32 + sample.key.size();
    }
  }
  for (const SourceRecord& source : record.sources) {
    bytes += 96 + source.step.size() + source.partition.size() + EstimateValues(source.position);
  }
  for (const SinkRecord& sink : record.sinks) {
    bytes += 96 + sink.step.size() + sink.rows.size() + EstimateValues(sink.position);
  }
  for (const SkippedItem& item : record.skipped_items) {
    bytes += 64 + item.source.size() + item.partition.size();
  }
  return bytes;
}

}  // namespace

std::string EncodeEpochRecord(const EpochRecord& record) {
  MessageScratch scratch;
  return std::string(scratch.Make<proto::EpochRecord>(Estimate(record),
                                                      [&](auto out) { FillRecord(out, record); }));
}

absl::StatusOr<EpochRecord> DecodeEpochRecord(std::string_view bytes) {
  EpochRecord record;
  TM_RETURN_IF_ERROR(ReadMessage<proto::EpochRecord>(
      bytes, "epoch record", [&](auto in) { return ReadRecord(in, record); }));
  return record;
}

std::string EncodeManifest(const Manifest& manifest) {
  size_t estimate = Estimate(manifest.record) + 64;
  for (const ManifestFile& file : manifest.files) estimate += 64 + file.name.size();
  MessageScratch scratch;
  return std::string(scratch.Make<proto::Manifest>(estimate, [&](auto out) {
    FillRecord(out.initRecord(), manifest.record);
    out.setParentEpoch(manifest.parent.value);
    auto files = out.initFiles(Size(manifest.files.size()));
    for (size_t i = 0; i < manifest.files.size(); ++i) {
      files[Size(i)].setName(ToText(manifest.files[i].name));
      files[Size(i)].setBytes(manifest.files[i].bytes);
      files[Size(i)].setChecksum(manifest.files[i].checksum);
      files[Size(i)].setChecksumKind(static_cast<uint8_t>(manifest.files[i].kind));
    }
  }));
}

absl::StatusOr<Manifest> DecodeManifest(std::string_view bytes) {
  Manifest manifest;
  TM_RETURN_IF_ERROR(ReadMessage<proto::Manifest>(
      bytes, "manifest", [&](proto::Manifest::Reader in) -> absl::Status {
        TM_RETURN_IF_ERROR(ReadRecord(in.getRecord(), manifest.record));
        manifest.parent = {in.getParentEpoch()};
        for (const auto file : in.getFiles()) {
          uint8_t kind = file.getChecksumKind();
          if (kind > static_cast<uint8_t>(FileChecksum::kCrc32c)) {
            return absl::DataLossError(Cat("manifest: no checksum is of kind ", int{kind}));
          }
          // As older manifests have it.
          if (kind == 0 && file.getChecksum() != 0) kind = 1;
          manifest.files.push_back({.name = FromText(file.getName()),
                                    .bytes = file.getBytes(),
                                    .kind = FileChecksum{kind},
                                    .checksum = file.getChecksum()});
        }
        return absl::OkStatus();
      }));
  return manifest;
}

}  // namespace tidemark
