// Names of files as a process sees them, and as this machine does: they differ below chroot and in another mount
// namespace.
#pragma once
#include <sys/types.h>

#include <optional>
#include <string>

namespace mccoy::witness {
/// Does the process see the files of this machine under the same names as we do?
bool same_view(pid_t pid);

struct PlacedFile {
  std::string path;         ///< by which we can reach it now
  bool only_there = false;  ///< it has no name here: path begins with /proc/PID/root and ends with the process
};
/// The file that a process with another view names so; the file itself need not exist, its folder must.
///   base  below /proc/PID: "root" for absolute paths, else "cwd" or "fd/N"
std::optional<PlacedFile> place_file(pid_t pid, const std::string& base, const std::string& path);
}  // namespace mccoy::witness
