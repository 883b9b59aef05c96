// Files that processes have open, or mapped, at this moment: what was opened long ago is used without being opened.
#pragma once
#include <sys/types.h>

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/evidence/facts.hpp"

namespace mccoy::witness {
/// Those of the processes whose path is wanted, one entry for each process and file. What we may not look into is left
/// out.
std::vector<evidence::HeldFile> held_files(const std::vector<pid_t>& pids,
                                           const std::function<bool(std::string_view path)>& wanted);
/// Does a process that is not one of these have the file open for writing? Only those that we may look into count.
bool written_by_others(const std::string& path, const std::vector<pid_t>& pids);
}  // namespace mccoy::witness
