#include "harness/base/start_order.hpp"

#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <span>

#include "harness/base/fd_passing.hpp"
#include "harness/base/file.hpp"
#include "harness/base/text.hpp"

namespace mccoy {
namespace {
Error not_found(const std::string& name, const std::string& where) {
  return {.what = "program not found: " + visible_line(name, 200),
          .hint = where,
          .cause = std::make_error_code(std::errc::no_such_file_or_directory)};
}

/// A file for `name` as execvp(3) would find it; with links and ".." still in it, for only the kernel resolves them
/// right.
Result<std::string> locate(const std::string& name, const Command& command, const std::string& cwd) {
  if (name.find('/') != std::string::npos) {
    std::string path = name.starts_with('/') ? name : cwd + "/" + name;
    if (::access(path.c_str(), F_OK) != 0 && errno == ENOENT)
      return not_found(name, name.starts_with('/') ? "" : "it was looked for below " + cwd);
    return path;
  }
  const std::string path_variable = get_env(command.env, "PATH");
  std::string path = find_program(name, path_variable, cwd);
  if (path.empty())
    return not_found(name, path_variable.empty() ? "PATH is empty in its environment"
                                                 : "no executable file of that name in PATH: " + path_variable);
  return path;
}

Result<UniqueFd> standard_input(const Command& command) {
  if (command.attached) {
    UniqueFd ours(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3));
    if (!ours) return system_error("cannot hand on the standard input", errno);
    return ours;
  }
  const std::string& input = command.input;
  if (input.empty()) {
    UniqueFd null(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    if (!null) return system_error("cannot open /dev/null", errno);
    return null;
  }
  // A file in memory instead of a pipe: nobody has to keep writing while the command reads.
  const UniqueFd memory(::memfd_create("mccoy-input", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!memory) return system_error("cannot hold the standard input", errno);
  MCCOY_DO(write_all(memory.get(), input));
  ::fcntl(memory.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL);
  UniqueFd reader(::open(("/proc/self/fd/" + std::to_string(memory.get())).c_str(), O_RDONLY | O_CLOEXEC));
  if (!reader) return system_error("cannot hold the standard input", errno);
  return reader;
}

Status open_pipe(UniqueFd& reader, UniqueFd& writer) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("cannot make a pipe", errno);
  reader = UniqueFd(ends[0]);
  writer = UniqueFd(ends[1]);
  ::fcntl(reader.get(), F_SETFL, O_NONBLOCK);
  return {};
}

Result<mode_t> umask_of(const Command& command) {
  mode_t mask = 022;
  if (command.umask.empty()) return mask;
  const char* end = command.umask.data() + command.umask.size();
  const auto [stopped, error] = std::from_chars(command.umask.data(), end, mask, 8);
  if (error != std::errc() || stopped != end || mask > 0777)
    return Error{.what = "not a umask: " + visible_line(command.umask), .hint = "an octal number such as 022"};
  return mask;
}

/// The group a user logs in with; without an account, the group with the same number.
gid_t group_of(uid_t user) {
  passwd account{};
  passwd* found = nullptr;
  std::array<char, 16384> room;
  ::getpwuid_r(user, &account, room.data(), room.size(), &found);
  return found != nullptr ? found->pw_gid : user;
}

std::string current_folder() {
  std::array<char, PATH_MAX> room;
  return ::getcwd(room.data(), room.size()) != nullptr ? room.data() : "/";
}

Result<StartRequest> request_of(const Command& command) {
  MCCOY_TRY(mask, umask_of(command));
  StartRequest request;
  request.argc = static_cast<std::uint32_t>(command.argv.size());
  request.envc = static_cast<std::uint32_t>(command.env.size());
  request.umask = mask;
  request.change_user = command.uid || command.gid;
  request.uid = command.uid.value_or(::geteuid());
  if (request.change_user) request.gid = command.gid ? *command.gid : group_of(request.uid);
  request.want_cgroup = command.want_cgroup;
  request.no_network = command.no_network;
  request.private_mounts = command.private_mounts;
  request.filter_bytes = static_cast<std::uint32_t>(command.call_filter.size());
  return request;
}

Result<std::string> payload_of(const Command& command, const std::string& path, const std::string& cwd) {
  std::string payload = command.call_filter;
  auto add = [&](const std::string& text) {
    payload.append(text).push_back('\0');
    return text.find('\0') == std::string::npos;
  };
  bool whole = add(path) && add(cwd);
  for (const std::string& argument : command.argv) whole = add(argument) && whole;
  for (const std::string& entry : command.env) whole = add(entry) && whole;
  if (whole) return payload;
  return Error{.what = "an argument, environment entry or folder of " + visible_line(command.argv[0], 200) +
                       " contains a NUL byte, which no process can be given",
               .cause = std::make_error_code(std::errc::invalid_argument)};
}

constexpr std::array<const char*, 12> kStepNames{"start",
                                                 "fork a keeper for",
                                                 "send the start of",
                                                 "make the cgroup of",
                                                 "make the session of",
                                                 "redirect",
                                                 "cut the network of",
                                                 "give mounts of its own to",
                                                 "watch",
                                                 "change to the user for",
                                                 "change to the folder of",
                                                 "run"};
}  // namespace

Result<StartOrder> prepare_start(const Command& command) {
  if (command.argv.empty()) return Error{.what = "there is no command to run"};
  const std::string& name = command.argv[0];
  const std::string cwd = command.cwd.empty() ? current_folder() : command.cwd;
  MCCOY_TRY(found, locate(name, command, cwd));
  MCCOY_TRY(executable, identify_executable(found));
  StartOrder order;
  order.executable = std::move(executable);
  // A name with a slash is executed as written, so that a script sees the $0 it would see from a shell.
  MCCOY_TRY(payload, payload_of(command, name.find('/') == std::string::npos ? found : name, cwd));
  MCCOY_TRY(request, request_of(command));
  MCCOY_TRY(input, standard_input(command));
  MCCOY_DO(open_pipe(order.out, order.child_out));
  MCCOY_DO(open_pipe(order.err, order.child_err));
  order.child_in = std::move(input);
  order.payload = std::move(payload);
  order.request = request;
  order.request.payload_bytes = order.payload.size();
  order.watcher = command.call_filter.empty() ? -1 : command.watcher;
  return order;
}

Status send_start(int control, StartOrder& order, const std::function<Status()>& wait_for_room) {
  const std::array<int, 4> fds{order.child_in.get(), order.child_out.get(), order.child_err.get(), order.watcher};
  MCCOY_DO(send_packet(control, bytes_of(order.request), std::span(fds).first(order.watcher < 0 ? 3 : 4)));
  order.child_in.reset();
  order.child_out.reset();
  order.child_err.reset();
  for (std::string_view rest = order.payload; !rest.empty();) {
    const std::string_view part = rest.substr(0, kMaxPacketBytes);
    auto sent = send_packet(control, part, {}, MSG_DONTWAIT);
    if (sent.ok())
      rest.remove_prefix(part.size());
    else if (sent.error().cause == std::errc::resource_unavailable_try_again)
      MCCOY_DO(wait_for_room());
    else
      return sent;
  }
  return {};
}

Error start_error(const Command& command, const StartOrder& order, const KeeperReport& report) {
  const auto step = static_cast<std::size_t>(report.step);
  std::string what = std::string("cannot ") + kStepNames.at(step) + " " + order.executable.path;
  if (report.step == StartStep::chdir) what += " (" + visible_line(command.cwd, 500) + ")";
  Error error = system_error(std::move(what), report.error);
  if (report.error == ENOEXEC) error.hint = "it is neither a program of this machine nor a script with a \"#!\" line";
  if (report.error == E2BIG)
    error.hint = "one argument may hold 128 KiB, all arguments and the environment about 2 MiB";
  if (report.error == ENOENT && report.step == StartStep::exec && !order.executable.interpreter.empty())
    error.hint = "its interpreter does not exist: " + order.executable.interpreter;
  if (report.error == EPERM && report.step == StartStep::user) error.hint = "changing the user needs root";
  return error;
}
}  // namespace mccoy
