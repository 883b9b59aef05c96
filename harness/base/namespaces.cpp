#include "harness/base/namespaces.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
/// A handle of the namespace; none: the process has ended.
UniqueFd open_namespace(const ProcessId& process, const char* kind) {
  UniqueFd open(::open(("/proc/" + std::to_string(process.pid) + "/ns/" + kind).c_str(), O_RDONLY | O_CLOEXEC));
  return open && identify_process(process.pid) == process ? std::move(open) : UniqueFd();
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

std::string find_network(std::uint64_t inode) {
  const std::string name = "net:[" + std::to_string(inode) + "]";
  std::ifstream lines("/proc/self/mountinfo");  // proc(5): "36 35 0:4 net:[4026532281] /run/netns/NAME …"
  for (std::string line; std::getline(lines, line);)
    if (const auto fields = split(line, ' '); fields.size() > 4 && fields[3] == name) return fields[4];
  for (const auto& process : process_table(false))
    if (inode_of_network(process.id) == inode) return "/proc/" + std::to_string(process.id.pid) + "/ns/net";
  return "";
}

UniqueFd open_network(const ProcessId& process, std::uint64_t inode) {
  UniqueFd network = open_namespace(process, "net");
  if (network || inode == 0) return network;
  const std::string path = find_network(inode);
  return path.empty() ? UniqueFd() : UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
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
