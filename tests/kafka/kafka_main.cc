// The driver: `./dev kafka`. README.md says what it does.

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_join.h"
#include "base/files.h"
#include "base/random.h"
#include "base/status.h"
#include "base/timestamp.h"
#include "command/command_line.h"
#include "tests/kafka/broker.h"
#include "tests/kafka/cluster.h"
#include "tests/support/child_process.h"
#include "tests/torture/record.h"

namespace tidemark::kafka_test {
namespace {

using torture::Row;

constexpr int kInputPartitions = 3;
constexpr int kWindowPartitions = 3;

struct Options {
  std::string tidemark;
  BrokerOptions broker;
  std::string directory;
  uint64_t rounds = 10;
  uint64_t seed = 0;
  int64_t rows = 0;
};

struct Totals {
  uint64_t rounds = 0;
  uint64_t rows = 0;
  uint64_t messages = 0;  // that came out
  uint64_t undone = 0;    // that an aborted transaction left in the topics
  uint64_t jobs_killed = 0;
  uint64_t brokers_killed = 0;
};

// One after the other: what is killed between two parts of the input.
enum class Victim { kJob, kBroker, kBoth };

class Drive {
 public:
  explicit Drive(const Options& options)
      : options_(options),
        files_(NewPosixFiles()),
        random_(options.seed),
        broker_(options.broker) {}

  absl::Status Run() {
    TM_RETURN_IF_ERROR(broker_.Format());
    TM_RETURN_IF_ERROR(broker_.Start());
    while (totals_.rounds < options_.rounds) {
      TM_RETURN_IF_ERROR(Round(totals_.rounds % 2 == 1));
      ++totals_.rounds;
    }
    return absl::OkStatus();
  }
  const Totals& totals() const { return totals_; }

 private:
  struct Names {
    std::string job, in, out, late;
    bool windows = false;
    int out_partitions = 1;
  };

  std::string JobText(const Names& names, bool stop_at_end) const {
    const auto topic = [this](const std::string& name) {
      return Cat("kafka: {brokers: '", broker_.address(), "', topic: ", name);
    };
    const std::string head = Cat("name: ", names.job, "\nstate: ", names.job, ".state\nsource:\n  ",
                                 topic(names.in), stop_at_end ? ", stop_at_end: true" : "",
                                 "}\n  fields: [key, n, time]\nsteps:\n  - key_by: key\n");
    const std::string sink = Cat("sink: {", topic(names.out), "}}\n");
    if (!names.windows) {
      return Cat(head, "  - batch: {name: lists, max_items: 7}\n", sink);
    }
    return Cat(head,
               "  - window:\n"
               "      name: hourly\n"
               "      clock: {event_time: time, unit: ms, max_out_of_orderness: 1h}\n"
               "      tumbling: 1h\n"
               "      aggregate: {rows: count, total: sum(n), first: first(n), last: last(n)}\n"
               "      late_to: {",
               topic(names.late), "}}\n", sink);
  }

  std::vector<std::string> Command(const Names& names, bool last) {
    std::vector<std::string> words = {options_.tidemark, "run", names.job + ".yaml"};
    const auto add = [&](const char* flag, const std::string& value) {
      words.push_back(flag);
      words.push_back(value);
    };
    add("--workers", std::to_string(random_.Between(1, 3)));
    const char* epochs[] = {"10ms", "50ms", "200ms", "1s"};
    add("--epoch", epochs[random_.Below(4)]);
    if (!last) add("--rate", std::to_string(random_.Between(2'000, 20'000)));
    return DiesWithParent(words);
  }

  std::unique_ptr<ChildProcess> StartJob(const Names& names, bool last) {
    return std::make_unique<ChildProcess>(
        Command(names, last),
        ChildProcess::Options{.directory = options_.directory, .patience = Span::Seconds(180)});
  }

