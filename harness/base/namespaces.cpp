#include "harness/base/namespaces.hpp"

#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>

#include "harness/base/file.hpp"
#include "harness/base/folder.hpp"

namespace mccoy {
namespace {
/// A handle of the namespace; none: the process has ended.
UniqueFd open_namespace(const ProcessId& process, const char* kind) {
  UniqueFd open(::open(("/proc/" + std::to_string(process.pid) + "/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC));
  return open && identify_process(process.pid) == process ? std::move(open) : UniqueFd();
}

/// The first ENTRY of the folder such that FOLDER/ENTRY`below` is the namespace with this inode.
UniqueFd open_in(const std::string& folder, const std::string& below, std::uint64_t inode) {
  const UniqueFd open(::open(folder.c_str(), kOpenFolder));
  const auto entries = open ? read_folder(open.get()) : Error{};
  if (!entries.ok()) return {};
  for (const auto& entry : *entries) {
    UniqueFd file(::open((folder + "/" + entry.name + below).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat found {};
    struct statfs system {};
    if (file && ::fstat(file.get(), &found) == 0 && found.st_ino == inode && ::fstatfs(file.get(), &system) == 0 &&
        system.f_type == NSFS_MAGIC)
      return file;
  }
  return {};
}

/// Forks; what the child does may not allocate, for other threads may hold the locks of the heap.
///   returns  the child's exit status; 0 is success, else an errno
template <class Work>
int in_child(Work work) {
  const pid_t child = ::fork();
  if (child < 0) return errno;
  if (child == 0) ::_exit(work());
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return errno;
  return WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
}

Error has_ended(const ProcessId& process) {
  return {.what = "process " + std::to_string(process.pid) + " has ended"};
}

template <class Work>
Status in_mounts_of(const ProcessId& process, const std::string& what, Work work) {
  const UniqueFd mounts = open_namespace(process, "mnt");
  if (!mounts) return has_ended(process);
  if (!has_own_namespace(process, "mnt"))
    return Error{.what = "cannot " + what + ": process " + std::to_string(process.pid) + " has no mounts of its own"};
  const int fd = mounts.get();
  const int error = in_child([&] { return ::setns(fd, CLONE_NEWNS) == 0 && work() == 0 ? 0 : errno; });
  return error == 0 ? Status() : system_error("cannot " + what, error);
}
}  // namespace

Status mount_for(const ProcessId& process, const std::string& source, const std::string& point) {
  return in_mounts_of(process, "mount " + source + " over " + point,
                      [&] { return ::mount(source.c_str(), point.c_str(), nullptr, MS_BIND, nullptr); });
}

Status unmount_for(const ProcessId& process, const std::string& point) {
  return in_mounts_of(process, "unmount " + point, [&] { return ::umount2(point.c_str(), MNT_DETACH); });
}

std::uint64_t inode_of_network(const ProcessId& process) {
  struct stat found {};
  const UniqueFd network = open_namespace(process, "net");
  return network && ::fstat(network.get(), &found) == 0 ? found.st_ino : 0;
}

UniqueFd open_network(const ProcessId& process, std::uint64_t inode) {
  UniqueFd network = open_namespace(process, "net");
  if (network || inode == 0) return network;
  if (network = open_in("/run/netns", "", inode); network) return network;
  return open_in("/proc", "/ns/net", inode);
}

Status run_in_network(int network, std::vector<std::string> argv) {
  const std::string program = find_program(argv[0], "/usr/sbin:/sbin:/usr/bin:/bin", "/");
  if (program.empty()) return Error{.what = "there is no " + argv[0]};
  std::vector<char*> words;
  for (auto& word : argv) words.push_back(word.data());
  words.push_back(nullptr);
  const int status = in_child([&] {
    static char* const kEnvironment[] = {nullptr};
    const int null = ::open("/dev/null", O_RDWR);
    for (int standard = 0; standard < 3; ++standard) ::dup2(null, standard);
    if (::setns(network, CLONE_NEWNET) == 0) ::execve(program.c_str(), words.data(), kEnvironment);
    return 127;
  });
  if (status == 0) return {};
  return Error{.what = program + " exited with status " + std::to_string(status)};
}

bool has_own_namespace(const ProcessId& process, const char* kind) {
  struct stat ours {
  }, theirs{};
  const std::string name = std::string("/ns/") + kind;
  return ::stat(("/proc/self" + name).c_str(), &ours) == 0 &&
         ::stat(("/proc/" + std::to_string(process.pid) + name).c_str(), &theirs) == 0 && ours.st_ino != theirs.st_ino;
}
}  // namespace mccoy
