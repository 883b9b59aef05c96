// The processes of a service that a fault is done to. Chosen within its tree, never by name on the machine, and known
// by pid and start time, so that nobody is hit who only has the number.
#pragma once
#include <string>
#include <vector>

#include "probes/chaos/fault.hpp"

namespace mccoy::chaos {
enum class Choice {
  root,  ///< the process that was started
  one,   ///< one of those that match, by the seed
  all,   ///< all that match
};
/// Those that live now, oldest first.
///   executable  file name of the program they run; "" = any
std::vector<ProcessId> choose_victims(const FaultContext& context, const std::string& executable, Choice choice);
/// How many of these live: they are there, and no zombies.
std::size_t alive(const std::vector<ProcessId>& processes);
/// SIGNAL to the very process; one that has ended is no error.
Status send_signal(const ProcessId& process, int signal);
/// "4711, 4712"
std::string pids_of(const std::vector<ProcessId>& processes);
}  // namespace mccoy::chaos
