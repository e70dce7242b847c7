// CheckPaths (job_check.h): what sources read and sinks write, compared with each other.

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "connectors/connector.h"
#include "jobs/job_check.h"

namespace tidemark {
namespace {

// "<what> at 3:5" where the place is known.
std::string At(std::string_view what, Place place) {
  return place.known() ? Cat(what, " at ", place.Text()) : "";
}

// As they are written, without asking the file system: "./a//b" is "a/b".
std::string Normal(const std::string& path) {
  return std::filesystem::path(path).lexically_normal().string();
}

bool LiesIn(const std::string& path, std::string directory) {
  if (!directory.ends_with('/')) directory += '/';
  return path.starts_with(directory);
}

// /dev/null may be shared by sinks.
bool IsNullDevice(const std::string& path) { return path == "/dev/null"; }

// Collects endpoints in the order of the job; each is compared with those before it.
class Endpoints {
 public:
  Endpoints(const std::optional<std::string>& state, Problems& problems)
      : state_(state), problems_(problems) {}

  void Read(const Endpoint& endpoint, Place place) {
    if (!endpoint.path.empty()) read_paths_.try_emplace(Normal(endpoint.path), place);
    if (endpoint.id.empty()) return;
    const auto [first, is_new] = read_.try_emplace(endpoint.id, place);
    if (is_new || !endpoint.exclusive) return;
    problems_.Add(place,
                  Cat(endpoint.name, " is read already", At(" by the source", first->second)));
    first->second = place;
  }

  void Write(const Endpoint& endpoint, const SinkSpec& sink) {
    const Place place = sink.connector_place;
    if (!endpoint.path.empty()) WritePath(endpoint, sink);
    if (endpoint.id.empty()) return;
    // What is written would be read again, and so on.
    if (const auto source = read_.find(endpoint.id); source != read_.end()) {
      problems_.Add(place, Cat(endpoint.name, " is read", At(" by the source", source->second),
                               ", and would never end"));
    }
    const auto [first, is_new] = written_.try_emplace(endpoint.id, place);
    if (is_new || !endpoint.exclusive) return;
    problems_.Add(place,
                  Cat(endpoint.name, " is written already", At(" by the sink", first->second)));
    first->second = place;
  }

 private:
  struct Written {
    Place place;
    bool has_parts = false;
  };

  void WritePath(const Endpoint& endpoint, const SinkSpec& sink) {
    const Place place = sink.connector_place;
    const std::string path = Normal(endpoint.path);
    const bool has_parts = !endpoint.part.empty();
    if (IsNullDevice(path) && !has_parts) return;
    if (const auto source = read_paths_.find(path); source != read_paths_.end()) {
      problems_.Add(place, Cat(endpoint.name, " is read", At(" by the source", source->second),
                               " and would be overwritten"));
    }
    if (has_parts) WritePart(endpoint, path, PlaceOf(sink, endpoint.part_option));
    const auto [first, is_new] = written_paths_.try_emplace(path, Written{place, has_parts});
    const bool share = has_parts && first->second.has_parts;
    if (!is_new && !share) {
      problems_.Add(place, Cat(endpoint.name, " is written already",
                               At(" by the sink", first->second.place)));
    }
    if (!state_.has_value()) return;
    const std::string state = Normal(*state_);
    if (path == state || LiesIn(path, state)) {
      problems_.Add(place, Cat(endpoint.name, " is in the state directory '", *state_, "'"));
    }
  }

  void WritePart(const Endpoint& endpoint, const std::string& path, Place place) {
    const auto [first, is_new] = parts_.try_emplace({path, endpoint.part}, place);
    if (is_new) return;
    problems_.Add(
        place, Cat(endpoint.part_name, " is written already", At(" by the sink", first->second)));
  }

  const std::optional<std::string>& state_;
  Problems& problems_;
  std::map<std::string, Place> read_;  // by their ids
  std::map<std::string, Place> written_;
  std::map<std::string, Place> read_paths_;
  std::map<std::string, Written> written_paths_;
  std::map<std::pair<std::string, std::string>, Place> parts_;
};

}  // namespace

void CheckPaths(const JobSpec& job, Problems& problems) {
  Endpoints endpoints(job.state, problems);
  for (const SourceSpec& source : job.sources) {
    const SourceType* type = SourceOf(source);
    if (type != nullptr) endpoints.Read(type->reads(source.connector), source.connector_place);
  }
  for (const SinkSpec* sink : AllSinks(job)) {
    const SinkType* type = SinkOf(*sink);
    if (type != nullptr) endpoints.Write(type->writes(sink->connector), *sink);
  }
}

}  // namespace tidemark
