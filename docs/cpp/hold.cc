#include <atomic>
#include <csignal>
#include <iostream>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "connectors/file/file_sink.h"
#include "connectors/file/line_file_source.h"
#include "runtime/session.h"
#include "tidemark/tidemark.h"

namespace {

std::atomic<tidemark::JobSession*> running = nullptr;  // for the signal handlers

void Build(tidemark::Flow& flow) {
  flow.From("lines", tidemark::Lines("tides.txt").WithRate(500))
      .To("copy", tidemark::LineFile("out/copy.txt"));
}

absl::Status Run(const std::string& state_directory) {
  tidemark::Flow flow("copy");
  Build(flow);
  TM_ASSIGN_OR_RETURN(tidemark::Plan plan, flow.Compile());
  const auto files = tidemark::NewPosixFiles();
  const tidemark::SystemClock clock;
  std::unique_ptr<tidemark::JobSession> session;
  tidemark::SessionOptions options;
  options.state_directory = state_directory;
  tidemark::SessionEvents events;
  events.warning = [](const std::string& line) { std::cerr << line << "\n"; };
  events.snapshot = [](const tidemark::Snapshot& made) {
    std::cout << "snapshot " << made.path << std::endl;
  };
  events.tick_interval = tidemark::Span::Seconds(1);
  events.tick = [&] {  // on the thread of Run()
    const tidemark::JobStatus status = session->status();
    std::cout << status.items_in << " in, epoch " << status.epoch << std::endl;
  };
  TM_ASSIGN_OR_RETURN(session,
                      tidemark::JobSession::Open(std::move(plan), options,
                                                 {.files = files.get(), .clock = &clock}, events));
  running = session.get();
  const absl::Status end = session->Run();  // until the input ends, an error, or RequestStop()
  running = nullptr;
  return end;
}

}  // namespace

int main() {
  std::signal(SIGTERM, [](int) {
    if (tidemark::JobSession* session = running) session->RequestStop();
  });
  std::signal(SIGUSR1, [](int) {
    if (tidemark::JobSession* session = running) session->RequestSnapshot();
  });
  const absl::Status end = Run("out/copy.state");
  if (!end.ok()) std::cerr << end.message() << "\n";
  return end.ok() ? 0 : 1;
}
