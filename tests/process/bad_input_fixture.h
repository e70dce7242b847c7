// BadInput: the real program in a directory of its own, fed with things that are wrong.
//
// A job reads 200 rows and writes lists of four. Tests spoil its input, its job file, its state or
// its output, look at what the program says, and compare what stands before and after.
#pragma once

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <initializer_list>
#include <string>
#include <vector>

#include "base/status.h"
#include "tests/support/child_process.h"
#include "tests/support/temp_directory.h"

namespace tidemark {

using Words = std::vector<std::string>;

class BadInput : public ::testing::Test {
 protected:
  static constexpr int kFailed = 1;       // the world is wrong
  static constexpr int kUsage = 2;        // the command or the job file is
  static constexpr int kNeedsPerson = 3;  // refused state or input, or damage
  static constexpr int kRows = 200;
  static constexpr char kState[] = "out/job.state";
  static constexpr char kOutput[] = "out/job.jsonl";
  static constexpr char kInput[] = "in.jsonl";
  static constexpr char kJob[] =
      "name: job\n"
      "state: out/job.state\n"
      "source: {file: in.jsonl}\n"
      "steps:\n"
      "  - key_by: k\n"
      "  - batch: {max_items: 4}\n"
      "sink: {file: out/job.jsonl}\n";

  void SetUp() override {
    Write("job.yaml", kJob);
    Write(kInput, Rows(kRows));
  }

  // ---- rows and jobs ----
  // Row n, from 1; as long as any other with as many digits.
  static std::string Row(int n) { return Cat("{\"k\": \"k", n % 3, "\", \"n\": ", n, "}\n"); }
  static std::string Rows(int count) {
    std::string rows;
    for (int n = 1; n <= count; ++n) rows += Row(n);
    return rows;
  }
  // As many bytes as row n, and no JSON from byte 11 on.
  static std::string BadRow(int n) {
    std::string row = Row(n);
    row[row.find(',')] = ';';
    return row;
  }
  static std::string RowsWithBad(int bad) {
    std::string rows = Rows(kRows);
    return rows.replace(rows.find(Row(bad)), Row(bad).size(), BadRow(bad));
  }
  static std::string JobWith(const std::string& from, const std::string& to) {
    std::string job = kJob;
    return job.replace(job.find(from), from.size(), to);
  }

  // ---- the program ----
  static std::string Program() { return RunfilePath("tools/tidemark"); }
  static Words CommandWords(Words words) {
    words.insert(words.begin(), Program());
    return words;
  }
  static Words RunWords(Words flags) {
    flags.insert(flags.begin(), {"run", "job.yaml"});
    return CommandWords(flags);
  }
  ChildProcess::End Wait(const Words& words) {
    return ChildProcess(words, {.directory = dir_.path()}).Wait();
  }
  ChildProcess::End Command(const Words& words) { return Wait(CommandWords(words)); }
  ChildProcess::End Run(const Words& flags = {}) { return Wait(RunWords(flags)); }
  // "$T" in the script is the program.
  static Words ShellWords(const std::string& script) {
    return {"/bin/sh", "-c", Cat("T='", Program(), "'\n", script)};
  }
  ChildProcess::End Shell(const std::string& script) { return Wait(ShellWords(script)); }

