// Who stands behind who answered: from a service that was asked to the services and programs it asked in turn during
// the trial, as far as that is on this machine. Only conversations in both directions count.
#pragma once
#include <string>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::judge {
/// One service (or program) asking another one.
struct Hop {
  std::string from;                              ///< a service
  std::string to;                                ///< a service; "" when the program is of none that is known
  std::string at;                                ///< the address that was asked
  std::vector<evidence::SeenProcess> processes;  ///< who holds the other end
  std::int64_t bytes_out = 0, bytes_in = 0;
};
/// Nearest first; each service is asked about once.
std::vector<Hop> behind(const evidence::Facts& facts, const std::string& service);
/// ", which asked service api (pid 8 /usr/bin/python3.11), which asked …", to be said behind who answered;
/// "" when nobody was asked.
std::string chain_words(const evidence::Facts& facts, const std::string& service);
/// The service of ours that holds one of these processes as a listener; "" if none does.
std::string service_of(const evidence::Facts& facts, const std::vector<evidence::SeenProcess>& processes);
}  // namespace mccoy::judge
