// What the parts of a case cost by themselves. Whole runs are compared with other tools by tests/bench/road.py.
#include <arpa/inet.h>
#include <benchmark/benchmark.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "harness/base/digest.hpp"
#include "harness/base/file.hpp"
#include "harness/base/process.hpp"
#include "harness/evidence/journal.hpp"
#include "harness/suite/suite.hpp"
#include "harness/witness/responder.hpp"
#include "probes/catalogue.hpp"

namespace {
using namespace mccoy;

void run_true(benchmark::State& state) {
  Command command;
  command.argv = {"true"};
  command.env = base_environment();
  for (auto _ : state) benchmark::DoNotOptimize(run_command(command, Deadline::in(std::chrono::seconds(10))));
}
BENCHMARK(run_true)->Unit(benchmark::kMicrosecond)->UseRealTime();

void journal_append(benchmark::State& state) {
  auto folder = std::move(TempDir::make("/tmp", "mccoy-bench-")).value();
  auto journal = std::move(evidence::Journal::create(folder.path() + "/journal.jsonl")).value();
  const Value body = Value::map({{"case", "suite/case"}, {"text", std::string(800, 'x')}});
  const auto durable = state.range(0) != 0 ? evidence::Durable::yes : evidence::Durable::no;
  for (auto _ : state)
    if (!journal.append("trial", body, durable).ok()) state.SkipWithError("the journal cannot be written");
}
BENCHMARK(journal_append)->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond)->UseRealTime();

void read_suite_of(benchmark::State& state) {
  auto folder = std::move(TempDir::make("/tmp", "mccoy-bench-")).value();
  std::string text = "suite: many\ncases:\n";
  for (int i = 0; i < state.range(0); ++i)
    text += "  case-" + std::to_string(i) + ": { exec: [\"true\"], expect: { exit: 0 } }\n";
  const std::string path = folder.path() + "/many.yaml";
  if (!write_atomically(path, text).ok()) state.SkipWithError("no suite");
  for (auto _ : state) benchmark::DoNotOptimize(suite::read_suite(path, probes::kind_schemas(), "2026-01-01"));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}
BENCHMARK(read_suite_of)->Arg(100)->Arg(10000)->Unit(benchmark::kMillisecond);

class Nobody final : public witness::Ownership {
 public:
  witness::Owner owner_of(pid_t) const override { return {}; }
  std::vector<pid_t> likely() const override { return {::getpid()}; }
};

/// A connection of ours to ourselves, among state.range(0) other open sockets.
void who_answered(benchmark::State& state) {
  std::vector<UniqueFd> others;
  for (int i = 0; i < state.range(0); ++i) others.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  auto* any = reinterpret_cast<sockaddr*>(&address);
  const UniqueFd client(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (::bind(listener.get(), any, length) != 0 || ::listen(listener.get(), 1) != 0 ||
      ::getsockname(listener.get(), any, &length) != 0 || ::connect(client.get(), any, length) != 0)
    state.SkipWithError("no connection");
  const UniqueFd server(::accept(listener.get(), nullptr, nullptr));
  for (auto _ : state) benchmark::DoNotOptimize(witness::who_answered(client.get(), Nobody(), 0));
}
BENCHMARK(who_answered)->Arg(10)->Arg(10000)->Unit(benchmark::kMicrosecond);
}  // namespace

int main(int argc, char** argv) {
  if (!start_guardian().ok()) return 1;
  benchmark::Initialize(&argc, argv);
  benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return 0;
}