  absl::Status Round(bool windows) {
    const std::string number = std::to_string(totals_.rounds);
    const Names names{.job = Cat(windows ? "windows-" : "lists-", number),
                      .in = "in-" + number,
                      .out = "out-" + number,
                      .late = "late-" + number,
                      .windows = windows,
                      .out_partitions = windows ? kWindowPartitions : 1};
    Cluster cluster(broker_.address());
    TM_RETURN_IF_ERROR(cluster.MakeTopic(names.in, kInputPartitions));
    TM_RETURN_IF_ERROR(cluster.MakeTopic(names.out, names.out_partitions));
    if (windows) TM_RETURN_IF_ERROR(cluster.MakeTopic(names.late, 1));
    const std::vector<Row> rows = torture::MakeRows(
        {.seed = random_.Next(), .rows = options_.rows, .keys = random_.Between(1, 60)});
    TM_RETURN_IF_ERROR(Write(names.job + ".yaml", JobText(names, false)));
    TM_RETURN_IF_ERROR(FeedAndKill(cluster, names, rows));
    TM_RETURN_IF_ERROR(Write(names.job + ".yaml", JobText(names, true)));
    const ChildProcess::End end = StartJob(names, true)->Wait();
    if (end.exit_code != 0) return Failed(names.job, end);
    totals_.rows += rows.size();
    return Compare(cluster, names, rows);
  }

