#include "harness/target/own_disk.hpp"

#include <fmt/format.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "harness/base/random.hpp"

namespace mccoy::target {
OwnDisk OwnDisk::make(const std::string& folder, std::int64_t bytes) {
  OwnDisk disk;
  struct stat before {};
  if (::geteuid() != 0 || ::stat(folder.c_str(), &before) != 0) {
    disk.why_not_ = "mounting a file system for " + folder + " needs root";
    return disk;
  }
  const std::string source = "mccoy-disk-" + fresh_token(8);
  auto undo = Undo::promise(
      {.what = Undo::What::unmount, .from = source, .to = folder, .because = "a file system for a service"});
  const auto options =
      fmt::format("size={},mode={:o},uid={},gid={}", bytes, before.st_mode & 07777U, before.st_uid, before.st_gid);
  if (!undo.ok())
    disk.why_not_ = undo.error().what;
  else if (::mount(source.c_str(), folder.c_str(), "tmpfs", MS_NOSUID | MS_NODEV, options.c_str()) != 0)
    disk.why_not_ = system_error("cannot mount a file system at " + folder, errno).what;
  if (!disk.why_not_.empty()) return disk;
  disk.source_ = source;
  disk.undo_ = std::move(*undo);
  return disk;
}

OwnDisk::~OwnDisk() {
  if (undo_ && !undo_.fulfil().ok()) undo_.leave_to_guardian();
}
}  // namespace mccoy::target
