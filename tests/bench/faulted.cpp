// Runs a command as a service is watched, with a filter that also shows the calls which faults may answer.
//   faulted CALLS COMMAND…    CALLS: "-" unwatched; "" watched only; "fsync,write" shown as well
// Prints the wall time of the command in seconds. Used by tests/bench/faults.py.
#include <cstdio>

#include "harness/base/process.hpp"
#include "harness/base/text.hpp"
#include "harness/witness/call_faults.hpp"
#include "harness/witness/service_witness.hpp"

using namespace mccoy;

int main(int argc, char** argv) {
  if (argc < 3 || !start_guardian().ok()) return 2;
  const std::string calls = argv[1];
  Command command{.argv = std::vector<std::string>(argv + 2, argv + argc), .env = own_environment()};
  const auto witness = witness::ServiceWitness::make();
  const auto faults = calls.empty() ? nullptr : std::make_shared<witness::CallFaults>(split(calls, ','));
  if (calls != "-") witness->watch(command, false, faults);
  const auto ran = run_command(command, Deadline::in(std::chrono::minutes(5)));
  witness->end();
  if (!ran.ok() || !ran->ended.exited || ran->ended.code != 0) return 1;
  std::printf("%.6f\n", std::chrono::duration<double>(ran->ended.wall).count());
  return 0;
}
