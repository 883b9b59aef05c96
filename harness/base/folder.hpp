// An open folder and the names in it. Entries are reached through its descriptor, so that nobody can swap a folder on
// the way for a link.
#pragma once
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <string_view>
#include <vector>

#include "harness/base/error.hpp"
#include "harness/base/owned.hpp"

namespace mccoy {
inline constexpr int kOpenFolder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

struct FolderEntry {
  std::string name;                 ///< never "." or ".."
  unsigned char type = DT_UNKNOWN;  ///< DT_*; unknown when the file system does not tell
};

/// All names in a folder, in no particular order. `fd` stays open and stays the caller's.
inline Result<std::vector<FolderEntry>> read_folder(int fd) {
  UniqueFd own(::openat(fd, ".", kOpenFolder));
  if (!own) return system_error("cannot be listed", errno);
  const Owned<DIR*, nullptr, ::closedir> folder(::fdopendir(own.get()));
  if (!folder) return system_error("cannot be listed", errno);
  own.release();
  std::vector<FolderEntry> entries;
  for (errno = 0; const dirent* entry = ::readdir(folder.get()); errno = 0) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") entries.push_back({std::string(name), entry->d_type});
  }
  if (errno != 0) return system_error("cannot be listed", errno);
  return entries;
}
}  // namespace mccoy