  // Stops the job in the middle, with output that is committed and open lists in the state.
  void RunHalfway() {
    ChildProcess job(RunWords({"--rate", "20", "--epoch", "10ms"}), {.directory = dir_.path()});
    WaitUntilCommitted(job);
    ASSERT_TRUE(job.SignalAfter(Span::Micros(0), SIGTERM)) << "the job was too fast";
    const auto end = job.Wait();
    ASSERT_EQ(end.exit_code, 0) << end.err;
  }
  // Until epochs with output have been committed, which also means that signals are handled.
  void WaitUntilCommitted(ChildProcess& job) {
    while (!Exists(kOutput) || Read(kOutput).empty() || Command({"dump", kState}).exit_code != 0) {
      ASSERT_TRUE(job.SignalAfter(Span::Micros(5'000), 0)) << job.Wait().err;
    }
  }
  // What the job gives when nothing disturbs it.
  std::string Undisturbed() {
    Write("undisturbed.jsonl", Rows(kRows));
    Write("undisturbed.yaml", JobWith(kInput, "undisturbed.jsonl"));
    const auto end = Command(
        {"run", "undisturbed.yaml", "--state", "undisturbed.state", "--out", "undisturbed"});
    EXPECT_EQ(end.exit_code, 0) << end.err;
    return Read("undisturbed/job.jsonl");
  }
  void ExpectTheSameCommandFinishes(const Words& flags = {}) {
    const auto end = Run(flags);
    EXPECT_EQ(end.exit_code, 0) << end.err;
    EXPECT_EQ(Read(kOutput), Undisturbed());
  }

  // ---- files ----
  std::string Path(const std::string& name) const { return dir_.Path(name); }
  bool Exists(const std::string& name) { return dir_.files().Stat(Path(name)).ok(); }
  // Replaces the file: it is another one afterwards.
  void Write(const std::string& name, const std::string& bytes) {
    const absl::Status status = WriteFileAtomically(dir_.files(), Path(name), bytes);
    ASSERT_TRUE(status.ok()) << status;
  }
  // Writes over the beginning of the file: it stays the same one.
  void Patch(const std::string& name, const std::string& bytes) {
    const int fd = open(Path(name).c_str(), O_WRONLY | O_CLOEXEC);
    ASSERT_GE(fd, 0) << name;
    EXPECT_EQ(pwrite(fd, bytes.data(), bytes.size(), 0), static_cast<ssize_t>(bytes.size()));
    close(fd);
  }
  std::string Read(const std::string& name) {
    auto bytes = ReadSmallFile(dir_.files(), Path(name));
    EXPECT_TRUE(bytes.ok()) << bytes.status();
    return bytes.value_or("");
  }
  Words Names(const std::string& directory = "") {
    return dir_.files().List(directory.empty() ? dir_.path() : Path(directory)).value_or(Words{});
  }

  // What a refused run must leave alone: every key of the state, the epoch, the snapshots, the
  // output and whose it is.
  struct Standing {
    std::string dump;
    Words snapshots;
    std::string output;
    std::string owner;
    bool operator==(const Standing&) const = default;
  };
  Standing Now() {
    return {.dump = Command({"dump", kState}).out,
            .snapshots = Names("out/job.state/snapshots"),
            .output = Read(kOutput),
            .owner = Read(Cat(kOutput, ".tidemark"))};
  }

  // ---- what the program says ----
  static void ExpectInOrder(const std::string& text, std::initializer_list<const char*> parts) {
    size_t at = 0;
    for (const char* part : parts) {
      const size_t found = text.find(part, at);
      EXPECT_NE(found, std::string::npos) << "no '" << part << "' behind byte " << at << " of\n"
                                          << text;
      if (found != std::string::npos) at = found;
    }
  }
  // One line, which names the program, or of a mistake in the job its place, and then says `parts`,
  // in this order; nothing on stdout.
  static void ExpectRefused(const ChildProcess::End& end, int code,
                            std::initializer_list<const char*> parts) {
    EXPECT_EQ(end.exit_code, code) << "signal " << end.signal << "\n" << end.err;
    EXPECT_EQ(end.out, "");
    const bool has_place = end.err.rfind("job.yaml:", 0) == 0;
    EXPECT_TRUE(has_place || end.err.rfind("tidemark: ", 0) == 0) << end.err;
    EXPECT_EQ(end.err.find('\n'), end.err.size() - 1) << "not exactly one line:\n" << end.err;
    ExpectInOrder(end.err, parts);
  }

  TempDirectory dir_;
};

}  // namespace tidemark
