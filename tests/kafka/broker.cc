#include "tests/kafka/broker.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "tests/kafka/cluster.h"

namespace tidemark::kafka_test {
namespace {

constexpr char kStoreId[] = "MkU3OEVBNTcwNTJENDM2Qg";  // any 22 characters of base64
constexpr Span kStartMax = Span::Seconds(120);

// Free now; on a machine of ours nobody takes it before the broker does.
int FreePort() {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool bound = fd >= 0 && bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0 &&
                     getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  if (fd >= 0) close(fd);
  return bound ? ntohs(address.sin_port) : -1;
}

std::string Properties(const std::string& directory, int port, int controller) {
  return Cat("process.roles=broker,controller\nnode.id=1\n",
             "controller.quorum.voters=1@127.0.0.1:", controller, "\n",
             "listeners=PLAINTEXT://127.0.0.1:", port, ",CONTROLLER://127.0.0.1:", controller, "\n",
             "advertised.listeners=PLAINTEXT://127.0.0.1:", port, "\n",
             "controller.listener.names=CONTROLLER\ninter.broker.listener.name=PLAINTEXT\n",
             "listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT\n",
             "log.dirs=", directory, "/data\nauto.create.topics.enable=false\n",
             "offsets.topic.num.partitions=1\noffsets.topic.replication.factor=1\n",
             "transaction.state.log.num.partitions=1\n",
             "transaction.state.log.replication.factor=1\ntransaction.state.log.min.isr=1\n",
             // A killed node is let in again soon.
             "broker.session.timeout.ms=3000\nbroker.heartbeat.interval.ms=500\n");
}

}  // namespace

std::vector<std::string> DiesWithParent(const std::vector<std::string>& command) {
  std::vector<std::string> words = {"/usr/bin/setpriv", "--pdeathsig", "KILL"};
  words.insert(words.end(), command.begin(), command.end());
  return words;
}

std::vector<std::string> Broker::Command(const std::vector<std::string>& words) const {
  std::vector<std::string> all = {options_.java, "-Xmx512m",
                                  "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-cp",
                                  Cat(options_.jars, "/*")};
  all.insert(all.end(), words.begin(), words.end());
  return DiesWithParent(all);
}

absl::Status Broker::Format() {
  const auto files = NewPosixFiles();
  TM_RETURN_IF_ERROR(files->CreateDirectories(options_.directory));
  const int port = FreePort(), controller = FreePort();
  if (port < 0 || controller < 0) return absl::InternalError("no free port");
  address_ = Cat("127.0.0.1:", port);
  TM_RETURN_IF_ERROR(WriteFileAtomically(*files, JoinPath(options_.directory, "server.properties"),
                                         Properties(options_.directory, port, controller)));
  ChildProcess format(
      Command({"kafka.tools.StorageTool", "format", "-t", kStoreId, "-c", "server.properties"}),
      {.directory = options_.directory});
  const ChildProcess::End end = format.Wait();
  if (end.exit_code == 0) return absl::OkStatus();
  return absl::InternalError(Cat("cannot make a store for Kafka: ", end.out, end.err));
}

absl::Status Broker::Start() {
  child_ = std::make_unique<ChildProcess>(Command({"kafka.Kafka", "server.properties"}),
                                          ChildProcess::Options{.directory = options_.directory});
  const int64_t until_us = MonotonicMicros() + kStartMax.us;
  constexpr int kAnswerMs = 2'000;
  while (!Cluster(address_).Ping(kAnswerMs).ok()) {
    // Signal 0 only asks whether it still runs.
    const bool runs = child_->SignalAfter(Span::Micros(100'000), 0);
    if (runs && MonotonicMicros() < until_us) continue;
    child_->SignalAfter(Span(), SIGKILL);
    const ChildProcess::End end = child_->Wait();
    return absl::InternalError(Cat("Kafka does not start: ", end.out, end.err));
  }
  return absl::OkStatus();
}

void Broker::Kill() {
  child_->SignalAfter(Span(), SIGKILL);
  child_->Wait();
}

}  // namespace tidemark::kafka_test