  // Sends the rows in parts; between two of them somebody is killed.
  absl::Status FeedAndKill(const Cluster& cluster, const Names& names,
                           const std::vector<Row>& rows) {
    constexpr size_t kParts = 6;
    std::unique_ptr<ChildProcess> job = StartJob(names, false);
    for (size_t part = 0; part < kParts; ++part) {
      TM_RETURN_IF_ERROR(cluster.Send(names.in, MessagesOf(rows, part, kParts)));
      // Long enough, mostly, for it to start and to be in the middle of something.
      const Span delay = Span::Micros(random_.Between(200'000, 1'500'000));
      const Victim victim = static_cast<Victim>((totals_.rounds + part) % 3);
      if (victim != Victim::kBroker) {
        const bool sent = job->SignalAfter(delay, SIGKILL);
        const ChildProcess::End end = job->Wait();
        if (!sent) return Failed(names.job, end);  // a topic has no end, nor has the job
        ++totals_.jobs_killed;
      }
      if (victim != Victim::kJob) {
        if (victim == Victim::kBroker && !job->SignalAfter(delay, 0)) {
          return Failed(names.job, job->Wait());
        }
        broker_.Kill();
        ++totals_.brokers_killed;
        // Some starts of the job meet no broker, or one that is on its way.
        if (victim == Victim::kBoth && random_.OneIn(2)) job = StartJob(names, false);
        TM_RETURN_IF_ERROR(broker_.Start());
      }
      if (victim == Victim::kJob || !job->SignalAfter(Span(), 0)) job = StartJob(names, false);
    }
    const Span delay = Span::Micros(random_.Between(500'000, 2'000'000));
    const bool sent = job->SignalAfter(delay, random_.OneIn(2) ? SIGKILL : SIGTERM);
    const ChildProcess::End end = job->Wait();
    if (!sent) return Failed(names.job, end);
    ++totals_.jobs_killed;
    return absl::OkStatus();
  }

  // All rows of a key are in one partition, in their order.
  static std::vector<Cluster::Message> MessagesOf(const std::vector<Row>& rows, size_t part,
                                                  size_t parts) {
    std::vector<Cluster::Message> messages;
    for (size_t i = rows.size() * part / parts; i < rows.size() * (part + 1) / parts; ++i) {
      int partition = 0;
      for (const char c : rows[i].key) partition = (partition * 31 + c) % kInputPartitions;
      messages.push_back({.partition = partition, .value = rows[i].Line()});
    }
    return messages;
  }

  absl::StatusOr<std::string> ReadLines(const Cluster& cluster, const std::string& topic,
                                        int partitions) {
    TM_ASSIGN_OR_RETURN(const auto values,
                        cluster.ReadAll(topic, partitions, Cluster::Isolation::kCommitted));
    TM_ASSIGN_OR_RETURN(const auto all,
                        cluster.ReadAll(topic, partitions, Cluster::Isolation::kUncommitted));
    totals_.messages += values.size();
    totals_.undone += all.size() - values.size();
    return values.empty() ? std::string() : absl::StrJoin(values, "\n") + "\n";
  }

  absl::Status Compare(const Cluster& cluster, const Names& names, const std::vector<Row>& rows) {
    const Totals before = totals_;
    TM_ASSIGN_OR_RETURN(const std::string output,
                        ReadLines(cluster, names.out, names.out_partitions));
    if (names.windows) {
      TM_ASSIGN_OR_RETURN(const std::string late, ReadLines(cluster, names.late, 1));
      TM_RETURN_IF_ERROR(Annotate(torture::CheckWindows(rows, output, late), names.job));
    } else {
      TM_RETURN_IF_ERROR(Annotate(torture::CheckLists(rows, output), names.job));
    }
    std::fprintf(stderr, "%s: fine, %zu rows in, %llu messages out, %llu more undone\n",
                 names.job.c_str(), rows.size(),
                 static_cast<unsigned long long>(totals_.messages - before.messages),
                 static_cast<unsigned long long>(totals_.undone - before.undone));
    return absl::OkStatus();
  }

  static absl::Status Failed(const std::string& what, const ChildProcess::End& end) {
    return absl::InternalError(Cat(what, ": ended with code ", end.exit_code, ", signal ",
                                   end.signal, "\n", end.out, end.err));
  }
  absl::Status Write(const std::string& name, const std::string& bytes) {
    return WriteFileAtomically(*files_, JoinPath(options_.directory, name), bytes);
  }

  const Options options_;
  const std::unique_ptr<Files> files_;
  Random random_;
  Totals totals_;
  Broker broker_;
};

absl::StatusOr<Options> OptionsOf(const CommandLine& line) {
  TM_RETURN_IF_ERROR(line.status());
  Options options;
  TM_ASSIGN_OR_RETURN(const auto rounds, line.Number("rounds"));
  TM_ASSIGN_OR_RETURN(const auto rows, line.Number("rows"));
  TM_ASSIGN_OR_RETURN(const auto seed, line.Number("seed"));
  options.tidemark = line.Word(0);
  options.rounds = rounds.value_or(10);
  options.rows = static_cast<int64_t>(rows.value_or(20'000));
  options.seed = seed ? *seed : FreshSeed() % 1'000'000'000;
  const char* temporary = std::getenv("TMPDIR");
  options.directory =
      JoinPath(temporary != nullptr ? temporary : "/tmp", Cat("tidemark-kafka-", options.seed));
  options.broker = {.java = line.Word(1),
                    .jars = line.Word(2),
                    .directory = JoinPath(options.directory, "broker")};
  return options;
}

int Main(const std::vector<std::string>& words) {
  const CommandLine line(
      {"PROGRAM: the tidemark command", "JAVA: the java command", "JARS: the folder of Kafka's"},
      {{"rounds", "N", "how many (default 10)"},
       {"rows", "N", "of each round (default 20000)"},
       {"seed", "N", "of the rows and the choices (default: a new one)"}},
      words);
  const auto options = OptionsOf(line);
  if (!options.ok()) {
    std::fprintf(stderr, "kafka: %s\n", std::string(options.status().message()).c_str());
    return 2;
  }
  std::fprintf(stderr, "kafka: seed %llu, in %s\n", static_cast<unsigned long long>(options->seed),
               options->directory.c_str());
  const auto files = NewPosixFiles();
  absl::Status status = files->CreateDirectories(options->directory);
  Totals totals;
  if (status.ok()) {
    Drive drive(*options);
    status = drive.Run();
    totals = drive.totals();
  }
  std::printf(
      "%llu rounds, %llu rows in, %llu messages out (%llu more of undone transactions), %llu jobs "
      "and %llu brokers killed: %s\n",
      static_cast<unsigned long long>(totals.rounds), static_cast<unsigned long long>(totals.rows),
      static_cast<unsigned long long>(totals.messages),
      static_cast<unsigned long long>(totals.undone),
      static_cast<unsigned long long>(totals.jobs_killed),
      static_cast<unsigned long long>(totals.brokers_killed),
      status.ok() ? "nothing lost, nothing repeated" : "FAILED");
  if (status.ok()) return RemoveTree(*files, options->directory).ok() ? 0 : 1;
  std::fprintf(stderr, "kafka: seed %llu: %s\nkafka: all is kept in %s\n",
               static_cast<unsigned long long>(options->seed),
               std::string(status.message()).c_str(), options->directory.c_str());
  return 1;
}

}  // namespace
}  // namespace tidemark::kafka_test

int main(int argc, char** argv) { return tidemark::kafka_test::Main({argv + 1, argv + argc}); }
